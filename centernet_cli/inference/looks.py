"""What is found on several looks at a page, made one."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from centernet_cli.codec.rivals import lower_rivals
from centernet_cli.codec.soft_nms import soft_nms
from centernet_cli.inference.preprocess import to_page

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from centernet_cli.inference.preprocess import NetworkInput
    from centernet_cli.inference.runtime import RawBoxes
    from centernet_cli.models.meta import ModelMeta


class Found(NamedTuple):
    """Boxes of a page in its own pixels, best first; they may lead out of it.

    Attributes:
        boxes: float64 `(N, 4)` xyxy.
        scores: `(N,)`.
        classes: `(N,)`.
        capped: Whether there were more than `top_k`.
    """

    boxes: npt.NDArray[np.float64]
    scores: npt.NDArray[np.floating]
    classes: npt.NDArray[np.int64]
    capped: bool


def join(looks: Sequence[tuple[RawBoxes, NetworkInput]], meta: ModelMeta, threshold: float) -> Found:
    """Make one list of what several looks at a page found.

    Boxes go back to page pixels, those of a class are suppressed softly across looks (if the model asks for it or
    there are several), and the best `top_k` stay, more if the last of them have equal scores.

    Args:
        looks: Boxes in network pixels, and the input they were found on.
        meta: Of the model.
        threshold: Least score, before and after: suppression only lowers scores.
    """
    boxes = np.concatenate([to_page(raw.boxes, prepared) for raw, prepared in looks])
    scores = np.concatenate([raw.scores for raw, _ in looks])
    classes = np.concatenate([raw.classes for raw, _ in looks])
    capped = any(raw.capped for raw, _ in looks)
    if not meta.joins_looks:
        return Found(boxes, scores, classes, capped)
    lowered = soft_nms(boxes, scores, classes)
    if meta.decode.rivals:
        order = np.argsort(-lowered, kind="stable")
        lowered[order] = lower_rivals(boxes[order], lowered[order], classes[order], meta.decode.rivals)
    kept = (lowered >= threshold) & (lowered > 0)
    if kept.sum() > meta.decode.top_k:
        kept &= lowered >= np.sort(lowered[kept])[-meta.decode.top_k]
        capped = True
    best = np.flatnonzero(kept)
    best = best[np.argsort(-lowered[best], kind="stable")]
    return Found(boxes[best], lowered[best], classes[best], capped)
