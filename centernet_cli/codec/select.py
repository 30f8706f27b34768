"""Which candidates of a page stay: by score, by number, by overlap. In numpy, the same for every runtime."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from centernet_cli.codec.nms import nms
from centernet_cli.codec.rivals import lower_rivals
from centernet_cli.codec.soft_nms import soft_nms

if TYPE_CHECKING:
    import numpy.typing as npt

    from centernet_cli.core.recipe import DecodeSection

SMALLEST = 1e-6
"""Scores below this are nothing, whatever `min_score` says: cells that are no peak have 0."""


class Detections(NamedTuple):
    """What is found on a page, best first.

    Attributes:
        boxes: float32 `(N, 4)` xyxy in input pixels.
        scores: float32 `(N,)`, 0 to 1.
        classes: int64 `(N,)`.
        capped: Whether there were more peaks than `top_k`, so that boxes may be missing.
    """

    boxes: npt.NDArray[np.float32]
    scores: npt.NDArray[np.float32]
    classes: npt.NDArray[np.int64]
    capped: bool = False


def select(
    boxes: npt.NDArray[np.float32],
    scores: npt.NDArray[np.float32],
    classes: npt.NDArray[np.int64],
    section: DecodeSection,
) -> Detections:
    """Keep the best `top_k` candidates of a page with a score of at least `min_score`, then deal with overlaps.

    Args:
        boxes: `(k, 4)` candidates, best first, one more than `top_k` if there are as many.
        scores: `(k,)`.
        classes: `(k,)`.
        section: How many, which least score, which suppression.
    """
    capped = bool(scores[section.top_k :].max(initial=0.0) >= max(section.min_score, SMALLEST))
    scores = scores[: section.top_k]
    # Compared as float32, which is what scores are: 0.3 is more than the nearest float32.
    kept = np.flatnonzero((scores >= np.float32(section.min_score)) & (scores > 0))
    found = Detections(boxes[kept], scores[kept], classes[kept], capped)
    if section.soft_nms:
        lowered = soft_nms(found.boxes, found.scores, found.classes).astype(np.float32)
        found = _by_score(found, lowered, section.min_score)
    elif section.nms_iou is not None:
        kept = nms(found.boxes, found.classes, section.nms_iou)
        found = Detections(found.boxes[kept], found.scores[kept], found.classes[kept], capped)
    if section.rivals:
        lowered = lower_rivals(found.boxes, found.scores, found.classes, section.rivals)
        return _by_score(found, lowered, section.min_score)
    return found


def _by_score(found: Detections, lowered: npt.NDArray[np.float32], least: float) -> Detections:
    best = np.argsort(-lowered, kind="stable")
    best = best[(lowered[best] >= np.float32(least)) & (lowered[best] > 0)]
    return Detections(found.boxes[best], lowered[best], found.classes[best], found.capped)
