"""Exponential moving average of the weights."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Generic, TypeVar

import torch
from torch.optim.swa_utils import get_ema_multi_avg_fn

if TYPE_CHECKING:
    from torch import Tensor, nn

Network = TypeVar("Network", bound="nn.Module")


class Ema(Generic[Network]):
    """A slow copy of a model.

    Args:
        model: To follow.
        decay: Share of the old average kept each step; the first steps keep less, so that the random start
            is forgotten.
    """

    def __init__(self, model: Network, decay: float) -> None:
        self.model = copy.deepcopy(model).eval()
        self.model.requires_grad_(requires_grad=False)
        self.decay = decay

    @torch.no_grad()
    def update(self, model: nn.Module, step: int) -> None:
        """Move towards `model` after its step number `step` (from 0)."""
        decay = min(self.decay, (1 + step) / (10 + step))
        current = model.state_dict()
        pairs = [(value, current[name]) for name, value in self.model.state_dict().items()]
        averaged = [pair for pair in pairs if pair[0].dtype.is_floating_point]
        # All tensors at once: hundreds of small operations cost a GPU more than their arithmetic.
        average = get_ema_multi_avg_fn(decay)  # type: ignore[no-untyped-call]
        average([mine for mine, _ in averaged], [theirs for _, theirs in averaged], 0)
        for mine, theirs in pairs:
            if not mine.dtype.is_floating_point:
                mine.copy_(theirs)

    def state_dict(self) -> dict[str, Tensor]:
        """Return the averaged weights."""
        return dict(self.model.state_dict())
