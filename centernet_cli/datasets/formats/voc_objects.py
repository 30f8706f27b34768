"""The objects of Pascal VOC files: boxes, polygons, turned boxes and masks, and which pixel is the first one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from centernet_cli.core.geometry import is_upright_rectangle, points_box
from centernet_cli.datasets.formats.outlines import rotated
from centernet_cli.datasets.formats.safe_xml import local_name
from centernet_cli.datasets.formats.shapes import DELETED, TO_BOX, ShapeError, keep_shape, numbers, text_score
from centernet_cli.datasets.formats.xml_write import xml_label

if TYPE_CHECKING:
    from collections.abc import Iterable

    from centernet_cli.core.records import Annotation, Box, PageInfo, Polygon
    from centernet_cli.datasets.formats.tally import Tally

Origin = Literal[0, 1]
"""What the first pixel of a row or column is called. From 1 both ends of a box are inside, from 0 its end is not."""
_KNOWN = {
    *("name", "bndbox", "robndbox", "difficult", "truncated", "occluded", "pose", "score", "crowd", "polygon"),
    # Of the online LabelMe.
    *("deleted", "verified", "id", "date", "type", "parts", "segm"),
}
_FLAGS = ("difficult", "truncated", "occluded")
_UNSET = {"", "0", "no", "false", "unspecified"}
_SIDES = ("xmin", "ymin", "xmax", "ymax")


@dataclass(frozen=True, slots=True)
class VocObject:
    """An object as its file has it, which pixel is the first being unknown.

    Attributes:
        kind: `bndbox`, `polygon`, `robndbox` or `mask`.
        label: Its class.
        sides: Left, top, right, bottom, if it has a box.
        outline: Its corners, if it has any.
        score: 0 to 1.
        crowd: Whether it stands for many things.
        is_deleted: Whether somebody took it away.
        line: Where it is in its file.
    """

    kind: str
    label: str
    sides: Box | None
    outline: Polygon | None
    score: float | None
    crowd: bool
    is_deleted: bool
    line: int | None


def read_object(item: Any, tally: Tally) -> VocObject:
    """Read an `object`, and note what is ignored.

    Raises:
        ShapeError: D008, D012 or D013.
    """
    name = item.find("name")
    if name is None:
        raise ShapeError("D013", "an object without `name`")
    label = xml_label(name.text or "")
    for flag in _FLAGS:
        if child_text(item, flag).lower() not in _UNSET:
            tally.note(f"objects marked `{flag}`, kept like others")
    for child in item.iterchildren():
        if (key := local_name(child)) not in _KNOWN and (len(child) or (child.text or "").strip()):
            tally.note(f"`{key}` of objects ignored")
    kind, sides, outline = _geometry(item, label)
    return VocObject(
        kind=kind,
        label=label,
        sides=sides,
        outline=outline,
        score=text_score(child_text(item, "score")),
        crowd=child_text(item, "crowd") == "1",
        is_deleted=child_text(item, "deleted") == "1",
        line=item.sourceline,
    )


def child_text(element: Any, name: str) -> str:
    """Return the text of a child element; empty if there is none."""
    found = element.find(name)
    return (found.text or "").strip() if found is not None else ""


def _geometry(item: Any, label: str) -> tuple[str, Box | None, Polygon | None]:
    """Return kind, sides and corners of an object."""
    turned = item.find("robndbox")
    if turned is not None:
        return "robndbox", None, _turned(turned)
    masked = item.find("segm")
    box = item.find("bndbox") if masked is None else masked.find("box")
    outline = _outline(item)
    sides: Box | None = None
    if box is not None:
        x0, y0, x1, y1 = numbers([child_text(box, side) for side in _SIDES])
        sides = (x0, y0, x1, y1)
    elif outline is None:
        raise ShapeError("D008", f"object {label!r:.80} without `bndbox`")
    kind = "mask" if masked is not None else "bndbox" if outline is None else "polygon"
    return kind, sides, outline


def _outline(item: Any) -> Polygon | None:
    """Return the polygon of an object, as LabelMe (`pt` with `x`, `y`) or Roboflow (`x1`, `y1`, `x2`, …) write it."""
    drawn = item.find("polygon")
    if drawn is None:
        return None
    if drawn.find("pt") is not None:
        texts = [child_text(point, axis) for point in drawn.iterchildren("pt") for axis in ("x", "y")]
    else:
        texts = []
        while (x := child_text(drawn, f"x{len(texts) // 2 + 1}")) and (
            y := child_text(drawn, f"y{len(texts) // 2 + 1}")
        ):
            texts += [x, y]
    values = numbers(texts)
    if len(values) < 6:
        return None
    return tuple(zip(values[::2], values[1::2], strict=True))


def _turned(element: Any) -> Polygon:
    """Return the corners of a box given by centre, size and angle in radians."""
    cx, cy, w, h, angle = numbers([child_text(element, key) for key in ("cx", "cy", "w", "h", "angle")])
    corners = ((cx - w / 2, cy - h / 2), (cx + w / 2, cy - h / 2), (cx + w / 2, cy + h / 2), (cx - w / 2, cy + h / 2))
    return rotated(corners, (cx, cy), math.degrees(angle))


def guess_origin(objects: Iterable[VocObject]) -> tuple[Origin, str]:
    """Return which pixel is the first one in a dataset, and why if it isn't 1, as VOC has it.

    Where boxes begin at 0 at least as often as at 1, they are counted from 0: shapes at the edge of their page are
    common, those one pixel off it are not. So are those of which most have fractions, which numbers of pixels have
    not, and datasets without a single box: the polygons of the online LabelMe are points.
    """
    at_0 = at_1 = total = boxed = broken = 0
    for each in objects:
        if each.kind == "robndbox":
            continue
        boxed += each.sides is not None and each.kind != "mask"
        values = _starts(each)
        at_0 += values.count(0)
        at_1 += values.count(1)
        total += 1
        broken += any(not value.is_integer() for value in values)
    if at_0 and at_0 >= at_1:
        return 0, "boxes begin at 0: all coordinates are taken to count from 0 (format voc_from_1: from 1)"
    if broken * 2 > total:
        return 0, "most coordinates have fractions: all are taken to count from 0 (format voc_from_1: from 1)"
    return (1 if boxed else 0), ""


def _starts(item: VocObject) -> list[float]:
    """Return the coordinates of an object that can be of the first pixel."""
    starts = [] if item.sides is None else list(item.sides[:2])
    return starts + [value for point in item.outline or () for value in point]


def place_object(item: VocObject, origin: Origin, info: PageInfo, tally: Tally) -> Annotation | None:
    """Turn an object into an annotation and count what became of it.

    Args:
        item: The object.
        origin: Its first pixel.
        info: The page.
        tally: The account.

    Raises:
        ShapeError: D008.
    """
    if item.is_deleted:
        tally.dropped(item.kind, item.label, DELETED)
        return None
    kind, outline = item.kind, item.outline
    if outline is not None and origin and kind != "robndbox":
        outline = tuple((x - 1, y - 1) for x, y in outline)
    if item.sides is not None:
        x0, y0, x1, y1 = item.sides
        around = (_start(x0, origin), _start(y0, origin), x1, y1)
        if origin and 0 in {x0, y0}:
            tally.note("boxes that begin at pixel 0, where others count from 1, begin at the edge of the page")
    else:
        around = points_box(outline or ())
        if kind == "polygon" and is_upright_rectangle(outline or ()):
            kind, outline = "box", None
    reduced = TO_BOX if kind == "mask" else ""
    return keep_shape(
        kind,
        item.label,
        around,
        info,
        tally,
        polygon=outline,
        reduced=reduced,
        score=item.score,
        crowd=item.crowd,
    )


def _start(value: float, origin: Origin) -> float:
    """Return where a pixel begins."""
    return value - 1 if origin and value else value
