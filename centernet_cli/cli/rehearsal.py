"""`centernet train --dry-run`: what a training would take."""

from __future__ import annotations

import copy
import math
import time
from typing import TYPE_CHECKING

from centernet_cli.cli import console
from centernet_cli.core.errors import DivergedError

if TYPE_CHECKING:
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
    from centernet_cli.training.memory import memory_line

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
    predicted = 0
    if trainer.data.val:
        (page, predicted), times = try_validation(trainer), math.ceil(recipe.train.epochs / recipe.train.val_every)
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
    try_writing(trainer)
    console.say(memory_line(trainer, [draw for draws in [*plan, *plan][:BATCHES] for draw in draws], predicted))


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


def try_writing(trainer: Trainer) -> None:
    """Make what a run writes on the way, for the memory that this takes."""
    from centernet_cli.models.zoo import model_bytes
    from centernet_cli.training.batch_pictures import batch_pictures
    from centernet_cli.training.trainer import model_meta

    batch_pictures(trainer.data.train, trainer.recipe)
    model_bytes(dict(trainer.averaged.state_dict()), model_meta(trainer, None))


def try_validation(trainer: Trainer) -> tuple[float, int]:
    """Return the seconds that the judgement of a page takes, and how many boxes were found on it."""
    from centernet_cli.training.trainer import model_meta
    from centernet_cli.training.validate import validate

    page, meta = trainer.data.val[:1], model_meta(trainer, None)
    # As the loop does it: prediction may lay out its network in memory as it likes.
    network = copy.deepcopy(trainer.network).eval() if trainer.ema is None else trainer.ema.model
    seconds, predicted = [], 0
    for _ in range(2):  # the first time is also the first time
        start = time.monotonic()
        result = validate(network, meta, page, trainer.recipe, trainer.device)
        seconds.append(time.monotonic() - start)
        predicted = len(result.pairs[0].predictions)
    return min(seconds), predicted
