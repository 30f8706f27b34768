"""The shapes of a labelme file, also in X-AnyLabeling's dialect, turned into annotations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from centernet_cli.core.geometry import (
    box_leaves_page,
    box_touches_page,
    circle_box,
    is_upright_rectangle,
    points_box,
)
from centernet_cli.core.records import Annotation
from centernet_cli.datasets.formats.fields import MAX_COORDINATE, are_numbers, is_number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from centernet_cli.core.records import Box, PageInfo, Point, Polygon
    from centernet_cli.datasets.formats.tally import Tally

_KEYS = {"label", "points", "shape_type", "score", "mask", "flags", "group_id", "description"}
_NO_AREA = {"point", "points", "line", "linestrip"}
_POLYGONS = {"polygon", "rotation", "quadrilateral"}
_TO_BOX = "to its box"


class ShapeError(ValueError):
    """A shape is malformed: code and message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class _DropError(ValueError):
    """A well-formed shape has no place in a dataset of boxes: the reason."""


def read_shape(shape: object, info: PageInfo, tally: Tally) -> Annotation | None:
    """Turn one shape into an annotation and count what became of it.

    Rectangles are boxes whatever their corners' order; polygons and rotated rectangles are kept as polygons; circles,
    masks and cuboids are reduced to their box. Points and lines, which enclose nothing, shapes without extent and
    shapes off the page are dropped.

    Raises:
        ShapeError: D002, D008, D012 or D013.
    """
    if not isinstance(shape, dict):
        raise ShapeError("D002", "not an object")
    label, kind = shape.get("label"), shape.get("shape_type") or "polygon"  # the first versions knew only polygons
    if not isinstance(label, str):
        raise ShapeError("D013", "`label` is not a text")
    if not isinstance(kind, str):
        raise ShapeError("D002", "`shape_type` is not a text")
    score = shape.get("score")
    if score is not None and not (is_number(score) and 0 <= score <= 1):
        raise ShapeError("D012", f"`score` {score!r:.40} is not a number from 0 to 1")
    flags = _count_ignored(shape, tally)
    points = _points(shape.get("points"))
    try:
        box, polygon, reduced = _geometry(kind, points)
        _check_box(box, info)
    except _DropError as reason:
        tally.dropped(kind, label, str(reason))
        return None
    if reduced:
        tally.reduced(kind, label, reduced)
    else:
        tally.converted(kind, label)
    if box_leaves_page(box, info.width, info.height):
        tally.note("boxes reach outside their page, kept as they are")
    crowd = flags.get("crowd") is True
    return Annotation(label=label, box=box, polygon=polygon, score=None if score is None else float(score), crowd=crowd)


def _check_box(box: Box, info: PageInfo) -> None:
    if not (box[0] < box[2] and box[1] < box[3]):
        raise _DropError("has no extent")
    if not box_touches_page(box, info.width, info.height):
        raise _DropError("lies outside its page")


def _count_ignored(shape: dict[str, object], tally: Tally) -> dict[str, object]:
    """Count what has no place in our records, and return the flags."""
    if shape.get("group_id") is not None:
        tally.note("`group_id` of shapes ignored")
    if shape.get("description"):
        tally.note("`description` of shapes ignored")
    for key in shape.keys() - _KEYS:
        if shape[key]:
            tally.note(f"`{key}` of shapes ignored")
    flags = shape.get("flags")
    if not isinstance(flags, dict):
        return {}
    ignored = sum(1 for name, value in flags.items() if value and name != "crowd")
    if ignored:
        tally.note("flags of shapes ignored", ignored)
    return flags


def _points(value: object) -> list[Point]:
    if not isinstance(value, list) or not all(are_numbers(point) and len(point) == 2 for point in value):
        raise ShapeError("D008", "`points` is not a list of pairs of numbers")
    points = [(float(x), float(y)) for x, y in value]
    if any(abs(x) > MAX_COORDINATE or abs(y) > MAX_COORDINATE for x, y in points):
        raise ShapeError("D008", f"`points` lie beyond {MAX_COORDINATE:.0e} pixels")
    return points


def _geometry(kind: str, points: Sequence[Point]) -> tuple[Box, Polygon | None, str]:
    """Return box, polygon if the shape is one, and in what way the shape is reduced."""
    if kind in _NO_AREA:
        raise _DropError("encloses no area")
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
        return circle_box(*points), None, _TO_BOX
    if kind in {"mask", "cuboid"}:
        if len(points) < 2:
            raise _DropError("has fewer than two points")
        return points_box(points), None, _TO_BOX
    raise _DropError("is of an unknown type")
