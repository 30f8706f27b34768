"""What `centernet train` does once it knows what to train, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING

from centernet_cli.cli import console
from centernet_cli.cli.train_tables import class_table, describe

if TYPE_CHECKING:
    import torch

    from centernet_cli.core.recipe import Recipe
    from centernet_cli.training.checkpoint import State
    from centernet_cli.training.distributed import Group
    from centernet_cli.training.run_dir import RunDir
    from centernet_cli.training.trainer import Trainer


def run_job(settings: Recipe, run: RunDir, device: torch.device, group: Group, *, begun: bool, dry_run: bool) -> None:
    """Train, go on training, or rehearse.

    Args:
        settings: What to train.
        run: Where.
        device: Of this process.
        group: Of the processes that train together.
        begun: Whether the run was begun before; without a checkpoint it begins anew.
        dry_run: Only rehearse.

    Raises:
        CenterNetError: Anything the user should know of.
    """
    from centernet_cli.cli.rehearsal import rehearse
    from centernet_cli.training.checkpoint import load_checkpoint
    from centernet_cli.training.trainer import prepare

    if begun and group.leads and not dry_run:
        console.keep_log(run.log)
    # With a result but without a checkpoint something was taken away, and must not be written over.
    again = begun and (run.last.is_file() or run.weights.is_file())
    state = load_checkpoint(run.last) if again else None
    if begun and not again:
        console.say(f"{run.root}: ended before its first checkpoint, so the run begins anew")
    finished = state is not None and not dry_run and is_finished(run, state, settings)
    if finished and (has_report(run) or not group.leads):
        return
    trainer = prepare(settings, run, device, resume=again, group=group)
    if state is not None:
        go_back(trainer, state, keep=group.leads and not dry_run)
    elif group.leads and not dry_run:
        run.create(settings, replace=begun)
        console.keep_log(run.log)
    describe(trainer)
    if dry_run:
        rehearse(trainer)
    elif finished:
        conclude(trainer)
    else:
        learn(trainer, again=again)


def is_finished(run: RunDir, state: State, settings: Recipe) -> bool:
    """Return whether nothing is left to do, which is said.

    Raises:
        ModelError: The recipe was changed to one that the run cannot have.
    """
    from centernet_cli.training.changes import possible_changes
    from centernet_cli.training.ends import end_of, more_of

    possible_changes(state["recipe"], settings, run)
    end = end_of(settings.train, epochs=state["epoch"], seconds=state["seconds"], best_epoch=state["best_epoch"])
    if end is None or not has_result(run, state):
        return False
    console.say(f"{run.root}: this run is finished ({state['step']:,} steps); weights are in {run.weights}")
    console.say(f"to go on all the same: centernet train --resume {run.root} --set {more_of(settings.train, end)}")
    return True


def has_result(run: RunDir, state: State) -> bool:
    """Return whether the run's weights are those of its end: a part of it that ended before may have left others."""
    from centernet_cli.models.meta import read_meta

    if not run.weights.is_file():
        return False
    steps = read_meta(run.best).facts.get("steps") if run.best.is_file() else state["step"]
    return read_meta(run.weights).facts.get("steps") == steps


def has_report(run: RunDir) -> bool:
    """Return whether there is a report, and of the weights that are there."""
    return run.report.is_file() and run.report.stat().st_mtime_ns >= run.weights.stat().st_mtime_ns


def learn(trainer: Trainer, *, again: bool) -> None:
    """Train, and tell what came of it.

    Args:
        trainer: At the place where training begins.
        again: Whether the run was begun before.

    Raises:
        SystemExit: A signal ended it.
        CenterNetError: Anything else did.
    """
    from centernet_cli.cli.train_progress import ConsoleProgress
    from centernet_cli.cli.train_report import write_batches
    from centernet_cli.training.batch_pictures import batch_pictures
    from centernet_cli.training.loop import Stopped, train

    run, group, epochs = trainer.run, trainer.group, trainer.recipe.train.epochs
    if again:
        console.say(f"going on after {trainer.step} steps, in epoch {min(trainer.epoch + 1, epochs)} of {epochs}")
    elif group.leads:
        write_batches(trainer, batch_pictures(trainer.data.train, trainer.recipe))
    progress = ConsoleProgress()
    try:
        result = train(trainer, progress)
    except Stopped as stopped:
        console.say(f"stopped after {trainer.step} steps; go on with: centernet train --resume {run.root}")
        raise SystemExit(128 + stopped.signum) from None  # typer's Exit would be told as an interruption
    finally:
        progress.close()
    if result is not None and trainer.best_score > 0:
        console.say(f"best score {trainer.best_score:.4f} after epoch {trainer.best_epoch}")
    if group.leads:
        console.write(str(run.weights))
        conclude(trainer)


def go_back(trainer: Trainer, state: State, *, keep: bool) -> None:
    """Restore a run's state, and say what its recipe says now that it didn't say before.

    Args:
        trainer: Just built.
        state: Of `checkpoints/last.pt`.
        keep: Whether to write the recipe into the run folder if it was changed.

    Raises:
        ModelError: It doesn't fit.
        OutputError: The recipe cannot be written.
    """
    changed = trainer.restore(state)
    if not changed:
        return
    console.say(f"changed since the part before: {', '.join(map(str, changed))}")
    if state["batch"] and not trainer.batch:
        console.say("the epoch begins anew: its batches are others now")
    if keep:
        trainer.run.keep_recipe(trainer.recipe)


def conclude(trainer: Trainer) -> None:
    """Write the report, and say how good the classes are.

    Raises:
        OutputError: It cannot be written.
    """
    from centernet_cli.cli.train_report import write_report
    from centernet_cli.models.meta import read_meta
    from centernet_cli.models.zoo import load_model
    from centernet_cli.training.hints import class_hints, loss_hints
    from centernet_cli.training.validate import validate

    pairs, recipe = trainer.best_pairs, trainer.recipe
    if trainer.data.val and not pairs:  # the best epoch was in an earlier part of the run
        kept = load_model(str(trainer.run.weights))
        network = kept.network.to(trainer.device)
        pairs = validate(network, kept.meta, trainer.data.val, recipe, trainer.device).pairs
    meta = read_meta(trainer.run.weights)
    hints = loss_hints(trainer.run.read_metrics(), said=trainer.hints)
    if pairs:
        hints += class_hints(pairs, recipe.data.classes, meta.threshold, said=[*trainer.hints, *hints])
    for hint in hints:
        trainer.hints.append(hint)
        console.warn(hint)
    summary = write_report(trainer, pairs, meta)
    if summary is not None:
        class_table(summary)
    console.say(f"report: {trainer.run.report}")
