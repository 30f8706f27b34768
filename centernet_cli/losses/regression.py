"""Losses on sizes, offsets and side distances."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F  # noqa: N812

if TYPE_CHECKING:
    from torch import Tensor

    from centernet_cli.codec.targets import Cells

EPSILON = 1e-4
"""Added to divisors, as in the original: a batch without objects has a loss of 0."""


def cell_loss(maps: Tensor, cells: Cells, kind: str = "l1", count: Tensor | None = None) -> Tensor:
    """Return the error at cells, as the original's losses measure it (arXiv 1904.07850, equations 2 and 3).

    `l1`: absolute errors over the number of values, two an object. `norm_l1`: the same of sizes relative to the true
    ones. `smooth_l1` (quadratic below one cell): over the number of objects, so for large errors it is twice as much.

    Args:
        maps: `(B, C, h, w)` predicted sizes or offsets in cells, or `(B, K * C, h, w)` with values for each class in
            turn, of which only those of the object's class count.
        cells: Truth, C values each. With weights, errors are multiplied and numbers replaced by their sums.
        kind: `l1`, `smooth_l1` or `norm_l1`.
        count: What to divide by, if the batch is part of a larger one; None: its own `cell_count`.
    """
    target, weight = cells.values, cells.weight
    predicted = at_cells(maps, cells)
    count = cell_count(cells, kind) if count is None else count
    if kind == "smooth_l1":
        error = F.smooth_l1_loss(predicted, target, reduction="none")
    elif kind == "norm_l1":
        error = (predicted / (target + EPSILON) - 1).abs()
    else:
        error = (predicted - target).abs()
    return (error * weight[:, None]).sum() / (count + EPSILON)


def cell_count(cells: Cells, kind: str = "l1") -> Tensor:
    """Return what `cell_loss` divides by: the number of values, of objects for `smooth_l1`, weighted."""
    return cells.weight.sum() * (1 if kind == "smooth_l1" else cells.values.shape[1])


def giou_loss(maps: Tensor, cells: Cells, count: Tensor | None = None) -> Tensor:
    """Return the weighted mean of 1 - GIoU (arXiv 1902.09630) over cells that see a box.

    Both boxes hang on the same cell, so intersection and hull follow from the distances alone.

    Args:
        maps: `(B, 4, h, w)` predicted distances to left, top, right, bottom in cells, positive.
        cells: True distances.
        count: Sum of weights to divide by, if the batch is part of a larger one; None: its own.
    """
    if not len(cells.index):
        return maps.float().sum() * 0
    l, t, r, b = at_cells(maps, cells).unbind(1)  # noqa: E741
    tl, tt, tr, tb = cells.values.unbind(1)
    inter = (torch.minimum(l, tl) + torch.minimum(r, tr)) * (torch.minimum(t, tt) + torch.minimum(b, tb))
    hull = (torch.maximum(l, tl) + torch.maximum(r, tr)) * (torch.maximum(t, tt) + torch.maximum(b, tb))
    union = (l + r) * (t + b) + (tl + tr) * (tt + tb) - inter
    giou = inter / union.clamp(min=1e-6) - (hull - union) / hull.clamp(min=1e-6)
    return ((1 - giou) * cells.weight).sum() / (cells.weight.sum() if count is None else count)


def at_cells(maps: Tensor, cells: Cells) -> Tensor:
    """Return what `maps (B, C, h, w)` or `(B, K * C, h, w)` say at `cells`, of their classes: `(M, C)` float32."""
    channels = cells.values.shape[1]
    groups = maps.shape[1] // channels
    rows = maps.float().permute(0, 2, 3, 1).reshape(-1, channels)
    return rows.index_select(0, cells.index * groups + cells.label if groups > 1 else cells.index)
