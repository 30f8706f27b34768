"""How one page is looked at: a coroutine that asks for views and is told what the network found on them.

It knows sizes and boxes but no pixels, so that whoever drives it may prepare views and run the network wherever and
whenever it likes: in this process (`pipeline`) or with other processes (`stream`).
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from centernet_cli.inference.adaptive import lost_large, second_size
from centernet_cli.inference.looks import join
from centernet_cli.inference.preprocess import NetworkInput, clip_to_page
from centernet_cli.inference.runtime import RawBoxes
from centernet_cli.inference.views import FirstLook, PageSize, View, Whole

if TYPE_CHECKING:
    import numpy.typing as npt

    from centernet_cli.models.meta import ModelMeta


class SeenBoxes(NamedTuple):
    """What was found on a page.

    Attributes:
        boxes: float64 `(N, 4)` xyxy in page pixels, best first, within the page; those in padding have no area.
        scores: `(N,)`.
        classes: `(N,)`, indices.
        capped: Whether there were more than `top_k`.
        size: Long side, in pixels, at which the network saw the page; the largest, if there were several.
        tiles: Columns and rows, where it was looked at in tiles.
    """

    boxes: npt.NDArray[np.float64]
    scores: npt.NDArray[np.floating]
    classes: npt.NDArray[np.int64]
    capped: bool
    size: int
    tiles: tuple[int, int] | None = None


Look = tuple[RawBoxes, NetworkInput]
"""Boxes in network pixels, and the input they were found on (whose pixels aren't looked at any more)."""
Looks = Generator[tuple[View, ...], list[Look], SeenBoxes]
"""Yields views to run, is sent what was found on them, and returns what is on the page."""


class Plan:
    """Plans for the pages of a run.

    Args:
        meta: Of the model.
        first: How pages are looked at first.
        threshold: Least score.
        adaptive: Whether small lines are looked at again, larger.
    """

    def __init__(self, meta: ModelMeta, first: FirstLook, threshold: float, *, adaptive: bool) -> None:
        self.meta = meta
        self.first = first
        self.threshold = threshold
        self._adaptive = adaptive

    def looks(self, page: PageSize) -> Looks:
        """Return the coroutine for a page; its first views are those of `first`."""
        looks = self._above_threshold((yield self.first.views(page)))
        if self._adaptive:
            ((raw, prepared),) = looks
            size = second_size(raw.boxes[:, 3] - raw.boxes[:, 1], prepared.size, page.decoded)
            if size is not None:
                ((second, larger),) = self._above_threshold((yield (Whole(size),)))
                looks = [(_join(raw, prepared, second, larger), larger)]
        found = join(looks, self.meta, self.threshold)
        return SeenBoxes(
            clip_to_page(found.boxes, (page.width, page.height)),
            found.scores,
            found.classes,
            found.capped,
            max(prepared.size for _, prepared in looks),
        )

    def _above_threshold(self, looks: list[Look]) -> list[Look]:
        return [(_best(raw, self.threshold), prepared) for raw, prepared in looks]


def _best(raw: RawBoxes, threshold: float) -> RawBoxes:
    keep = raw.scores >= threshold
    return raw._replace(boxes=raw.boxes[keep], scores=raw.scores[keep], classes=raw.classes[keep])


def _join(first: RawBoxes, seen: NetworkInput, second: RawBoxes, larger: NetworkInput) -> RawBoxes:
    """Add to the second pass' boxes the large ones that only the first one found."""
    growth = np.array([new / old for new, old in zip(larger.scale, seen.scale, strict=True)] * 2, dtype=np.float32)
    boxes: npt.NDArray[np.float32] = first.boxes * growth
    lost = lost_large(boxes, second.boxes, boxes[:, 3] - boxes[:, 1])
    if not lost.any():
        return second
    scores = np.concatenate([second.scores, first.scores[lost]])
    best_first = np.argsort(-scores, kind="stable")
    return RawBoxes(
        np.concatenate([second.boxes, boxes[lost]])[best_first],
        scores[best_first],
        np.concatenate([second.classes, first.classes[lost]])[best_first],
        second.capped,
    )
