"""What `centernet train` does once it knows what to train, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from centernet_cli.cli import console
from centernet_cli.cli.train_tables import class_table, describe

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
    from centernet_cli.cli.rehearsal import rehearse
    from centernet_cli.cli.train_progress import ConsoleProgress
    from centernet_cli.cli.train_report import write_batches
    from centernet_cli.training.batch_pictures import batch_pictures
    from centernet_cli.training.loop import Stopped, prepare, train

    if again and group.leads:
        console.keep_log(run.log)
    trainer = prepare(settings, run, device, resume=again, group=group)
    if again:
        trainer.restore()
    elif group.leads and not dry_run:
        run.create(settings, replace=group.restarts > 0)
        console.keep_log(run.log)
    describe(trainer)
    if dry_run:
        rehearse(trainer)
        return
    if again:
        if trainer.epoch >= settings.train.epochs and run.weights.is_file():
            console.say(f"{run.root}: this run is finished ({trainer.step} steps); weights are in {run.weights}")
            if group.leads and not run.report.is_file():
                conclude(trainer)
            return
        epochs = settings.train.epochs
        console.say(f"going on after {trainer.step} steps, in epoch {min(trainer.epoch + 1, epochs)} of {epochs}")
    elif group.leads:
        write_batches(trainer, batch_pictures(trainer.data.train, settings))
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
        conclude(trainer)


def conclude(trainer: Trainer) -> None:
    """Write the report, and say how good the classes are.

    Raises:
        OutputError: It cannot be written.
    """
    from centernet_cli.cli.train_report import write_report
    from centernet_cli.models.meta import read_meta
    from centernet_cli.models.zoo import load_model
    from centernet_cli.training.hints import class_hints
    from centernet_cli.training.validate import validate

    pairs, recipe = trainer.best_pairs, trainer.recipe
    if trainer.data.val and not pairs:  # the best epoch was in an earlier part of the run
        kept = load_model(str(trainer.run.weights))
        network = kept.network.to(trainer.device)
        pairs = validate(network, kept.meta, trainer.data.val, recipe, trainer.device).pairs
    threshold = read_meta(trainer.run.weights).threshold
    for hint in class_hints(pairs, recipe.data.classes, threshold) if pairs else []:
        trainer.hints.append(hint)
        console.warn(hint)
    summary = write_report(trainer, pairs)
    if summary is not None:
        class_table(summary)
    console.say(f"report: {trainer.run.report}")
