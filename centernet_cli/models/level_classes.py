"""Scores of classes put on one scale, so that one threshold suits them all."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from centernet_cli.core.errors import UsageError
from centernet_cli.models.centernet import heatmap_biases

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from centernet_cli.models.meta import ModelMeta


def level_classes(state: Mapping[str, Tensor], meta: ModelMeta, thresholds: Mapping[str, float]) -> dict[str, Tensor]:
    """Return weights with which each class named gets the model's threshold as score where it now gets its own.

    The logits of a class are moved by a constant, in the biases of the heatmap's last convolutions: order within the
    class, and so its AP, stays the same (but for candidates that fall out at the lowest score or at top-k).

    Args:
        state: Tensors of the model; not changed.
        meta: Its description.
        thresholds: By class, each between 0 and 1.

    Raises:
        UsageError: U310, a class that the model hasn't, or a threshold (its own too) that isn't between 0 and 1.
    """
    strange = next((label for label in thresholds if label not in meta.classes), None)
    if strange is not None:
        hint = f"classes: {', '.join(meta.classes)}"
        raise UsageError("U310", f"the model has no class '{strange}'", path="--class-threshold", hint=hint)
    moved = dict(state)
    for name in heatmap_biases(state):
        bias = moved[name].clone()
        for label, threshold in thresholds.items():
            bias[meta.classes.index(label)] += _logit(meta.threshold) - _logit(threshold)
        moved[name] = bias
    return moved


def _logit(score: float) -> float:
    if not 0 < score < 1:
        raise UsageError("U310", f"must be between 0 and 1, not {score:g}", path="--class-threshold")
    return math.log(score / (1 - score))
