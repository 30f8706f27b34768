"""Classes of ALTO: kinds of blocks, and tags that name what the schema has no kind for."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

LINE, WORD = "text_line", "word"
OURS = "centernet"
HOLDER, CROWD = "holder", "crowd"
"""Labels of tags of ours: of strings and lines that are no annotations, and of annotations for many things."""

_TYPE_LABELS = {"paragraph": "text", "heading": "title"}
_LAYOUT_TAGS = {"LayoutTag", "StructureTag", "OtherTag"}


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag: the name of its element, its type and label."""

    element: str
    type: str
    label: str

    @property
    def is_holder(self) -> bool:
        """Whether what has the tag is no annotation."""
        return self.element == "OtherTag" and self.type == OURS and self.label == HOLDER

    @property
    def is_crowd(self) -> bool:
        """Whether what has the tag stands for many things."""
        return self.element == "OtherTag" and self.type == OURS and self.label == CROWD


def tag_of(element: Any, *, ours: bool) -> Tag:
    """Return what a tag element says.

    Args:
        element: Such as `LayoutTag`.
        ours: Whether we wrote the file: then a label that XML cannot hold is in the description.
    """
    label = element.get("LABEL") or ""
    if ours or element.get("TYPE") == OURS:
        try:
            exact = json.loads(element.get("DESCRIPTION") or "null")
        except (ValueError, RecursionError):
            exact = None
        label = exact if isinstance(exact, str) else label
    return Tag(element.tag.rpartition("}")[2], element.get("TYPE") or "", label)


def tag_label(tags: list[Tag], level: str, *, ours: bool) -> str | None:
    """Return the class that tags name, None if they name none.

    Tags of ours give it as it is; of others, those of layout and structure, those of type `type` (kraken), and those
    that say to be of this level (`region` or `line`).
    """
    for tag in tags:
        if tag.element == "LayoutTag" and (tag.type == OURS or (ours and tag.type == level)):
            return tag.label
    for tag in tags:
        if tag.element in _LAYOUT_TAGS and tag.type in {"", level, "layout", "structure", "type"} and tag.label:
            return _TYPE_LABELS.get(tag.label, tag.label)
    return None


def block_element(label: str) -> tuple[str, str | None, bool]:
    """Return element and `TYPE` of a region's class, and whether it needs a tag to be that class again."""
    if label == "text":
        return "TextBlock", None, False
    if label == "table":
        return "ComposedBlock", "table", False
    if label == "figure":
        return "Illustration", None, False
    if label == "separator":
        return "GraphicalElement", None, False
    return "TextBlock", None, True
