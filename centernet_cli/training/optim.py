"""Optimisers and learning-rate schedules."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import nn

if TYPE_CHECKING:
    from centernet_cli.core.recipe import OptimSection
    from centernet_cli.models.centernet import CenterNet


def build_optimizer(model: CenterNet, section: OptimSection) -> torch.optim.Optimizer:
    """Group the trained parameters: backbone or not, decayed (weights) or not (biases, normalisation).

    `adam` is that of the original code: betas 0.9 and 0.999, and a decay, if the recipe has any, of all parameters
    alike, through the gradient.
    """
    alike = section.name == "adam"
    usual = 0.0 if alike else 1e-4
    decay = usual if section.weight_decay is None else section.weight_decay
    groups: dict[tuple[bool, bool], list[nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            decayed = alike or parameter.ndim > 1
            groups.setdefault((name.startswith("backbone."), decayed), []).append(parameter)
    settings = [
        {
            "params": parameters,
            "weight_decay": decay if decayed else 0.0,
            "lr": section.lr * (section.backbone_lr_factor if in_backbone else 1.0),
        }
        for (in_backbone, decayed), parameters in groups.items()
    ]
    if alike:
        return torch.optim.Adam(settings, lr=section.lr)
    if section.name == "adamw":
        return torch.optim.AdamW(settings, lr=section.lr)
    return torch.optim.SGD(settings, lr=section.lr, momentum=section.momentum)


def rate_factor(section: OptimSection, step: int, progress: float, epoch: int) -> float:
    """Return the factor on every group's learning rate.

    Args:
        section: Schedule.
        step: Steps done, for the warm-up.
        progress: Share of the training done, in [0, 1].
        epoch: Epochs done, for `steps`: the rate falls to a tenth after each of `drop_epochs`, as in the original.
    """
    warmup = min(1.0, (step + 1) / (section.warmup_steps + 1))
    if section.schedule == "cosine":
        return warmup * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1.0, progress))))
    if section.schedule == "steps":
        return warmup * 0.1 ** sum(epoch >= drop for drop in section.drop_epochs)
    return warmup
