"""Outlines that formats describe by other means than points, and outlines made to fit into formats."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from centernet_cli.core.geometry import points_box, polygon_area

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from centernet_cli.core.records import Box, Point, Polygon


def corners(box: Box) -> Polygon:
    """Return the corners of a box, clockwise from the top left."""
    x0, y0, x1, y1 = box
    return ((x0, y0), (x1, y0), (x1, y1), (x0, y1))


def rotated(points: Iterable[Point], centre: Point, degrees: float) -> Polygon:
    """Return points turned clockwise (as seen, y down) around a centre."""
    angle = math.radians(degrees)
    cos, sin = math.cos(angle), math.sin(angle)
    cx, cy = centre
    return tuple((cx + (x - cx) * cos - (y - cy) * sin, cy + (x - cx) * sin + (y - cy) * cos) for x, y in points)


def ellipse_box(centre: Point, radii: Point, degrees: float = 0.0) -> Box:
    """Return the box around an ellipse with half axes `radii`, turned clockwise."""
    angle = math.radians(degrees)
    rx, ry = radii
    dx = math.hypot(rx * math.cos(angle), ry * math.sin(angle))
    dy = math.hypot(rx * math.sin(angle), ry * math.cos(angle))
    return (centre[0] - dx, centre[1] - dy, centre[0] + dx, centre[1] + dy)


def cut_box(box: Box, width: int, height: int) -> Box:
    """Return the part of a box that is on its page."""
    x0, y0, x1, y1 = box
    return (max(x0, 0.0), max(y0, 0.0), min(x1, float(width)), min(y1, float(height)))


def cut_polygon(polygon: Polygon, width: int, height: int) -> Polygon:
    """Return the part of a polygon that is on its page; empty if there is none (Sutherland and Hodgman, 1974).

    Parts of a concave polygon stay connected along the edge of the page.
    """
    points = list(polygon)
    for axis, limit, sign in ((0, 0.0, 1), (0, float(width), -1), (1, 0.0, 1), (1, float(height), -1)):
        points = _cut(points, axis, limit, sign)
    return tuple(points)


def _cut(points: list[Point], axis: int, limit: float, sign: int) -> list[Point]:
    """Keep what lies on the side of a line along the other axis where coordinates grow (`sign` 1) or shrink (-1)."""
    kept: list[Point] = []
    for before, point in zip(points[-1:] + points[:-1], points, strict=True):
        inside, was_inside = (point[axis] - limit) * sign >= 0, (before[axis] - limit) * sign >= 0
        if inside != was_inside:
            share = (limit - before[axis]) / (point[axis] - before[axis])
            other = before[1 - axis] + share * (point[1 - axis] - before[1 - axis])
            kept.append((limit, other) if axis == 0 else (other, limit))
        if inside:
            kept.append(point)
    return kept


def rectangle_around(polygon: Polygon) -> Polygon:
    """Return the smallest rectangle, at any angle, around a polygon: four points, clockwise.

    One of its sides lies on a side of the convex hull (Freeman and Shapira, 1975). For points in a line, the
    upright box.
    """
    hull = _hull(polygon)
    best, least = corners(points_box(polygon)), math.inf
    for (x0, y0), (x1, y1) in zip(hull, hull[1:] + hull[:1], strict=True):
        length = math.hypot(x1 - x0, y1 - y0)
        if not length:
            continue
        ux, uy = (x1 - x0) / length, (y1 - y0) / length
        along = [(x - x0) * ux + (y - y0) * uy for x, y in hull]
        across = [(y - y0) * ux - (x - x0) * uy for x, y in hull]
        area = (max(along) - min(along)) * (max(across) - min(across))
        if area < least:
            least = area
            found = (
                (min(along), min(across)),
                (max(along), min(across)),
                (max(along), max(across)),
                (min(along), max(across)),
            )
            best = tuple((x0 + a * ux - b * uy, y0 + a * uy + b * ux) for a, b in found)
    return best if polygon_area(best) > 0 else corners(points_box(polygon))


def _hull(points: Sequence[Point]) -> list[Point]:
    """Return the convex hull, in order (Andrew's monotone chain, 1979)."""
    ordered = sorted(set(points))
    if len(ordered) < 3:
        return ordered
    halves = []
    for sequence in (ordered, ordered[::-1]):
        half: list[Point] = []
        for point in sequence:
            while len(half) > 1 and _turn(half[-2], half[-1], point) <= 0:
                half.pop()
            half.append(point)
        halves += half[:-1]
    return halves


def _turn(a: Point, b: Point, c: Point) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
