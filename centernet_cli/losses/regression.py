"""Losses on sizes, offsets and side distances."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F  # noqa: N812

if TYPE_CHECKING:
    from torch import Tensor


def centre_loss(maps: Tensor, index: Tensor, target: Tensor, kind: str = "l1") -> Tensor:
    """Return the mean absolute (or smooth L1) error at centre cells (arXiv 1904.07850, equations 2 and 3).

    Args:
        maps: `(B, 2, h, w)` predicted size or offset in cells.
        index: `(N,)` flat centre cells through the batch.
        target: `(N, 2)` in cells.
        kind: `l1` or `smooth_l1`.
    """
    flat = maps.float().permute(0, 2, 3, 1).reshape(-1, maps.shape[1])
    predicted = flat[index]
    if kind == "smooth_l1":
        error = F.smooth_l1_loss(predicted, target, reduction="sum")
    else:
        error = (predicted - target).abs().sum()
    return error / max(target.numel(), 1)


def giou_loss(maps: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Return the weighted mean of 1 - GIoU (arXiv 1902.09630) over cells that see a box.

    Both boxes hang on the same cell, so intersection and hull follow from the distances alone.

    Args:
        maps: `(B, 4, h, w)` predicted distances to left, top, right, bottom in cells, positive.
        target: `(B, 4, h, w)` true distances.
        weight: `(B, h, w)`.
    """
    chosen = weight > 0
    weights = weight[chosen]
    if not len(weights):
        return maps.float().sum() * 0
    l, t, r, b = maps.float().permute(0, 2, 3, 1)[chosen].unbind(1)  # noqa: E741
    tl, tt, tr, tb = target.permute(0, 2, 3, 1)[chosen].unbind(1)
    inter = (torch.minimum(l, tl) + torch.minimum(r, tr)) * (torch.minimum(t, tt) + torch.minimum(b, tb))
    hull = (torch.maximum(l, tl) + torch.maximum(r, tr)) * (torch.maximum(t, tt) + torch.maximum(b, tb))
    union = (l + r) * (t + b) + (tl + tr) * (tt + tb) - inter
    giou = inter / union.clamp(min=1e-6) - (hull - union) / hull.clamp(min=1e-6)
    return ((1 - giou) * weights).sum() / weights.sum()
