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
    """Return the `k` best cells over all classes; where there are fewer cells, the rest have a score of 0.

    The best `k` of each class are found first, then the best of all these, as in the original: the same set as at
    once, faster with many classes, and cells of equal score come in the original's order. Always `k` of them, so that
    an exported graph fits pages of any size.

    Args:
        heatmap: `(B, K, h, w)`, peaks only.
        k: How many.
    """
    classes, height, width = heatmap.shape[1:]
    scores, cell = F.pad(heatmap.flatten(2), (0, k)).topk(k, dim=2)
    if classes == 1:
        scores, cell = scores[:, 0], cell[:, 0]
        label = torch.zeros_like(cell)
    else:
        scores, index = scores.flatten(1).topk(k, dim=1)
        cell = cell.flatten(1).gather(1, index)
        label = torch.div(index, k, rounding_mode="trunc")
    cell = cell.clamp(max=height * width - 1)
    ys = torch.div(cell, width, rounding_mode="trunc")
    return Peaks(scores, label, ys, cell - ys * width)
