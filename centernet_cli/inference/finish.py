"""From a graph's candidates to the boxes of each image: the same numpy for every runtime."""

from __future__ import annotations

from typing import TYPE_CHECKING

from centernet_cli.codec.select import select
from centernet_cli.inference.runtime import RawBoxes

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from centernet_cli.models.meta import ModelMeta


class Finish:
    """What is left to do when a graph has run.

    Args:
        meta: The model's description; overlaps are left alone if they are dealt with when all looks are joined.
        min_score: Boxes below it are dropped; None: as the model's decode section says.
    """

    def __init__(self, meta: ModelMeta, min_score: float | None = None) -> None:
        changed: dict[str, object] = {} if min_score is None else {"min_score": min_score}
        if meta.joins_looks:
            changed |= {"soft_nms": False, "nms_iou": None, "rivals": 0.0}
        self._section = meta.decode.model_copy(update=changed)

    def __call__(
        self, boxes: npt.NDArray[np.float32], scores: npt.NDArray[np.float32], classes: npt.NDArray[np.int64]
    ) -> list[RawBoxes]:
        """Return the boxes of each image, of candidates `(B, k, 4)`, `(B, k)` and `(B, k)`."""
        pages = zip(boxes, scores, classes, strict=True)
        return [RawBoxes(*select(*page, self._section)) for page in pages]
