"""The shapes of a labelme file, also in X-AnyLabeling's dialect, turned into annotations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from centernet_cli.core.geometry import (
    circle_box,
    is_upright_rectangle,
    points_box,
)
from centernet_cli.core.records import Annotation
from centernet_cli.datasets.formats.coco_masks import mask_box
from centernet_cli.datasets.formats.fields import MAX_COORDINATE, are_numbers
from centernet_cli.datasets.formats.parts import PART
from centernet_cli.datasets.formats.shapes import NO_AREA, TO_BOX, ShapeError, as_score, keep_shape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from centernet_cli.core.records import Box, PageInfo, Point, Polygon
    from centernet_cli.datasets.formats.tally import Tally

_KEYS = {"label", "points", "shape_type", "score", "mask", "flags", "group_id", "description"}
_NO_AREA = {"point", "points", "line", "linestrip"}
_OURS = {"crowd", PART}
_POLYGONS = {"polygon", "rotation", "quadrilateral", "oriented_rectangle"}


class _DropError(ValueError):
    """A well-formed shape has no place in a dataset of boxes: the reason."""


def read_shape(shape: object, info: PageInfo, tally: Tally) -> Annotation | None:
    """Turn one shape into an annotation and count what became of it.

    Rectangles are boxes whatever their corners' order; polygons and rotated rectangles are kept as polygons, masks as
    masks; circles and cuboids are reduced to their box. Points and lines, which enclose nothing, shapes without extent
    and shapes off the page are dropped.

    Raises:
        ShapeError: D002, D008, D012 or D013.
    """
    if not isinstance(shape, dict):
        raise ShapeError("D002", "not an object")
    plain = _plain_rectangle(shape, info, tally)
    if plain is not None:
        return plain
    label, kind = shape.get("label"), shape.get("shape_type") or "polygon"  # the first versions knew only polygons
    if not isinstance(label, str):
        raise ShapeError("D013", "`label` is not a text")
    if not isinstance(kind, str):
        raise ShapeError("D002", "`shape_type` is not a text")
    score = as_score(shape.get("score"))
    flags = _count_ignored(shape, tally)
    crowd = flags.get("crowd") is True
    points = _points(shape.get("points"))
    try:
        box, polygon, reduced = _geometry(kind, points)
    except _DropError as reason:
        tally.dropped(kind, label, str(reason))
        return None
    if kind == "mask":
        # With numpy, which most conversions start faster without.
        from centernet_cli.datasets.formats.labelme_masks import read_mask

        mask = read_mask(shape.get("mask"), box, info)
        box = box if mask is None else mask_box(mask.counts, (mask.height, mask.width)) or box
        reduced = TO_BOX if mask is None else ""
        return keep_shape(kind, label, box, info, tally, mask=mask, reduced=reduced, score=score, crowd=crowd)
    return keep_shape(kind, label, box, info, tally, polygon=polygon, reduced=reduced, score=score, crowd=crowd)


def part_key(shape: object) -> tuple[str, int] | None:
    """Return label and group of a polygon that is flagged as a part of something; None for other shapes."""
    if not isinstance(shape, dict) or shape.get("group_id") is None or shape.get("shape_type") != "polygon":
        return None
    flags, group, label = shape.get("flags"), shape["group_id"], shape.get("label")
    if not (isinstance(flags, dict) and flags.get(PART) is True and type(group) is int and isinstance(label, str)):
        return None
    return label, group


def _plain_rectangle(shape: dict[str, Any], info: PageInfo, tally: Tally) -> Annotation | None:
    """Read a rectangle on its page with nothing unusual about it, as nearly all are; None for any other shape."""
    if shape.get("shape_type") != "rectangle" or not shape.keys() <= _KEYS:
        return None
    if shape.get("score") is not None or shape.get("group_id") is not None:
        return None
    label = shape.get("label")
    if type(label) is not str or shape.get("flags") or shape.get("description"):
        return None
    try:
        (x0, y0), (x1, y1) = shape["points"]
    except (KeyError, TypeError, ValueError):
        return None
    if not (type(x0) is type(y0) is type(x1) is type(y1) is float):
        return None
    if x1 < x0:
        x0, x1 = x1, x0
    if y1 < y0:
        y0, y1 = y1, y0
    if not (0 <= x0 < x1 <= info.width and 0 <= y0 < y1 <= info.height):
        return None
    tally.converted("rectangle", label)
    return Annotation(label=label, box=(x0, y0, x1, y1))


def _count_ignored(shape: dict[str, object], tally: Tally) -> dict[str, object]:
    """Count what has no place in our records, and return the flags."""
    flags = shape.get("flags")
    if shape.get("group_id") is not None and not (isinstance(flags, dict) and flags.get(PART)):
        tally.note("`group_id` of shapes ignored")
    if shape.get("description"):
        tally.note("`description` of shapes ignored")
    if not shape.keys() <= _KEYS:
        for key in shape.keys() - _KEYS:
            if shape[key]:
                tally.note(f"`{key}` of shapes ignored")
    if not flags or not isinstance(flags, dict):
        return {}
    ignored = sum(1 for name, value in flags.items() if value and name not in _OURS)
    if ignored:
        tally.note("flags of shapes ignored", ignored)
    return flags


def _points(value: object) -> list[Point]:
    # In one go, since there are millions of them; what isn't a list or of another length cannot be unpacked.
    try:
        flat = [number for x, y in value for number in (x, y)] if isinstance(value, list) else None
    except (TypeError, ValueError):
        flat = None
    if flat is None or not are_numbers(flat):
        raise ShapeError("D008", "`points` is not a list of pairs of numbers")
    if flat and not (max(flat) <= MAX_COORDINATE and min(flat) >= -MAX_COORDINATE):
        raise ShapeError("D008", f"`points` lie beyond {MAX_COORDINATE:.0e} pixels")
    numbers = list(map(float, flat))
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def _geometry(kind: str, points: Sequence[Point]) -> tuple[Box, Polygon | None, str]:
    """Return box, polygon if the shape is one, and in what way the shape is reduced."""
    if kind in _NO_AREA:
        raise _DropError(NO_AREA)
    if kind == "rectangle":
        if len(points) == 2 or is_upright_rectangle(points):
            return points_box(points), None, ""
        if len(points) != 4:
            raise _DropError("has neither two nor four corners")
        return points_box(points), tuple(points), ""
    if kind in _POLYGONS:
        if len(points) < 3:
            raise _DropError("has fewer than three points")
        return points_box(points), tuple(points), ""
    if kind == "circle":
        if len(points) != 2:
            raise _DropError("is not a centre and a point on the circle")
        return circle_box(*points), None, TO_BOX
    if kind in {"mask", "cuboid"}:
        if len(points) < 2:
            raise _DropError("has fewer than two points")
        x0, y0, x1, y1 = points_box(points)
        if kind == "mask":  # its points are its first and its last pixel
            x1, y1 = x1 + 1, y1 + 1
        return (x0, y0, x1, y1), None, TO_BOX
    raise _DropError("is of an unknown type")
