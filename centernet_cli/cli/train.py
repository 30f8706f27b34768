"""`centernet train`: a recipe in, a run folder out."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from centernet_cli.cli import console
from centernet_cli.core.errors import ModelError, UsageError

if TYPE_CHECKING:
    import torch

    from centernet_cli.core.recipe import Recipe
    from centernet_cli.training.distributed import Group
    from centernet_cli.training.run_dir import RunDir

RECIPE = typer.Argument(help="Recipe file, or the name of a shipped one; left out with --resume.")
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
        centernet train --resume runs/lines --set train.epochs=40

    The run folder gets the resolved recipe, metrics.jsonl, checkpoints and weights.safetensors, which --model of
    the other commands reads.
    """
    from centernet_cli.cli.train_job import run_job
    from centernet_cli.training.distributed import connected, group_of

    group = group_of()
    chosen = _device_of(group, device)
    if not group.leads:
        console.quieten(True)
    if resume is not None and (recipe is not None or out is not None):
        raise UsageError("U114", "--resume goes on with the run's own recipe: leave RECIPE and --out out")
    if resume is None and recipe is None:
        raise UsageError("U115", "give a recipe, or --resume RUN", hint="centernet recipe list")
    if resume is None and out is None and not dry_run and (group.world > 1 or group.restarts):
        raise UsageError("U116", "several processes need one run folder: give --out")
    settings, run, begun = _begin(recipe, list(overrides or ()), out, resume, group, dry_run=dry_run)
    with connected(group, chosen):
        run_job(settings, run, chosen, group, begun=begun, dry_run=dry_run)


def _device_of(group: Group, name: str) -> torch.device:
    """Return the device of this process: with several on a machine, each has the GPU of its number."""
    from centernet_cli.inference.runtimes.devices import pick_device

    device = pick_device(name)
    if group.world > 1 and device.type == "cuda" and name in {"auto", "cuda"}:
        device = pick_device(f"cuda:{group.local_rank}")
    return device


def _begin(
    recipe: Path | None, overrides: list[str], out: Path | None, resume: Path | None, group: Group, *, dry_run: bool
) -> tuple[Recipe, RunDir, bool]:
    """Return the recipe, the run folder, and whether it was begun: to go on with it, or before a crash."""
    from centernet_cli.core.recipe_file import load_recipe
    from centernet_cli.training.run_dir import RunDir

    if resume is not None:
        run = RunDir(resume)
        if not run.recipe.is_file():
            raise ModelError("M511", "not a run folder: no recipe.resolved.yaml", path=resume)
        return load_recipe(run.recipe, overrides), run, True
    assert recipe is not None
    settings = load_recipe(recipe, overrides)
    stamp = datetime.now().astimezone().strftime("%Y%m%d-%H%M%S")
    run = RunDir(out or Path("runs") / f"{settings.name}-{stamp}")
    if group.restarts:
        return settings, run, True
    if group.leads and not dry_run:
        run.check_free()  # before data are read, which may take minutes
    return settings, run, False
