"""How one page is looked at: a coroutine that asks for views and is told what the network found on them.

It knows sizes and boxes but no pixels, so that whoever drives it may prepare views and run the network wherever and
whenever it likes: in this process (`pipeline`) or with other processes (`stream`).
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from centernet_cli.inference.adaptive import COMFORTABLE_LINE, lost_large, second_size
from centernet_cli.inference.looks import Found, join
from centernet_cli.inference.preprocess import NetworkInput, clip_to_page, to_page
from centernet_cli.inference.runtime import RawBoxes
from centernet_cli.inference.tiles import (
    AT_ONCE,
    SIDE,
    UNSEEN,
    Grid,
    TileOption,
    grid,
    line_height,
    magnifying_glasses,
    merge,
    still_small,
    tile_growth,
)
from centernet_cli.inference.views import FirstLook, PageSize, View, Whole

if TYPE_CHECKING:
    import numpy.typing as npt

    from centernet_cli.models.meta import ModelMeta

    Widths = npt.NDArray[np.floating]


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
        tile: Whether a page may be looked at in tiles (`auto`: where a second look would still be too small), or is
            in any case, or the side of tiles.
    """

    def __init__(
        self, meta: ModelMeta, first: FirstLook, threshold: float, *, adaptive: bool, tile: TileOption = "off"
    ) -> None:
        self.meta = meta
        self.first = first
        self.threshold = threshold
        self._adaptive = adaptive
        self._tile = tile

    def looks(self, page: PageSize) -> Looks:
        """Return the coroutine for a page; its first views are those of `first`."""
        looks = self._above_threshold((yield self.first.views(page)))
        growth, widths = yield from self._growth_unseen(page, looks)
        if self._adaptive and growth is None:
            ((raw, prepared),) = looks
            size = second_size(raw.boxes[:, 3] - raw.boxes[:, 1], prepared.size, page.decoded)
            if size is not None:
                ((second, larger),) = self._above_threshold((yield (Whole(size),)))
                looks = [(_join(raw, prepared, second, larger), larger)]
                if self._tile != "off":
                    growth = still_small(line_height(second.boxes), size / max(page.width, page.height))
        if growth is None and self._tile not in {"auto", "off"}:
            growth = self._forced(page, looks[0])
        if growth is not None:
            return (yield from self._tiles(page, looks[0], growth, widths))
        found = join(looks, self.meta, self.threshold)
        return SeenBoxes(
            clip_to_page(found.boxes, (page.width, page.height)),
            found.scores,
            found.classes,
            found.capped,
            max(prepared.size for _, prepared in looks),
        )

    def _growth_unseen(
        self, page: PageSize, looks: list[Look]
    ) -> Generator[tuple[View, ...], list[Look], tuple[float | None, Widths | None]]:
        """Return how much larger than at the first look tiles are to show a page whose text is far too small for it.

        And the widths of its lines in page pixels, if the first look doesn't show them.
        """
        if self._tile == "off" or not self._adaptive:
            return None, None
        raw, prepared = looks[0]
        scale = prepared.size / max(page.width, page.height)
        line, widths = line_height(raw.boxes), None
        if line is None and page.width * page.height >= UNSEEN * prepared.size**2:
            # Nothing to be seen, or too small to be seen: a look through a magnifying glass tells.
            glasses = magnifying_glasses((page.width, page.height), prepared.size)
            probed = self._above_threshold((yield glasses))
            closer = [one.boxes * np.float32(scale / part.scale[1]) for one, part in probed]
            line = line_height(np.concatenate(closer))
            shown = np.concatenate([to_page(one.boxes, part) for one, part in probed])
            widths = shown[:, 2] - shown[:, 0]
        return tile_growth(line, scale), widths

    def _forced(self, page: PageSize, look: Look) -> float:
        """Return how much larger than so far tiles are to show a page, if there are to be tiles in any case."""
        raw, prepared = look
        most = max(page.width, page.height) / prepared.size
        line = line_height(raw.boxes)
        return max(1.0, min(most, most if line is None else COMFORTABLE_LINE / line))

    def _tiles(
        self, page: PageSize, first: Look, growth: float, widths: Widths | None
    ) -> Generator[tuple[View, ...], list[Look], SeenBoxes]:
        raw, prepared = first
        scale = growth * prepared.size / max(page.width, page.height)
        found = Found(to_page(raw.boxes, prepared), raw.scores, raw.classes, raw.capped)
        for last in (False, False, True):
            if widths is None:
                widths = found.boxes[:, 2] - found.boxes[:, 0]
            parts, looks = yield from self._tiles_at(page, widths, scale)
            found, widths = merge(parts.cells, looks, found), None
            # Of very small lines tiles, too, find the larger ones first.
            more = None if last else still_small(line_height(found.boxes * scale), scale)
            if more is None:
                break
            scale *= more
        return SeenBoxes(
            clip_to_page(found.boxes, (page.width, page.height)),
            found.scores,
            found.classes,
            found.capped,
            round(max(page.width, page.height) * scale),
            (parts.columns, parts.rows),
        )

    def _tiles_at(
        self, page: PageSize, widths: Widths, scale: float
    ) -> Generator[tuple[View, ...], list[Look], tuple[Grid, list[Look]]]:
        """Return tiles at `scale` network pixels per page pixel, and what is found on each; `widths` are of lines."""
        side = self._tile if isinstance(self._tile, int) else SIDE
        widest = float(np.quantile(widths, 0.95)) if len(widths) else 0.0
        parts = grid((page.width, page.height), scale, side, widest)
        looks: list[Look] = []
        for start in range(0, len(parts.cells), AT_ONCE):
            views = tuple(cell.tile for cell in parts.cells[start : start + AT_ONCE])
            looks += self._above_threshold((yield views))
        return parts, looks

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
