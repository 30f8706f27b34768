"""Two classes for one thing: of boxes of different classes in nearly the same place the worse one's score falls.

A heading found as title and as text is one thing with two names. Dropping the worse box would lose the right name where
the scores are close and the wrong one is ahead; a lower score only says that it is less sure than it looks by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from centernet_cli.codec.nms import overlapping

if TYPE_CHECKING:
    import numpy.typing as npt

SAME_PLACE = 0.7
"""Overlap (IoU) from which on two boxes are about one thing."""


def lower_rivals(
    boxes: npt.NDArray[np.floating],
    scores: npt.NDArray[np.floating],
    classes: npt.NDArray[np.integer],
    share: float,
) -> npt.NDArray[np.floating]:
    """Return scores, lowered where a better box of another class is in nearly the same place.

    Args:
        boxes: `(N, 4)` xyxy, best first.
        scores: `(N,)`.
        classes: `(N,)`.
        share: A score s becomes s (1 - share * r), with r the score of the best rival; 0 changes nothing.
    """
    better, worse = overlapping(boxes, classes, SAME_PLACE, same_class=False)
    rival = np.zeros_like(scores)
    np.maximum.at(rival, worse, scores[better])
    lowered: npt.NDArray[np.floating] = scores * (1 - scores.dtype.type(share) * rival)
    return lowered
