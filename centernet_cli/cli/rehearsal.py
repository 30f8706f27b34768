"""`centernet train --dry-run`: what a training would take."""

from __future__ import annotations

import math
import sys
import time
from typing import TYPE_CHECKING

from centernet_cli.cli import console
from centernet_cli.core.errors import DivergedError

if TYPE_CHECKING:
    from centernet_cli.training.trainer import Trainer

BATCHES = 2
"""Made and learnt from: the first one also pays for what is only done once."""


def rehearse(trainer: Trainer) -> None:
    """Do a few steps and report time and memory.

    Raises:
        DivergedError: Their loss is not finite.
    """
    from centernet_cli.datasets.page_cache import page_reader
    from centernet_cli.datasets.samples import Samples
    from centernet_cli.training.batch import collate
    from centernet_cli.training.data import plan_epoch
    from centernet_cli.training.loop import training_step

    recipe, pages = trainer.recipe, trainer.data.train
    plan = plan_epoch(pages, epoch=0, recipe=recipe)
    samples = Samples(pages, recipe.augment, recipe.train.input, recipe.train.page_size, page_reader(recipe.data))
    trainer.connect()
    loading, learning = [], []
    terms: dict[str, float] | None = {}
    for draws in [*plan, *plan][:BATCHES]:
        start = time.monotonic()
        mine = trainer.group.share(draws) or draws[:1]
        batch = collate([samples[draw] for draw in mine])
        loading.append((time.monotonic() - start) / len(mine))
        start = time.monotonic()
        terms = training_step(trainer, [batch] * recipe.train.accumulate, 1.0)
        learning.append(time.monotonic() - start)
        if terms is None:
            raise DivergedError("T901", "the loss of the first step is not finite", hint="train.precision=fp32")
    losses = ", ".join(f"{name} {value:.3g}" for name, value in (terms or {}).items())
    size = len(trainer.group.share(plan[0])) * recipe.train.accumulate
    step, load = min(learning), min(loading) * size
    steps = math.ceil(len(plan) / recipe.train.accumulate) * recipe.train.epochs
    workers = recipe.data.workers
    each = max(step, load / workers) if workers else step + load
    total = f"{steps} steps of {recipe.train.batch_size * recipe.train.accumulate} samples, {each:.2f} s each"
    console.say(f"{total}: about {console.duration(steps * each)}{peak_memory()}; {losses}")
    console.say(f"of that {load:.2f} s to make the samples (by {workers} workers), {step:.2f} s to learn from them")
    if load > 0.3 * step and load / max(workers, 1) > 0.9 * step:
        console.say(
            f"the samples hold it up: data.workers={math.ceil(load / step) + workers // 2} if there are processors"
        )
    if recipe.data.workers and recipe.data.cache == "memory":
        console.say(f"each of {workers} workers keeps up to {recipe.data.cache_mb} MB of pages (data.cache_mb)")


def peak_memory() -> str:
    """Return the most memory that was in use so far, in words; empty where the system doesn't tell."""
    import torch

    try:
        import resource
    except ImportError:  # Windows
        return ""
    unit = 1 if sys.platform == "darwin" else 2**10
    text = f"; peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6:.0f} MB"
    if torch.cuda.is_available():
        text += f", {torch.cuda.max_memory_allocated() / 1e6:.0f} MB on the GPU"
    return text
