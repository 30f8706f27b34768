"""Notice when the heatmap has died: every centre sure to be nothing.

In the original the loss then stays at 9.2085 for good, since probabilities are clamped to 0.0001 and what is clamped
has no gradient. Here it is computed from logits and has one, so the heatmap may come back; but what drove it there,
too large a rate most often, is still worth knowing.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F  # noqa: N812

if TYPE_CHECKING:
    from torch import Tensor

    from centernet_cli.codec.targets import Targets

CLAMP = 1e-4
SATURATED = -((1 - CLAMP) ** 2) * math.log(CLAMP)
"""9.2085: what the original's loss says of a centre that the network thinks impossible."""
DEAD = 9.0
"""Mean from which nearly all centres must be like that: a fresh network has 1.9, a bad one 4 or 5."""
DEAD_HEATMAP = "the heatmap is dead"
PATIENCE = 50
"""Steps in a row, in a long training: a single batch may hold nothing but objects of a kind not seen before."""


@torch.no_grad()
def centre_term(logits: Tensor, targets: Targets) -> Tensor:
    """Return the focal loss at the objects' centres, capped at what the original's can reach; NaN without objects.

    Args:
        logits: `(B, K, h, w)`.
        targets: Of the same batch.
    """
    h, w = logits.shape[2:]
    page, cell = targets.index // (h * w), targets.index % (h * w)
    at_centre = logits[page, targets.label, cell // w, cell % w].float()
    term = -F.logsigmoid(at_centre) * (1 - at_centre.sigmoid()) ** 2
    return term.clamp(max=SATURATED).mean()


class DeadHeatmap:
    """Counts the steps for which the heatmap has been dead.

    Args:
        patience: Steps in a row that it takes.
    """

    def __init__(self, patience: int = PATIENCE) -> None:
        self.patience = patience
        self.steps = 0
        self.told = False

    @classmethod
    def over(cls, total: int) -> DeadHeatmap:
        """Return one for a training of so many steps: in a short one there is less time to wait."""
        return cls(min(PATIENCE, max(5, total // 10)))

    @property
    def explanation(self) -> str:
        """What to tell of a dead heatmap."""
        return (
            f"{DEAD_HEATMAP}: for {self.patience} steps it has given nearly every centre a probability of 0.0001 "
            "or less, what others know as a loss stuck at 9.2085. It may recover; if not: a lower optim.lr, a longer "
            "optim.warmup_steps, train.precision=fp32, model.head_norm=true, or other weights to start from "
            "(model.pixels must be what they were trained with)"
        )

    def observe(self, term: float) -> bool:
        """Take in a step's `centre_term`; return True once, when it has been too large for too long.

        Steps without objects (NaN) say nothing.
        """
        if math.isnan(term):
            return False
        self.steps = self.steps + 1 if term >= DEAD else 0
        if self.steps < self.patience or self.told:
            return False
        self.told = True
        return True
