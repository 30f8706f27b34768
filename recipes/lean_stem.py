"""Give a trained model a lean stem: teach it to make the backbone see what it saw behind the stem that is replaced.

    python recipes/lean_stem.py old.safetensors recipes/lines.yaml --out runs/lean.safetensors

All else is taken over as it is; training the whole on is the work of a recipe (`model.init: runs/lean.safetensors`).
Pages come from the recipe's sources, with its augmentation; labels are not looked at.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor, nn

from centernet_cli.core.recipe import Recipe
from centernet_cli.core.recipe_file import load_recipe
from centernet_cli.models.backbones import LEAN, Backbone
from centernet_cli.models.centernet import CenterNet
from centernet_cli.models.lean_stem import LeanStem
from centernet_cli.models.pixels import pixel_statistics
from centernet_cli.models.zoo import LoadedModel, load_model, save_model
from centernet_cli.training.batch import normalise
from centernet_cli.training.data import load_data, plan_epoch
from centernet_cli.training.feed import Feed

RATE = 5e-3
STEM = "backbone.stages.0."


def backbone(network: CenterNet) -> Backbone:
    """Return a network's backbone in evaluation mode."""
    assert isinstance(network.backbone, Backbone)
    return network.backbone.eval().to(memory_format=torch.channels_last)


def difference(made: Tensor, wanted: Tensor) -> Tensor:
    """Return the mean squared difference of `(B, C, h, w)` in units of each channel's variance."""
    variance = wanted.var(dim=(0, 2, 3), keepdim=True).clamp(min=1e-6)
    return ((made.float() - wanted).square() / variance).mean()


def start_alike(student: LeanStem, wanted: Tensor) -> None:
    """Give the student's last normalisation the mean and spread of `wanted (B, C, h, w)`."""
    last = student.project[-1]
    assert isinstance(last, nn.BatchNorm2d)
    last.bias.copy_(wanted.mean(dim=(0, 2, 3)))
    last.weight.copy_(wanted.std(dim=(0, 2, 3)))


def main() -> None:
    """Imitate, then write the model."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("model", help="name, folder or file")
    parser.add_argument("recipe", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--stem", help="a model with a lean stem to begin with")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="as of `centernet train`")
    given = parser.parse_args()
    loaded = load_model(given.model)
    section = loaded.meta.model.model_copy(update={"backbone": LEAN, "frozen_stages": 0})
    network = CenterNet(section, len(loaded.meta.classes))
    take_over(network, loaded.network, "")
    if given.stem:
        take_over(network, load_model(given.stem).network, STEM)

    given.out.parent.mkdir(parents=True, exist_ok=True)
    imitate(loaded, network, load_recipe(given.recipe, given.set), given.steps, afresh=given.stem is None)
    save_model(network.state_dict(), replace(loaded.meta, model=section), given.out)


def imitate(loaded: LoadedModel, network: CenterNet, recipe: Recipe, steps: int, *, afresh: bool) -> None:
    """Train the stem of `network` until its backbone's four feature maps are those of the model's."""
    pages = load_data(recipe).train
    feed = Feed(pages, recipe)
    teacher, student = backbone(loaded.network), backbone(network)
    stem = student.stages[0].train()
    assert isinstance(stem, LeanStem)
    student.requires_grad_(requires_grad=False)
    stem.requires_grad_(requires_grad=True)
    optimizer = torch.optim.AdamW(stem.parameters(), lr=RATE, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps, pct_start=0.1)
    mean, std, bgr = pixel_statistics(recipe.model.pixels)
    step, epoch, shown, start = 0, 0, torch.zeros(4), time.monotonic()
    while step < steps:
        for batch in feed.batches(plan_epoch(pages, epoch=epoch, recipe=recipe)):
            images = normalise(batch.images, mean, std, bgr=bgr).contiguous(memory_format=torch.channels_last)
            with torch.autocast("cpu", dtype=torch.bfloat16):
                with torch.no_grad():
                    wanted = [features.float() for features in teacher(images)]
                    if step == 0 and afresh:
                        start_alike(stem, wanted[0])
                made = student(images)
            losses = torch.stack([difference(*pair) for pair in zip(made, wanted, strict=True)])
            optimizer.zero_grad()
            losses.sum().backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
            step += 1
            shown += losses.detach()
            if step % 50 == 0:
                told = " ".join(f"{value:.3f}" for value in (shown / 50).tolist())
                print(f"{step} {told} {time.monotonic() - start:.0f} s", file=sys.stderr, flush=True)
                shown.zero_()
            if step == steps:
                break
        epoch += 1
    student.requires_grad_(requires_grad=True)


def take_over(network: CenterNet, old: CenterNet, prefix: str) -> None:
    """Copy the tensors of that prefix and shape."""
    state, there = network.state_dict(), old.state_dict()
    for name, value in state.items():
        if name.startswith(prefix) and name in there and there[name].shape == value.shape:
            value.copy_(there[name])
    network.load_state_dict(state)


if __name__ == "__main__":
    main()
