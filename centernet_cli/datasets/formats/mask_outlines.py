"""Masks as polygons, for formats without masks: outlines along the edges of their pixels, parts joined into one."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

import numpy as np

from centernet_cli.datasets.formats.coco_masks import runs_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from centernet_cli.core.records import Point, Polygon, RunLengths

MOST_ENDS = 1_000_000
"""Ends of runs in all columns of a mask: enough for any page, and the work stays within a second."""
MOST_PARTS = 1_000
"""Of which a polygon is made: more are noise."""


def outlines(mask: RunLengths) -> list[Polygon] | None:
    """Return the outer outlines of a mask's parts, exactly along the edges of its pixels; holes are filled.

    Pixels that touch at a corner alone are of different parts. Nothing is drawn: memory and time follow the runs and
    the columns that they cross.

    Returns:
        Polygons from the top down, each clockwise; None if the mask has too many ends of runs to follow.
    """
    pieces = _pieces(mask)
    if pieces is None:
        return None
    columns, tops, bottoms = pieces
    # Each end of a run is the horizontal side of a pixel: of the corner at its left and of that at its right.
    sides_x, sides_y = np.concatenate((columns, columns)), np.concatenate((tops, bottoms))
    sign = np.repeat(np.array([1, -1], np.int64), len(columns))  # whether what lies below is inside
    keys, place = np.unique(
        np.concatenate((sides_x, sides_x + 1)) * (mask.height + 1) + np.concatenate((sides_y, sides_y)),
        return_inverse=True,
    )
    right, left = np.zeros(len(keys), np.int64), np.zeros(len(keys), np.int64)
    np.add.at(right, place[: len(sign)], sign)
    np.add.at(left, place[len(sign) :], sign)
    x, y = np.divmod(keys, mask.height + 1)
    turns = left != right
    x, y, left, right = x[turns], y[turns], left[turns], right[turns]
    # Where pixels touch at a corner alone, two outlines turn: one comes from the left side, the other from the right.
    double = (left != 0) & (right != 0)
    index = np.repeat(np.arange(len(x)), np.where(double, 2, 1))
    second = np.zeros(len(index), np.bool_)
    second[1:] = index[1:] == index[:-1]
    x, y, below, above_first = x[index], y[index], right[index], (left[index] < 0) != second
    across, down = np.empty(len(x), np.int64), np.empty(len(x), np.int64)
    rows = np.lexsort((second, x, y))
    across[rows[0::2]], across[rows[1::2]] = rows[1::2], rows[0::2]
    pillars = np.lexsort((~above_first, y, x))
    down[pillars[0::2]], down[pillars[1::2]] = pillars[1::2], pillars[0::2]
    return _loops(rows.tolist(), across.tolist(), down.tolist(), (x, y, below))


def _loops(
    rows: list[int],
    across: list[int],
    down: list[int],
    corners: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]],
) -> list[Polygon]:
    """Follow the sides from corner to corner; a loop whose first corner has the inside below it is an outer one."""
    xs, ys, below = (values.tolist() for values in corners)
    seen = bytearray(len(xs))
    found: list[Polygon] = []
    for start in rows:
        if seen[start]:
            continue
        loop: list[Point] = []
        at = start
        while not seen[at]:
            end = across[at]
            seen[at] = seen[end] = 1
            loop += [(float(xs[at]), float(ys[at])), (float(xs[end]), float(ys[end]))]
            at = down[end]
        if below[start] > 0:
            found.append(tuple(loop))
    return found


def _pieces(
    mask: RunLengths,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]] | None:
    """Return column, top and bottom of each run, those over several columns in pieces; nothing if they are too many."""
    height = mask.height
    ends = [0, *accumulate(runs_of(mask.counts))]
    joined: list[list[int]] = []
    for start, end in zip(ends[1::2], ends[2::2], strict=False):
        if start == end:
            continue
        if joined and joined[-1][1] == start:
            joined[-1][1] = end
        else:
            joined.append([start, end])
    spans = np.array(joined, np.int64).reshape(-1, 2)
    first, last = spans[:, 0] // height, (spans[:, 1] - 1) // height
    number = last - first + 1
    if int(number.sum()) * 2 > MOST_ENDS:
        return None
    of = np.repeat(np.arange(len(spans)), number)
    columns = first[of] + np.arange(len(of)) - np.repeat(np.cumsum(number) - number, number)
    tops = np.maximum(spans[of, 0] - columns * height, 0)
    bottoms = np.minimum(spans[of, 1] - columns * height, height)
    return columns, tops, bottoms


def joined(parts: Sequence[Polygon]) -> Polygon | None:
    """Return one polygon that encloses what several do, by ways there and back between them, as YOLO's tools do it.

    Each part hangs at the nearest of its corners, as seen from its first one, and all go round in one direction, so
    that areas add up.

    Returns:
        None if there are too many parts.
    """
    if len(parts) > MOST_PARTS or not parts:
        return None
    ring = _clockwise(parts[0])
    for part in parts[1:]:
        points = _clockwise(part)
        here = int(np.argmin(((ring - points[0]) ** 2).sum(axis=1)))
        there = int(np.argmin(((points - ring[here]) ** 2).sum(axis=1)))
        way = np.concatenate((points[there:], points[: there + 1]))
        ring = np.concatenate((ring[: here + 1], way, ring[here:]))
    return tuple((float(x), float(y)) for x, y in ring)


def _clockwise(polygon: Polygon) -> npt.NDArray[np.float64]:
    """Return the points `(N, 2)` of a polygon, clockwise as seen (y down)."""
    points = np.array(polygon, np.float64)
    x, y = (points - points[0]).T
    return points if float((x * np.roll(y, -1) - np.roll(x, -1) * y).sum()) >= 0 else points[::-1]
