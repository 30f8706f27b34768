"""One-to-one matching of detections and truth on a page, as COCO does it, over the few pairs that overlap enough."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Indices = npt.NDArray[np.int64]

MATCHED, MISSED, IGNORED = 1, 0, -1
"""A detection found a truth, found nothing, or lies in a place that doesn't count."""
NOTHING, NOT_COUNTED = -1, -2
"""The same where the index of a truth is expected."""

_CHUNK_CELLS = 32_000
"""Cells of the overlap matrix computed at once: what fits into the processor's cache."""


def overlap_matrix(pred: Floats, truth: Floats, crowd: npt.NDArray[np.bool_]) -> Floats:
    """Return the `(M, N)` intersection over union of boxes; for crowd truths, over the detection's area.

    Args:
        pred: `(M, 4)` xyxy.
        truth: `(N, 4)` xyxy.
        crowd: `(N,)`.
    """
    inter, pred_area, truth_area = common_area(pred, truth), area(pred), area(truth)
    union = np.where(crowd[None, :], pred_area[:, None], pred_area[:, None] + truth_area[None, :] - inter)
    result: Floats = np.divide(inter, union, out=np.zeros_like(inter), where=union > 0)
    return result


def common_area(one: Floats, other: Floats) -> Floats:
    """Return the `(M, N)` areas that boxes `(M, 4)` and `(N, 4)` share."""
    width = np.minimum(one[:, None, 2], other[None, :, 2]) - np.maximum(one[:, None, 0], other[None, :, 0])
    height = np.minimum(one[:, None, 3], other[None, :, 3]) - np.maximum(one[:, None, 1], other[None, :, 1])
    shared: Floats = np.maximum(width, 0.0) * np.maximum(height, 0.0)
    return shared


def area(boxes: Floats) -> Floats:
    """Return the `(N,)` areas of boxes `(N, 4)`."""
    areas: Floats = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    return areas


@dataclass(frozen=True, slots=True)
class Overlaps:
    """The pairs of a detection and a truth that overlap enough, in the order in which they are offered for matching.

    Attributes:
        pred: `(P,)` index of the detection, ascending (best score first).
        truth: `(P,)` index of the truth; for one detection first the ordinary ones by falling overlap, then crowds.
        iou: `(P,)`.
        pred_count: Detections on the page.
        crowd: `(N,)` whether a truth is a crowd.
    """

    pred: Indices
    truth: Indices
    iou: Floats
    pred_count: int
    crowd: npt.NDArray[np.bool_]


def overlaps(pred: Floats, truth: Floats, crowd: npt.NDArray[np.bool_], min_iou: float) -> Overlaps:
    """Return the pairs with at least `min_iou`, computed in slices so that memory stays small on dense pages.

    Args:
        pred: `(M, 4)` xyxy, best score first.
        truth: `(N, 4)` xyxy.
        crowd: `(N,)`.
        min_iou: Above 0.
    """
    step = max(1, _CHUNK_CELLS // max(1, len(truth)))
    rows, cols, values = [np.empty(0, np.int64)], [np.empty(0, np.int64)], [np.empty(0, np.float64)]
    for start in range(0, len(pred) if len(truth) else 0, step):
        iou = overlap_matrix(pred[start : start + step], truth, crowd)
        row, col = np.nonzero(iou >= min_iou)
        rows.append(row + start)
        cols.append(col)
        values.append(iou[row, col])
    return _ordered(np.concatenate(rows), np.concatenate(cols), np.concatenate(values), len(pred), crowd)


def overlaps_of_matrix(iou: Floats, crowd: npt.NDArray[np.bool_], min_iou: float) -> Overlaps:
    """Return the pairs with at least `min_iou` of an overlap matrix `(M, N)` that is there already."""
    row, col = np.nonzero(iou >= min_iou)
    return _ordered(row, col, iou[row, col], len(iou), crowd)


def _ordered(row: Indices, col: Indices, value: Floats, pred_count: int, crowd: npt.NDArray[np.bool_]) -> Overlaps:
    # Of truths with the very same overlap COCO takes the last: -col.
    order = np.lexsort((-col, -value, crowd[col], row))
    return Overlaps(row[order], col[order], value[order], pred_count, crowd)


def match(pairs: Overlaps, iou: float) -> npt.NDArray[np.int8]:
    """Return the fates of the detections that `match_truths` gives them.

    Args:
        pairs: Of `overlaps`, with `min_iou` no larger than `iou`.
        iou: Least overlap of a match, in (0, 1].

    Returns:
        `(M,)` of MATCHED, MISSED or IGNORED (not matched, but covered by a crowd).
    """
    truth = match_truths(pairs, iou)
    return np.where(truth >= 0, MATCHED, np.where(truth == NOT_COUNTED, IGNORED, MISSED)).astype(np.int8)


def match_truths(pairs: Overlaps, iou: float) -> Indices:
    """Match greedily: the detection with the best score takes the free truth it overlaps most, then the next one.

    A detection's match doesn't depend on detections with a lower score, so one matching serves every threshold.

    Args:
        pairs: Of `overlaps`, with `min_iou` no larger than `iou`.
        iou: Least overlap of a match, in (0, 1].

    Returns:
        `(M,)` index of each detection's truth, NOTHING without, NOT_COUNTED if it is covered by a crowd.
    """
    result = np.full(pairs.pred_count, NOTHING, dtype=np.int64)
    enough = pairs.iou >= min(iou, 1 - 1e-10)
    taken = [False] * len(pairs.crowd)
    done = -1
    columns = (pairs.pred[enough], pairs.truth[enough], pairs.crowd[pairs.truth[enough]])
    for pred, truth, crowd in zip(*(column.tolist() for column in columns), strict=True):
        if pred == done:
            continue
        if crowd:
            result[pred] = NOT_COUNTED
        elif taken[truth]:
            continue
        else:
            taken[truth] = True
            result[pred] = truth
        done = pred
    return result
