"""What `centernet train` does once it knows what to train, and where."""

from __future__ import annotations

import sys
import time
from collections import Counter
from typing import TYPE_CHECKING

import typer

from centernet_cli.cli import console
from centernet_cli.core.errors import DivergedError

if TYPE_CHECKING:
    import torch

    from centernet_cli.core.recipe import Recipe
    from centernet_cli.training.distributed import Group
    from centernet_cli.training.run_dir import RunDir
    from centernet_cli.training.trainer import Trainer


def run_job(settings: Recipe, run: RunDir, device: torch.device, group: Group, *, again: bool, dry_run: bool) -> None:
    """Train, go on training, or rehearse.

    Args:
        settings: What to train.
        run: Where.
        device: Of this process.
        group: Of the processes that train together.
        again: Whether the run goes on.
        dry_run: Only rehearse.

    Raises:
        CenterNetError: Anything the user should know of.
    """
    from centernet_cli.training.loop import Stopped, prepare, train

    trainer = prepare(settings, run, device, resume=again, group=group)
    if again:
        trainer.restore()
    describe(trainer)
    if dry_run:
        rehearse(trainer)
        return
    if again:
        if trainer.epoch >= settings.train.epochs and run.weights.is_file():
            console.say(f"{run.root}: this run is finished ({trainer.step} steps); weights are in {run.weights}")
            return
        epochs = settings.train.epochs
        console.say(f"going on after {trainer.step} steps, in epoch {min(trainer.epoch + 1, epochs)} of {epochs}")
    elif group.leads:
        run.create(settings, replace=group.restarts > 0)
    from centernet_cli.cli.train_progress import ConsoleProgress

    progress = ConsoleProgress()
    try:
        result = train(trainer, progress)
    except Stopped as stopped:
        console.say(f"stopped after {trainer.step} steps; go on with: centernet train --resume {run.root}")
        raise typer.Exit(128 + stopped.signum) from None
    finally:
        progress.close()
    if result is not None:
        console.say(f"best score {trainer.best_score:.4f} after epoch {trainer.best_epoch}")
    if group.leads:
        console.write(str(run.weights))


def describe(trainer: Trainer) -> None:
    """Say what was found and what will be trained."""
    data = trainer.data
    rows: dict[str, Counter[str]] = {}
    for page in data.train:
        rows.setdefault(page.source, Counter()).update(train=1, boxes=len(page.boxes))
    for held in data.val:
        rows.setdefault(held.source, Counter()).update(val=1)
    width = max(map(len, ("source", *rows)))
    console.say(f"{'source'.ljust(width)}  train    val    boxes")
    for name, row in rows.items():
        console.say(f"{name.ljust(width)} {row['train']:6d} {row['val']:6d} {row['boxes']:8d}")
    for label, count in data.dropped_labels.most_common():
        console.say(f"not used: {count} boxes labelled '{label}'")
    if not data.val:
        console.warn("no page is held out: the last weights are kept, and no score is measured")
    parameters = sum(parameter.numel() for parameter in trainer.network.parameters())
    trained = sum(parameter.numel() for parameter in trainer.network.parameters() if parameter.requires_grad)
    if trainer.fresh:
        first = ", ".join(trainer.fresh[:3]) + (", …" if len(trainer.fresh) > 3 else "")
        console.say(f"not in {trainer.recipe.model.init}: {len(trainer.fresh)} tensors start afresh ({first})")
    name = str(trainer.dtype).removeprefix("torch.")
    console.say(
        f"model {trainer.recipe.model.backbone} + {trainer.recipe.model.neck}, {parameters / 1e6:.2f} M parameters, "
        f"{trained / 1e6:.2f} M trained; {trainer.device}, {name}"
    )


def rehearse(trainer: Trainer) -> None:
    """Do one training step and report time and memory.

    Raises:
        DivergedError: Its loss is not finite.
    """
    from centernet_cli.datasets.samples import Samples
    from centernet_cli.training.batch import collate
    from centernet_cli.training.data import plan_epoch
    from centernet_cli.training.loop import training_step

    recipe, pages = trainer.recipe, trainer.data.train
    batches = plan_epoch(pages, epoch=0, recipe=recipe)
    samples = Samples(pages, recipe.augment, recipe.train.input, recipe.train.page_size, recipe.data.cache_mb)
    batch = collate([samples[draw] for draw in batches[0]])
    trainer.connect()
    seconds = []
    for _ in range(2):
        start = time.monotonic()
        terms = training_step(trainer, [batch] * recipe.train.accumulate, 1.0)
        seconds.append(time.monotonic() - start)
    if terms is None:
        raise DivergedError("T901", "the loss of the first step is not finite", hint="train.precision=fp32")
    steps = len(batches) * recipe.train.epochs
    losses = ", ".join(f"{name} {value:.3g}" for name, value in terms.items())
    console.say(
        f"{steps} steps of {len(batches[0])} samples, {seconds[-1]:.2f} s each: about "
        f"{console.duration(steps * seconds[-1])}{peak_memory()}; {losses}"
    )


def peak_memory() -> str:
    """Return the most memory that was in use so far, in words; empty where the system doesn't tell."""
    import torch

    try:
        import resource
    except ImportError:  # Windows
        return ""
    unit = 2**20 if sys.platform == "darwin" else 2**10
    text = f"; peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6:.0f} MB"
    if torch.cuda.is_available():
        text += f", {torch.cuda.max_memory_allocated() / 1e6:.0f} MB on the GPU"
    return text
