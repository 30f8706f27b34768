"""Suppression by overlap: a box that overlaps a better one of its class too much is dropped.

Most boxes of a page overlap none other. Boxes are therefore sorted by their top side first, so that only those that
share rows are compared; what is left to do one by one are the few pairs that overlap too much.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    Indices = npt.NDArray[np.intp]

CHUNK = 2**18
"""Pairs compared at once, about 100 bytes each; a single box may have more, but never more than there are boxes."""


def nms(boxes: npt.NDArray[np.floating], classes: npt.NDArray[np.integer], iou: float) -> Indices:
    """Return the indices of boxes that overlap no better kept one of their class by more than `iou`, in order.

    Args:
        boxes: `(N, 4)` xyxy, best first.
        classes: `(N,)`.
        iou: Intersection over union. Boxes without area overlap nothing.
    """
    better, worse = overlapping(boxes, classes, iou, same_class=True)
    order = np.argsort(better, kind="stable")
    better, worse = better[order], worse[order]
    kept = np.ones(len(boxes), dtype=np.bool_)
    rivals, starts = np.unique(better, return_index=True)
    for box, losers in zip(rivals.tolist(), np.split(worse, starts[1:]), strict=False):
        if kept[box]:
            kept[losers] = False
    return np.flatnonzero(kept)


def overlapping(
    boxes: npt.NDArray[np.floating], classes: npt.NDArray[np.integer], iou: float, *, same_class: bool
) -> tuple[Indices, Indices]:
    """Return the pairs of boxes of one class, or of different ones, that overlap by more than `iou`.

    Args:
        boxes: `(N, 4)` xyxy, best first.
        classes: `(N,)`.
        iou: Intersection over union. Boxes without area overlap nothing.
        same_class: Which pairs count.

    Returns:
        `(P,)` indices of the better ones, and of the others.
    """
    pairs = list(_overlapping(boxes.astype(np.float64), classes, iou, same_class=same_class))
    if not pairs:
        return np.zeros(0, dtype=np.intp), np.zeros(0, dtype=np.intp)
    better, worse = (np.concatenate(column) for column in zip(*pairs, strict=True))
    return better, worse


def _overlapping(
    boxes: npt.NDArray[np.float64], classes: npt.NDArray[np.integer], iou: float, *, same_class: bool
) -> Iterator[tuple[Indices, Indices]]:
    order = np.argsort(boxes[:, 1], kind="stable")
    ranked, labels = boxes[order], classes[order]
    areas = (ranked[:, 2] - ranked[:, 0]) * (ranked[:, 3] - ranked[:, 1])
    # Of those that start further down, these start above a box's bottom.
    first = np.arange(1, len(order) + 1)
    counts = np.maximum(np.searchsorted(ranked[:, 1], ranked[:, 3], side="left") - first, 0)
    ends = counts.cumsum()
    start = 0
    while start < len(order):
        before = ends[start] - counts[start]
        stop = max(start + 1, int(np.searchsorted(ends, before + CHUNK, side="right")))
        one = np.repeat(np.arange(start, stop), counts[start:stop])
        other = np.arange(len(one)) - (ends[one] - counts[one] - before) + first[one]
        shared = np.minimum(ranked[one, 2:], ranked[other, 2:]) - np.maximum(ranked[one, :2], ranked[other, :2])
        area = shared.clip(min=0).prod(axis=1)
        # Without a division, so that boxes without area need no exception.
        found = (area > iou * (areas[one] + areas[other] - area)) & (area > 0)
        found &= (labels[one] == labels[other]) == same_class
        a, b = order[one[found]], order[other[found]]
        yield np.minimum(a, b), np.maximum(a, b)
        start = stop
