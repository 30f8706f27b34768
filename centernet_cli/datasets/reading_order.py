"""The order in which a reader takes boxes on a page: columns, and headings across them.

A recursive cut along white space, as in the XY-cut (Nagy and Seth, 1984), with four changes:

- Between aligned paragraphs of two columns there is white space across the page too, so strips that share the gap
  between their columns are joined before the columns are read one by one.
- Boxes of a detector are loose, and those of skewed scans overlap. So white space may be crossed by the margins of
  boxes: each box counts as its middle part only, as little smaller as is needed to find a cut.
- A line that reaches a little over the gap must not cut a column in two: columns are looked for with more tolerance
  than strips. A heading across columns still stands across them when its ends are cut off.
- A box inside another one, such as a caption in a figure, is read right after it.

Good for columns, headings and figures across, and rows of loose boxes; no claim is made on newspapers whose articles
interlock; for tables there is `row_order`. Scripts that run from right to left are read in the mirror.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from centernet_cli.core.records import Box

_COLUMNS, _STRIPS = 0, 1
_TRIED = (
    (_COLUMNS, 0.02),
    (_COLUMNS, 0.1),
    (_STRIPS, 0.1),
    (_COLUMNS, 0.2),
    (_STRIPS, 0.2),
    (_COLUMNS, 0.35),
    (_STRIPS, 0.35),
)
"""Cuts in the order in which they are tried, and the share of its size that each box is smaller on each side.

Strips begin with a tenth: with less, the first lines of columns would stay with a heading whose box touches them.
"""
INSIDE = 0.9
"""Share of its area that a box has in another one if it is inside."""
_MAX_DEPTH = 50
"""A page has a few levels of columns and strips; what is still uncut then is no layout."""


def reading_order(boxes: Sequence[Box], *, right_to_left: bool = False) -> list[int]:
    """Return the indices of boxes in reading order; the same boxes in any order are read alike.

    Args:
        boxes: `(x0, y0, x1, y1)` in pixels, y down.
        right_to_left: As columns and words of Arabic and Hebrew run, and upright lines of Japanese.
    """
    if right_to_left:
        boxes = _mirrored(boxes)
    inside: dict[int | None, list[int]] = {}
    for index, holder in enumerate(_holders(boxes)):
        inside.setdefault(holder, []).append(index)
    order: list[int] = []
    waiting = _ordered(boxes, inside.get(None, []))[::-1]
    while waiting:
        index = waiting.pop()
        order.append(index)
        waiting += _ordered(boxes, inside.get(index, []))[::-1]
    return order


def row_order(boxes: Sequence[Box], *, right_to_left: bool = False) -> list[int]:
    """Return the indices of boxes in the order of rows, as cells of tables are read.

    Args:
        boxes: `(x0, y0, x1, y1)` in pixels, y down.
        right_to_left: Which way rows run.
    """
    if right_to_left:
        boxes = _mirrored(boxes)
    return _by_rows(boxes, list(range(len(boxes))))


def _mirrored(boxes: Sequence[Box]) -> list[Box]:
    return [(-x1, y0, -x0, y1) for x0, y0, x1, y1 in boxes]


def _holders(boxes: Sequence[Box]) -> list[int | None]:
    """Return for each box the smallest larger one that it is inside of, None for most."""
    if len(boxes) < 2:
        return [None] * len(boxes)
    import numpy as np

    x0, y0, x1, y1 = np.asarray(boxes, dtype=np.float64).T
    areas = (x1 - x0) * (y1 - y0)
    holders: list[int | None] = []
    for left, top, right, bottom, area in zip(x0, y0, x1, y1, areas, strict=True):
        across = np.minimum(x1, right) - np.maximum(x0, left)
        down = np.minimum(y1, bottom) - np.maximum(y0, top)
        held = np.maximum(across, 0.0) * np.maximum(down, 0.0) >= INSIDE * area
        found = np.flatnonzero(held & (areas > area))
        holders.append(min(found.tolist(), key=lambda index: (areas[index], boxes[index])) if len(found) else None)
    return holders


def _ordered(boxes: Sequence[Box], group: list[int]) -> list[int]:
    return [index for part in _cut(boxes, group, 0) for index in part]


def _cut(boxes: Sequence[Box], group: list[int], depth: int) -> Iterator[list[int]]:
    """Yield parts of a group in reading order."""
    if len(group) < 2:
        yield group
        return
    for axis, share in _TRIED if depth < _MAX_DEPTH else ():
        shrunk = {index: _shrink(boxes[index], share) for index in group}
        parts = _split(shrunk, group, axis)
        if axis == _STRIPS:
            parts = _join(shrunk, parts)
        if len(parts) > 1:
            for part in parts:
                yield from _cut(boxes, part, depth + 1)
            return
    yield _by_rows(boxes, group)


def _shrink(box: Box, share: float) -> Box:
    x0, y0, x1, y1 = box
    dx, dy = (x1 - x0) * share, (y1 - y0) * share
    return (x0 + dx, y0 + dy, x1 - dx, y1 - dy)


def _split(boxes: dict[int, Box], group: list[int], axis: int) -> list[list[int]]:
    """Split a group where no box is, into columns or strips, in order."""
    parts: list[list[int]] = []
    reach = float("-inf")
    for index in sorted(group, key=lambda index: (boxes[index][axis], boxes[index])):
        if boxes[index][axis] >= reach:
            parts.append([])
        parts[-1].append(index)
        reach = max(reach, boxes[index][axis + 2])
    return parts


def _join(boxes: dict[int, Box], strips: list[list[int]]) -> list[list[int]]:
    """Join strips that follow each other and together have columns."""
    joined: list[list[int]] = []
    columns: list[tuple[float, float]] = []
    for strip in strips:
        own = _merged([(boxes[index][0], boxes[index][2]) for index in strip])
        both = _merged(columns + own)
        if len(both) > 1:
            joined[-1:] = [[*(joined[-1] if joined else []), *strip]]
            columns = both
        else:
            joined.append(strip)
            columns = own
    return joined


def _merged(spans: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return spans with those that overlap made one, in order."""
    merged: list[tuple[float, float]] = []
    for start, end in sorted(spans):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


def _by_rows(boxes: Sequence[Box], group: list[int]) -> list[int]:
    """Return a group row by row: a box whose middle is above the lower side of a row's first belongs to that row."""
    order: list[int] = []
    row: list[int] = []
    for index in sorted(group, key=lambda index: (boxes[index][1], boxes[index])):
        _, y0, _, y1 = boxes[index]
        if row and (y0 + y1) / 2 > boxes[row[0]][3]:
            order += sorted(row, key=lambda index: boxes[index])
            row = []
        row.append(index)
    return order + sorted(row, key=lambda index: boxes[index])
