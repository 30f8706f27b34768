"""Regions, lines and words as the page formats (PAGE XML, ALTO, hOCR) have them, and where they are."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from centernet_cli.core.geometry import is_upright_rectangle, points_box
from centernet_cli.datasets.formats.shapes import ShapeError, numbers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from centernet_cli.core.records import Box, PageInfo, Point, Polygon

Level = Literal["region", "line", "word"]
LEVELS = ("auto", "line", "region", "word", "all")
"""What can be read: lines, or regions if there are no lines; one level; or all three."""
BASELINES, GLYPHS = "baselines ignored", "single characters ignored"
"""Notes of what the formats have below words, and beside lines."""


@dataclass(frozen=True, slots=True)
class Geometry:
    """A box with the polygon that it surrounds; or why there is none.

    Attributes:
        box: In pixels; None if there is none.
        polygon: None for boxes.
        reduced: In what way the box is less than what the file has.
        dropped: Why there is none.
        fault: What is wrong, as code and message.
    """

    box: Box | None = None
    polygon: Polygon | None = None
    reduced: str = ""
    dropped: str = ""
    fault: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A region, line or word as a file has it; which levels are read is known only when all files are.

    Attributes:
        level: Region, line or word.
        kind: Name of the element.
        label: Class.
        geometry: Where it is.
        score: 0 to 1, as text.
        crowd: Whether it stands for many things.
        line: Line of the file, 0 if unknown.
    """

    level: Level
    kind: str
    label: str
    geometry: Geometry
    score: str | None = None
    crowd: bool = False
    line: int = 0


@dataclass(slots=True)
class Sheet:
    """A page as a file has it."""

    info: PageInfo
    group: str | None = None
    parts: list[Part] = field(default_factory=list)


def outline(points: Sequence[Point]) -> Geometry:
    """Return what points enclose: a box if they are its corners, else a polygon."""
    points = open_ring(points)
    if len(points) < 3:
        return Geometry(dropped="has fewer than three points")
    polygon = None if is_upright_rectangle(points) else tuple(points)
    return Geometry(points_box(points), polygon)


def open_ring(points: Sequence[Point]) -> Sequence[Point]:
    """Return points without the last one if it repeats the first, as some programs close their polygons."""
    return points[:-1] if len(points) > 3 and points[0] == points[-1] else points


def read_points(texts: Sequence[str], what: str) -> list[Point]:
    """Return points of texts x, y, x, y, ….

    Raises:
        ShapeError: D020, not pairs of numbers.
    """
    if len(texts) % 2:
        raise ShapeError("D020", f"{what} is not a list of pairs of numbers")
    try:
        values = numbers(list(texts))
    except ShapeError as error:
        raise ShapeError("D020", f"{what}: {error}") from error
    return list(zip(values[::2], values[1::2], strict=True))


def scaled(geometry: Geometry, scale: tuple[float, float]) -> Geometry:
    """Return a geometry in another unit of length along x and y."""
    sx, sy = scale
    box, polygon = geometry.box, geometry.polygon
    return replace(
        geometry,
        box=None if box is None else (box[0] * sx, box[1] * sy, box[2] * sx, box[3] * sy),
        polygon=None if polygon is None else tuple((x * sx, y * sy) for x, y in polygon),
    )


def combined(box: Box | None, drawn: Geometry) -> Geometry:
    """Return a box stated beside an outline, with that outline if it is more than the box."""
    if drawn.box is None:
        return Geometry(box, dropped="" if box else drawn.dropped or "has no position")
    if box is None:
        return drawn
    polygon = drawn.polygon
    if polygon is not None and is_upright_rectangle(polygon) and points_box(polygon) == box:
        polygon = None
    return Geometry(box, polygon, drawn.reduced)
