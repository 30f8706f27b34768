"""Optimisers and learning-rate schedules."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

if TYPE_CHECKING:
    from centernet_cli.core.recipe import OptimSection
    from centernet_cli.models.centernet import CenterNet


STAGE = re.compile(r"backbone\.stages\.(\d+)\.")


def build_optimizer(model: CenterNet, section: OptimSection, *, frozen_too: bool = False) -> torch.optim.Optimizer:
    """Group the trained parameters: backbone (with `layer_decay` its stages) or not, decayed (weights) or not (biases).

    `adam` is that of the original code: betas 0.9 and 0.999, and a decay, if the recipe has any, of all parameters
    alike, through the gradient.

    Args:
        model: To train.
        section: Kind and rates.
        frozen_too: Take those that aren't trained yet as well; without a gradient they stay as they are.
    """
    alike = section.name == "adam"
    usual = 0.0 if alike else 1e-4
    decay = usual if section.weight_decay is None else section.weight_decay
    groups: dict[tuple[int, bool], list[nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad or frozen_too:
            decayed = alike or parameter.ndim > 1
            depth = _depth(name) if section.layer_decay < 1 else int(name.startswith("backbone."))
            groups.setdefault((depth, decayed), []).append(parameter)
    settings = [
        {
            "params": parameters,
            "weight_decay": decay if decayed else 0.0,
            "lr": section.lr * (section.backbone_lr_factor if depth else 1.0) * section.layer_decay**depth,
        }
        for (depth, decayed), parameters in groups.items()
    ]
    if alike:
        return torch.optim.Adam(settings, lr=section.lr)
    if section.name == "adamw":
        return torch.optim.AdamW(settings, lr=section.lr)
    return torch.optim.SGD(settings, lr=section.lr, momentum=section.momentum)


def restore_optimizer(optimizer: torch.optim.Optimizer, state: dict[str, Any]) -> None:
    """Go back to a state; rates, decay and momentum are those that the optimiser was built with.

    Raises:
        ValueError: The state of another kind of optimiser, which torch would take, and fail at the first step.
    """
    if set(optimizer.param_groups[0]) - set(state["param_groups"][0]) - {"initial_lr"}:
        raise ValueError("the state of another optimiser")
    chosen: list[dict[str, Any]] = [
        {name: group[name] for name in ("lr", "weight_decay", "momentum") if name in group}
        for group in optimizer.param_groups
    ]
    optimizer.load_state_dict(state)
    for group, values in zip(optimizer.param_groups, chosen, strict=True):
        group.update(values, initial_lr=values["lr"])


def _depth(name: str) -> int:
    """Return the stages from the neck to that of a parameter: 1 to 4; 0 for neck and heads, 1 for an hourglass."""
    found = STAGE.match(name)
    return 4 - int(found[1]) if found else int(name.startswith("backbone."))


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
