"""The order in which a reader of a left-to-right script takes boxes on a page: columns, and headings across them.

A recursive cut along white space, as in the XY-cut (Nagy and Seth, 1984), with one change: between aligned paragraphs
of two columns there is white space across the page too, so strips that share the gap between their columns are joined
before the columns are read one by one. Good for columns, headings and figures across; no claim is made on newspapers
whose articles interlock, tables read by row, or right-to-left scripts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from centernet_cli.core.records import Box

_SHRINK = 0.02
"""Share of its size by which a box may overlap its neighbours on each side and still be apart from them."""
_MAX_DEPTH = 50
"""A page has a few levels of columns and strips; what is still uncut then is no layout."""


def reading_order(boxes: Sequence[Box]) -> list[int]:
    """Return the indices of boxes in reading order; the same boxes in any order are read alike.

    Args:
        boxes: `(x0, y0, x1, y1)` in pixels, y down.
    """
    shrunk = [_shrink(box) for box in boxes]
    return [index for group in _cut(shrunk, list(range(len(boxes))), 0) for index in group]


def _shrink(box: Box) -> Box:
    x0, y0, x1, y1 = box
    dx, dy = (x1 - x0) * _SHRINK, (y1 - y0) * _SHRINK
    return (x0 + dx, y0 + dy, x1 - dx, y1 - dy)


def _cut(boxes: Sequence[Box], group: list[int], depth: int) -> Iterator[list[int]]:
    """Yield parts of a group in reading order."""
    if len(group) < 2:
        yield group
        return
    columns = _split(boxes, group, 0)
    parts = columns if len(columns) > 1 else _join(boxes, _split(boxes, group, 1))
    if len(parts) == 1 or depth == _MAX_DEPTH:
        # Nothing but overlaps: by top, then left.
        yield sorted(group, key=lambda index: (boxes[index][1], boxes[index]))
        return
    for part in parts:
        yield from _cut(boxes, part, depth + 1)


def _split(boxes: Sequence[Box], group: list[int], axis: int) -> list[list[int]]:
    """Split a group where no box is, into columns (axis 0) or strips (axis 1), in order."""
    parts: list[list[int]] = []
    reach = float("-inf")
    for index in sorted(group, key=lambda index: (boxes[index][axis], boxes[index])):
        if boxes[index][axis] >= reach:
            parts.append([])
        parts[-1].append(index)
        reach = max(reach, boxes[index][axis + 2])
    return parts


def _join(boxes: Sequence[Box], strips: list[list[int]]) -> list[list[int]]:
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
