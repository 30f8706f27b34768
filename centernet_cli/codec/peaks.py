"""Peaks of heatmaps by max-pooling (arXiv 1904.07850, section 4: it takes the place of suppression by overlap)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch
import torch.nn.functional as F  # noqa: N812

if TYPE_CHECKING:
    from torch import Tensor


class Peaks(NamedTuple):
    """The best peaks of each page, best first: `scores (B, k)`, `classes (B, k)`, `ys (B, k)`, `xs (B, k)`."""

    scores: Tensor
    classes: Tensor
    ys: Tensor
    xs: Tensor


def find_peaks(heatmap: Tensor, window: tuple[int, int] = (3, 3)) -> Tensor:
    """Return `heatmap (B, K, h, w)` with zeros where a cell isn't the largest of its window.

    Args:
        heatmap: Probabilities.
        window: Width and height in cells, odd.
    """
    width, height = window
    largest = F.max_pool2d(heatmap, (height, width), stride=1, padding=(height // 2, width // 2))
    return torch.where(heatmap == largest, heatmap, torch.zeros_like(heatmap))


def top_peaks(heatmap: Tensor, k: int) -> Peaks:
    """Return the `k` best cells over all classes (fewer when there are fewer cells).

    The best `k` of each class are found first, then the best of all these, as in the original: the same set as at
    once, faster with many classes, and cells of equal score come in the original's order.

    Args:
        heatmap: `(B, K, h, w)`, peaks only.
        k: How many.
    """
    _, classes, height, width = heatmap.shape
    cells = height * width
    in_class, cell = heatmap.flatten(2).topk(min(k, cells), dim=2)
    each = in_class.shape[2]
    scores, index = in_class.flatten(1).topk(min(k, classes * each), dim=1)
    cell = cell.flatten(1).gather(1, index)
    ys = torch.div(cell, width, rounding_mode="floor")
    return Peaks(scores, torch.div(index, each, rounding_mode="floor"), ys, cell - ys * width)
