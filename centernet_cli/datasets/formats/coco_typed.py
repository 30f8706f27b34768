"""The usual COCO file, parsed into objects of known fields: much faster than dictionaries are made and checked.

A file that isn't like that, because something is wrong with it or annotations have keys of other programs, is read the
general way.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, UnsetType

from centernet_cli.core.strict_json import count_keys, parse_as


class TypedAnnotation(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """An annotation; what it doesn't have is `UNSET`."""

    image_id: int
    category_id: int
    id: int | UnsetType = UNSET
    bbox: tuple[float, float, float, float] | UnsetType = UNSET
    area: float | UnsetType | None = UNSET
    iscrowd: int | UnsetType = UNSET
    segmentation: list[list[float]] | dict[str, Any] | UnsetType | None = UNSET
    score: Annotated[float, msgspec.Meta(ge=0, le=1)] | UnsetType | None = UNSET
    parent_id: int | UnsetType | None = UNSET
    """Of the region that holds a line; follows from the boxes."""


class _File(msgspec.Struct, forbid_unknown_fields=True):
    images: list[Any]
    annotations: list[TypedAnnotation]
    categories: list[Any]
    info: Any = UNSET
    failures: list[Any] | UnsetType = UNSET
    licenses: Any = UNSET
    type: Any = UNSET


_decoder = msgspec.json.Decoder(_File)


def parse_typed(data: bytes) -> dict[str, Any] | None:
    """Parse a COCO file strictly.

    Returns:
        What its outermost object holds, `annotations` as objects; None if the file isn't of the usual kind.
    """
    file = parse_as(data, _decoder, _count_keys)
    return None if file is None else _set_fields(file)


def as_dict(annotation: TypedAnnotation) -> dict[str, Any]:
    """Return an annotation as the JSON object that it was, but for whole numbers among its coordinates."""
    item = _set_fields(annotation)
    if "bbox" in item:
        item["bbox"] = list(item["bbox"])
    return item


def _set_fields(struct: msgspec.Struct) -> dict[str, Any]:
    values = ((name, getattr(struct, name)) for name in struct.__struct_fields__)
    return {name: value for name, value in values if value is not UNSET}


def _count_keys(file: _File) -> int:
    """Return how many keys all objects of a file have together; -1 if it is nested too deeply."""
    annotations = file.annotations
    # Nearly all annotations have all keys but the score, and no outline.
    keys = 7 * len(annotations) + sum(annotation.score is not UNSET for annotation in annotations)
    masks: list[object] = []
    for annotation in annotations:
        if (
            annotation.segmentation is UNSET
            or annotation.iscrowd is UNSET
            or annotation.area is UNSET
            or annotation.id is UNSET
            or annotation.bbox is UNSET
        ):
            keys -= _missing(annotation)
        if type(annotation.segmentation) is dict:
            masks.append(annotation.segmentation)
    rest = count_keys([file.info, file.images, file.categories, file.failures, file.licenses, file.type, masks])
    return -1 if rest < 0 else keys + len(_set_fields(file)) + rest


def _missing(annotation: TypedAnnotation) -> int:
    """Return how many of the keys that annotations have aren't there, not counting the score."""
    return sum(getattr(annotation, name) is UNSET for name in annotation.__struct_fields__ if name != "score")
