"""Soft suppression (arXiv 1704.04503, Gaussian): boxes that overlap a better one lose score instead of being dropped.

As in the original (its method 2, used to merge test scales), sides are counted as last minus first plus one pixel, so
boxes are meant to be in pixels of the page. One thing differs: the original ignores what its routine returns, and so
keeps a second copy of some good box for every box that is dropped; here what is dropped is gone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Values = npt.NDArray[np.float64]

SIGMA = 0.5
LEAST_SCORE = 0.001
"""A box is dropped when an overlap lowers its score below this."""


def soft_nms(
    boxes: npt.NDArray[np.floating],
    scores: npt.NDArray[np.floating],
    classes: npt.NDArray[np.integer],
    *,
    sigma: float = SIGMA,
    least: float = LEAST_SCORE,
) -> Values:
    """Lower the scores of boxes that overlap better ones of their class.

    The best box left is taken, the others' scores are multiplied by `exp(-iou² / sigma)`, and so on. Boxes below a
    score never change those above it, so a threshold may be applied before as well as after.

    Args:
        boxes: `(N, 4)` xyxy, page pixels.
        scores: `(N,)`.
        classes: `(N,)`.
        sigma: Width of the Gaussian.
        least: Scores that fall below this are dropped.

    Returns:
        `(N,)` new scores, in the order of the input; 0 for dropped boxes.
    """
    lowered = scores.astype(np.float64)
    for label in np.unique(classes):
        members = np.flatnonzero(classes == label)
        lowered[members] = _one_class(boxes[members].astype(np.float64), lowered[members], sigma, least)
    return lowered


def _one_class(boxes: Values, scores: Values, sigma: float, least: float) -> Values:
    left, top, right, bottom = boxes.T
    areas = (right - left + 1) * (bottom - top + 1)
    final = scores.copy()
    # Scores of boxes that wait for their turn; of equal ones the first comes first.
    waiting = scores.copy()
    for _ in range(len(scores)):
        best = int(waiting.argmax())
        if waiting[best] <= 0:
            break
        final[best], waiting[best] = waiting[best], -1.0
        width = np.minimum(right, right[best]) - np.maximum(left, left[best]) + 1
        height = np.minimum(bottom, bottom[best]) - np.maximum(top, top[best]) + 1
        near = np.flatnonzero((width > 0) & (height > 0) & (waiting > 0))
        shared = width[near] * height[near]
        iou = shared / (areas[near] + areas[best] - shared)
        new = waiting[near] * np.exp(-(iou**2) / sigma)
        waiting[near] = np.where(new < least, 0.0, new)
        final[near] = waiting[near]
    return final
