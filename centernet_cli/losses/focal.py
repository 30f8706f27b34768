"""Penalty-reduced focal loss on heatmaps (arXiv 1904.07850, equation 1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch.nn.functional as F  # noqa: N812

if TYPE_CHECKING:
    from torch import Tensor


def focal_loss(logits: Tensor, target: Tensor, mask: Tensor | None = None, count: Tensor | None = None) -> Tensor:
    """Return the loss over a batch, divided by the number of centre cells (undivided if there are none).

    Computed from logits in float32: clamped probabilities have no gradient once the network is sure and wrong,
    which is how heatmaps die at 9.2085 in other implementations.

    Args:
        logits: `(B, K, h, w)`.
        target: `(B, K, h, w)` in [0, 1]; exactly 1 at centres.
        mask: `(B, K, h, w)`, 0 where a cell takes no loss.
        count: Centre cells to divide by, if the batch is part of a larger one; None: its own.
    """
    logits = logits.float()
    probability = logits.sigmoid()
    positive = centres(target, mask)
    hit = -F.logsigmoid(logits) * (1 - probability) ** 2 * positive
    miss = -F.logsigmoid(-logits) * probability**2 * (1 - target) ** 4
    if mask is not None:
        miss = miss * mask
    # Centres have (1 - target) == 0 and so take no part in `miss`.
    count = positive.sum() if count is None else count
    return (hit.sum() + miss.sum()) / count.clamp(min=1)


def centres(target: Tensor, mask: Tensor | None = None) -> Tensor:
    """Return 1 at the centre cells that take a loss and 0 elsewhere, like `target`."""
    positive = (target == 1).float()
    return positive if mask is None else positive * mask
