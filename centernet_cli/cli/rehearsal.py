"""`centernet train --dry-run`: what a training would take."""

from __future__ import annotations

import math
import sys
import time
from typing import TYPE_CHECKING

from centernet_cli.cli import console
from centernet_cli.core.errors import DivergedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from centernet_cli.core.recipe import DataSection
    from centernet_cli.datasets.samples import LabelledPage
    from centernet_cli.training.trainer import Trainer

BATCHES = 2
"""Made and learnt from: the first one also pays for what is only done once."""


def rehearse(trainer: Trainer) -> None:
    """Do a few steps and predict a page, and report time and memory.

    Raises:
        DivergedError: The loss is not finite.
        CenterNetError: A page cannot be read, or memory is short.
    """
    from centernet_cli.training.data import plan_epoch

    recipe = trainer.recipe
    plan = plan_epoch(trainer.data.train, epoch=0, recipe=recipe)
    load, step, losses = try_steps(trainer)
    steps = math.ceil(len(plan) / recipe.train.accumulate) * recipe.train.epochs
    workers = recipe.data.workers
    each = max(step, load / workers) if workers else step + load
    seconds = steps * each
    console.say(
        f"{steps:,} steps of {recipe.train.batch_size * recipe.train.accumulate} samples, {each:.2f} s each: about "
        f"{console.duration(seconds)}; {losses}"
    )
    console.say(f"of that {load:.2f} s to make the samples (by {workers} workers), {step:.2f} s to learn from them")
    if load > 0.3 * step and load / max(workers, 1) > 0.9 * step:
        console.say(
            f"the samples hold it up: data.workers={math.ceil(load / step) + workers // 2} if there are processors"
        )
    if trainer.data.val:
        page, times = try_validation(trainer), math.ceil(recipe.train.epochs / recipe.train.val_every)
        pages = len(trainer.group.share(trainer.data.val))
        seconds += times * pages * page
        console.say(
            f"{times:,} validations of {pages:,} pages, {page:.2f} s a page: about "
            f"{console.duration(times * pages * page)}"
        )
    budget = recipe.train.hours
    if budget is not None:
        console.say(f"the whole about {console.duration(min(seconds, budget * 3600))}: train.hours allows {budget:g} h")
    else:
        console.say(f"the whole about {console.duration(seconds)}")
    console.say(memory(trainer.data.train, recipe.data))


def try_steps(trainer: Trainer) -> tuple[float, float, str]:
    """Return the seconds to make the samples of a step and to learn from them, and the losses in words.

    Raises:
        DivergedError: They are not finite.
    """
    from centernet_cli.datasets.page_cache import page_reader
    from centernet_cli.datasets.samples import Samples
    from centernet_cli.training.batch import collate
    from centernet_cli.training.data import plan_epoch
    from centernet_cli.training.step import training_step

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
    size = len(trainer.group.share(plan[0])) * recipe.train.accumulate
    losses = ", ".join(f"{name} {value:.3g}" for name, value in (terms or {}).items())
    return min(loading) * size, min(learning), losses


def try_validation(trainer: Trainer) -> float:
    """Return the seconds that the judgement of a page takes."""
    from centernet_cli.training.trainer import model_meta
    from centernet_cli.training.validate import validate

    page, meta = trainer.data.val[:1], model_meta(trainer, None)
    seconds = []
    for _ in range(2):  # the first time is also the first time
        start = time.monotonic()
        validate(trainer.averaged.eval(), meta, page, trainer.recipe, trainer.device)
        seconds.append(time.monotonic() - start)
    return min(seconds)


def memory(pages: Sequence[LabelledPage], section: DataSection) -> str:
    """Return in words how much memory a training takes: what was in use so far, and decoded pages."""
    decoded = sum({(page.path, page.frame): 3 * page.width * page.height for page in pages}.values()) / 1e6
    if section.cache == "disk":
        kept = f"decoded pages: up to {min(decoded, section.cache_disk_mb):,.0f} MB on disk (data.cache_disk_mb)"
    else:
        where = f"in each of {section.workers} workers" if section.workers else "in memory"
        kept = f"decoded pages: up to {min(decoded, section.cache_mb):,.0f} MB {where} (data.cache_mb)"
    return "; ".join(part for part in (peak_memory(), kept) if part)


def peak_memory() -> str:
    """Return the most memory that was in use so far, in words; empty where the system doesn't tell."""
    import torch

    try:
        import resource
    except ImportError:  # Windows
        return ""
    unit = 1 if sys.platform == "darwin" else 2**10
    text = f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6:,.0f} MB"
    if torch.cuda.is_available():
        text += f", {torch.cuda.max_memory_allocated() / 1e6:,.0f} MB on the GPU"
    return text
