"""Give a trained model a lean stem: teach it to imitate the features of the stem that it replaces.

    python recipes/lean_stem.py lines recipes/lines.yaml --out runs/lean.safetensors

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

from centernet_cli.core.recipe_file import load_recipe
from centernet_cli.models.backbones import LEAN, Backbone
from centernet_cli.models.centernet import CenterNet
from centernet_cli.models.lean_stem import LeanStem
from centernet_cli.models.pixels import pixel_statistics
from centernet_cli.models.zoo import load_model, save_model
from centernet_cli.training.batch import normalise
from centernet_cli.training.data import load_data, plan_epoch
from centernet_cli.training.feed import Feed

RATE = 5e-3


def stem(network: CenterNet) -> nn.Module:
    """Return the part of a network up to stride 4."""
    assert isinstance(network.backbone, Backbone)
    return network.backbone.stages[0]


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
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="as of `centernet train`")
    given = parser.parse_args()
    loaded = load_model(given.model)
    section = loaded.meta.model.model_copy(update={"backbone": LEAN, "frozen_stages": 0})
    network = CenterNet(section, len(loaded.meta.classes))
    state = network.state_dict()
    old = loaded.network.state_dict()
    state.update({name: old[name] for name in state if name in old and old[name].shape == state[name].shape})
    network.load_state_dict(state)

    recipe = load_recipe(given.recipe, given.set)
    pages = load_data(recipe).train
    feed = Feed(pages, recipe)
    teacher = stem(loaded.network).eval().to(memory_format=torch.channels_last)
    student = stem(network).train().to(memory_format=torch.channels_last)
    assert isinstance(student, LeanStem)
    optimizer = torch.optim.AdamW(student.parameters(), lr=RATE, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=given.steps, pct_start=0.1)
    mean, std, bgr = pixel_statistics(section.pixels)
    step, epoch, shown, start = 0, 0, 0.0, time.monotonic()
    while step < given.steps:
        for batch in feed.batches(plan_epoch(pages, epoch=epoch, recipe=recipe)):
            images = normalise(batch.images, mean, std, bgr=bgr).contiguous(memory_format=torch.channels_last)
            with torch.autocast("cpu", dtype=torch.bfloat16):
                with torch.no_grad():
                    wanted = teacher(images).float()
                    if step == 0:
                        start_alike(student, wanted)
                made = student(images)
            loss = difference(made, wanted)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
            step += 1
            shown += loss.item()
            if step % 50 == 0:
                print(f"{step} {shown / 50:.4f} {time.monotonic() - start:.0f} s", file=sys.stderr, flush=True)
                shown = 0.0
            if step == given.steps:
                break
        epoch += 1
    given.out.parent.mkdir(parents=True, exist_ok=True)
    save_model(network.state_dict(), replace(loaded.meta, model=section), given.out)


if __name__ == "__main__":
    main()
