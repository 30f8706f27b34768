"""Plain arithmetic on boxes `(x0, y0, x1, y1)` and polygons, in pixels; no arrays."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from centernet_cli.core.records import Box, Point, Polygon


def xywh_to_xyxy(x: float, y: float, width: float, height: float) -> Box:
    """Return the box with top left corner `(x, y)` and the given size."""
    return (x, y, x + width, y + height)


def xyxy_to_xywh(box: Box) -> tuple[float, float, float, float]:
    """Return left, top, width and height of a box."""
    x0, y0, x1, y1 = box
    return (x0, y0, x1 - x0, y1 - y0)


def points_box(points: Sequence[Point]) -> Box:
    """Return the smallest box around one or more points."""
    xs = [point[0] for point in points]
    ys = [point[1] for point in points]
    return (min(xs), min(ys), max(xs), max(ys))


def circle_box(centre: Point, edge: Point) -> Box:
    """Return the box around the circle given by its centre and a point on it."""
    radius = math.dist(centre, edge)
    return (centre[0] - radius, centre[1] - radius, centre[0] + radius, centre[1] + radius)


def polygon_area(polygon: Polygon) -> float:
    """Return the area inside a polygon that does not cross itself, in square pixels, whatever its direction."""
    x_prev, y_prev = polygon[-1]
    origin_x, origin_y = polygon[0]
    total = 0.0
    for x, y in polygon:
        # Relative to the first point: products of large coordinates would cancel badly.
        total += (x_prev - origin_x) * (y - origin_y) - (x - origin_x) * (y_prev - origin_y)
        x_prev, y_prev = x, y
    return abs(total) / 2


def is_upright_rectangle(points: Sequence[Point]) -> bool:
    """Tell whether four points in order are the corners of a box, at any direction and start."""
    if len(points) != 4:
        return False
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = points
    flat_first = ay == by and bx == cx and cy == dy and dx == ax
    steep_first = ax == bx and by == cy and cx == dx and dy == ay
    return flat_first or steep_first


def box_touches_page(box: Box, width: int, height: int) -> bool:
    """Tell whether any of the box lies on a page of `width` x `height` pixels."""
    return box[0] < width and box[1] < height and box[2] > 0 and box[3] > 0


def box_leaves_page(box: Box, width: int, height: int, tolerance: float = 0.01) -> bool:
    """Tell whether some of the box lies off the page, by more than `tolerance` pixels."""
    x0, y0, x1, y1 = box
    return x0 < -tolerance or y0 < -tolerance or x1 > width + tolerance or y1 > height + tolerance
