"""`centernet train`: a recipe in, a run folder out."""

from __future__ import annotations

import sys
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from centernet_cli.cli import console
from centernet_cli.core.errors import DivergedError, ModelError, UsageError

if TYPE_CHECKING:
    from centernet_cli.training.loop import Trainer

RECIPE = typer.Argument(help="Recipe file, or the name of a shipped one; with --resume it may be left out.")
OVERRIDES = typer.Option("--set", help="Override a value of the recipe, such as train.epochs=3; repeatable.")
OUT = typer.Option("--out", help="Run folder; default runs/NAME-DATE.")
RESUME = typer.Option("--resume", help="Go on with this run folder where it stopped.")
DRY_RUN = typer.Option("--dry-run", help="Read the data, do one step, say what it took, write nothing.")
DEVICE = typer.Option("--device", help="auto, cpu, cuda, cuda:1 or mps.")


def train(
    recipe: Annotated[Path | None, RECIPE] = None,
    overrides: Annotated[list[str] | None, OVERRIDES] = None,
    out: Annotated[Path | None, OUT] = None,
    resume: Annotated[Path | None, RESUME] = None,
    dry_run: Annotated[bool, DRY_RUN] = False,
    device: Annotated[str, DEVICE] = "auto",
) -> None:
    """Train a model from a recipe.

    Examples:
        centernet train recipes/smoke.yaml
        centernet train recipes/lines.yaml --set train.batch_size=8 --out runs/lines
        centernet train --resume runs/lines

    The run folder gets the resolved recipe, metrics.jsonl, checkpoints and weights.safetensors, which --model of
    the other commands reads.
    """
    from centernet_cli.core.recipe_file import load_recipe
    from centernet_cli.inference.runtimes.devices import pick_device
    from centernet_cli.training.run_dir import RunDir

    chosen = pick_device(device)
    if resume is not None:
        if recipe is not None or overrides or out is not None:
            raise UsageError("U114", "--resume goes on with the run's own recipe: leave RECIPE, --set and --out out")
        run = RunDir(resume)
        if not run.recipe.is_file():
            raise ModelError("M511", "not a run folder: no recipe.resolved.yaml", path=resume)
        settings = load_recipe(run.recipe)
    elif recipe is None:
        raise UsageError("U115", "give a recipe, or --resume RUN", hint="centernet recipe list")
    else:
        settings = load_recipe(recipe, overrides or ())
        stamp = datetime.now().astimezone().strftime("%Y%m%d-%H%M%S")
        run = RunDir(out or Path("runs") / f"{settings.name}-{stamp}")
        if not dry_run:
            run.check_free()  # before data are read, which may take minutes

    from centernet_cli.training.loop import Stopped, prepare
    from centernet_cli.training.loop import train as run_training

    trainer = prepare(settings, run, chosen, resume=resume is not None)
    if resume is not None:
        trainer.restore()
    describe(trainer)
    if dry_run:
        rehearse(trainer)
        return
    if resume is not None:
        if trainer.epoch >= settings.train.epochs and run.weights.is_file():
            console.say(f"{resume}: this run is finished ({trainer.step} steps); weights are in {run.weights}")
            return
        epochs = settings.train.epochs
        console.say(f"going on after {trainer.step} steps, in epoch {min(trainer.epoch + 1, epochs)} of {epochs}")
    else:
        run.create(settings)
    from centernet_cli.cli.train_progress import ConsoleProgress

    progress = ConsoleProgress()
    try:
        result = run_training(trainer, progress)
    except Stopped as stopped:
        console.say(f"stopped after {trainer.step} steps; go on with: centernet train --resume {run.root}")
        raise typer.Exit(128 + stopped.signum) from None
    finally:
        progress.close()
    if result is not None:
        console.say(f"best score {trainer.best_score:.4f} after epoch {trainer.best_epoch}")
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
    import time

    from centernet_cli.datasets.samples import Samples
    from centernet_cli.training.batch import collate
    from centernet_cli.training.data import plan_epoch
    from centernet_cli.training.loop import training_step

    recipe, pages = trainer.recipe, trainer.data.train
    batches = plan_epoch(pages, epoch=0, recipe=recipe)
    samples = Samples(pages, recipe.augment, recipe.train.input, recipe.train.page_size, recipe.data.cache_mb)
    batch = collate([samples[draw] for draw in batches[0]])
    seconds = []
    for _ in range(2):
        start = time.monotonic()
        terms = training_step(trainer, batch, 1.0)
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
