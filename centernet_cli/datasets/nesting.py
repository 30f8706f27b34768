"""Which region a line belongs to, which line a word: by the share of its area inside."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapely.geometry.base import BaseGeometry

    from centernet_cli.core.records import Box, Polygon

LEAST_SHARE = 0.5
_AS_GOOD = 0.1
"""Shares that differ by less are alike: then the smaller box, which is the inner one, is meant."""


def nest(
    inner: Sequence[Box],
    outer: Sequence[Box],
    *,
    outlines: Sequence[Polygon | None] | None = None,
    least: float = LEAST_SHARE,
) -> list[int | None]:
    """Return for each inner box the index of the outer box that it belongs to, None if there is none.

    An inner box belongs to an outer one that covers at least the share `least` of its area: the one that covers most,
    or, of those that cover nearly as much, the smallest; so a line in a caption in a figure belongs to the caption.

    Args:
        inner: Boxes such as lines, in pixels.
        outer: Boxes such as regions, in pixels.
        outlines: Polygon of each outer box, None where it is all of its box; an L-shaped region doesn't hold the
            lines in its notch.
        least: Smallest share, above 0.
    """
    import numpy as np

    if not outer:
        return [None] * len(inner)
    x0, y0, x1, y1 = np.asarray(outer, dtype=np.float64).T
    sizes = (x1 - x0) * (y1 - y0)
    shapes = _shapes(outlines or ())
    if shapes:
        from shapely import box as rectangle

        sizes[list(shapes)] = [shape.area for shape in shapes.values()]
    found: list[int | None] = []
    for left, top, right, bottom in inner:
        area = (right - left) * (bottom - top)
        across = np.minimum(x1, right) - np.maximum(x0, left)
        down = np.minimum(y1, bottom) - np.maximum(y0, top)
        shares = np.maximum(across, 0.0) * np.maximum(down, 0.0) / area if area > 0 else np.zeros_like(sizes)
        for index, shape in shapes.items():
            if shares[index] >= least:
                shares[index] = shape.intersection(rectangle(left, top, right, bottom)).area / area
        most = shares.max()
        if most < least:
            found.append(None)
            continue
        good = np.flatnonzero((shares >= least) & (shares > most - _AS_GOOD))
        found.append(int(good[sizes[good].argmin()]))
    return found


def _shapes(outlines: Sequence[Polygon | None]) -> dict[int, BaseGeometry]:
    """Return the polygons by index, made valid: one that crosses itself has the area that it encloses."""
    drawn = {index: polygon for index, polygon in enumerate(outlines) if polygon is not None}
    if not drawn:
        return {}
    from shapely import Polygon as Shape
    from shapely import make_valid

    return {index: make_valid(Shape(polygon)) for index, polygon in drawn.items()}
