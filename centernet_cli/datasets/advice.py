"""What a dataset asks of a recipe: how large to show pages, how many boxes to expect, whole pages or parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from centernet_cli.datasets.stats import Table

STRIDE = 4
"""Pixels of a cell, the only one that recipes know."""
THICK = 8.0
"""Pixels that boxes should be thick for the network: two cells, with one between the centres of neighbours."""
THIN_SHARE = 0.1
"""Share of boxes that may be thinner."""
SIZES = range(512, 2049, 128)
"""Page sizes to choose from: less loses detail, more takes too long."""
CROWDED = 0.005
"""Share of boxes that may meet another of their class in a cell."""
TALL = 0.25
"""A box that is higher than this share of its page is seldom whole in half a page."""
MANY_TALL = 0.3
"""Share of a class's boxes."""
FEW = 5
"""Boxes of a class that say nothing about it."""
ROOM = 2
"""Times the largest number of boxes on a page: pages to come may be fuller."""
LEAST = 300


@dataclass(frozen=True, slots=True)
class Advice:
    """A recipe's key, a value for it, and why."""

    key: str
    value: object
    why: str


def advise(table: Table) -> list[Advice]:
    """Return what suits a dataset; nothing if it has no boxes."""
    if not len(table.boxes):
        return []
    size, why = _page_size(table)
    return [Advice("train.page_size", size, why), *_mode(table, size), *_numbers(table), _stride(table, size)]


def shared_cells(table: Table, page_size: int, stride: int) -> int:
    """Return how many boxes have their centre in the cell of an earlier one of their class.

    Args:
        table: Boxes.
        page_size: Longer side, in pixels, at which pages are shown.
        stride: Pixels of a cell.
    """
    scale = page_size / table.sizes.max(axis=1)[table.page]
    cells = ((table.boxes[:, :2] + table.boxes[:, 2:]) / 2 * scale[:, None] / stride).astype(np.int64)
    keys = np.column_stack([table.page, table.label, cells])
    return len(keys) - len(np.unique(keys, axis=0))


def _page_size(table: Table) -> tuple[int, str]:
    thickness = float(np.quantile(table.thickness, THIN_SHARE))
    wanted = THICK / max(thickness, 1e-9)
    largest = float(np.quantile(table.sizes.max(axis=1), 0.9))
    allowed = [size for size in SIZES if size <= max(largest * 1.1, SIZES[0])]
    size = next((size for size in allowed if size >= wanted), allowed[-1])
    pixels = thickness * size
    why = f"nine of ten boxes are then at least {pixels:.1f} pixels thick ({pixels / STRIDE:.1f} cells)"
    if size < wanted:
        limit = "as pages have no more pixels" if size == allowed[-1] and size < SIZES[-1] else "the largest that pays"
        why += f"; {THICK:.0f} would be better, but this is {limit}"
    return size, why


def _mode(table: Table, size: int) -> list[Advice]:
    tall = (table.boxes[:, 3] - table.boxes[:, 1]) / table.sizes[table.page, 1] > TALL
    aspect = float(np.median(table.sizes[:, 0] / table.sizes[:, 1]))
    across, down = (size, size / aspect) if aspect > 1 else (size * aspect, size)
    found = []
    for number, name in enumerate(table.classes):
        mine = table.label == number
        if mine.sum() >= FEW and tall[mine].mean() >= MANY_TALL:
            found.append(f"{tall[mine].mean():.0%} of '{name}'")
    if found:
        why = f"{', '.join(found)} are higher than a quarter of their page: whole only on whole pages"
        whole = [_multiple(across), _multiple(down)]
        return [Advice("augment.mode", "page", why), Advice("train.input", whole, "a whole page at that size")]
    why = (
        f"{1 - tall.mean():.1%} of the boxes are lower than a quarter of their page: parts of pages do, and are quicker"
    )
    part = [_multiple(across), _multiple(down / 2)]
    return [Advice("augment.mode", "crop", why), Advice("train.input", part, "half a page at that size")]


def _numbers(table: Table) -> list[Advice]:
    most = int(np.bincount(table.page).max())
    room = int(np.ceil(max(most * ROOM, LEAST) / 100) * 100)
    why = f"the fullest page has {most:,} boxes; beyond top_k they are lost"
    return [Advice("decode.top_k", room, why), Advice("eval.max_dets", room, "scores have to count all of them")]


def _stride(table: Table, size: int) -> Advice:
    count = len(table.boxes)
    shared = {stride: shared_cells(table, size, stride) for stride in (STRIDE, 8)}
    why = f"{shared[STRIDE]:,} of {count:,} boxes share a cell with one of their class, {shared[8]:,} at stride 8"
    if shared[STRIDE] > CROWDED * count:
        why += ": a larger page_size parts them"
    return Advice("model.stride", STRIDE, why)


def _multiple(pixels: float | npt.NDArray[np.float64]) -> int:
    """Return the nearest multiple of 32, at least 64."""
    return max(64, round(float(pixels) / 32) * 32)
