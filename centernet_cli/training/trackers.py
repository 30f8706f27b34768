"""Experiment trackers beside metrics.jsonl: whatever goes wrong with one is told once and never stops a training."""

from __future__ import annotations

import hashlib
import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from centernet_cli.core.recipe import Recipe, TrackerName
    from centernet_cli.training.run_dir import RunDir


class Tracker(Protocol):
    """Takes numbers by name."""

    def log(self, values: Mapping[str, float], step: int) -> None:
        """Take the numbers of a step."""

    def close(self) -> None:
        """Write what is still held back."""


class TensorBoard:
    """Event files in the run's folder `tensorboard`, for `tensorboard --logdir`."""

    def __init__(self, recipe: Recipe, run: RunDir) -> None:
        from torch.utils.tensorboard.writer import SummaryWriter

        self._writer = SummaryWriter(str(run.root / "tensorboard"))
        self._writer.add_text("name", recipe.name)

    def log(self, values: Mapping[str, float], step: int) -> None:
        for name, value in values.items():
            self._writer.add_scalar(name, value, step)

    def close(self) -> None:
        self._writer.close()


@contextmanager
def without_questions() -> Iterator[None]:
    """Take the terminal's input away: who isn't logged in is told so, instead of being asked while a training waits."""
    before = sys.stdin
    with open(os.devnull, encoding="utf-8") as nothing:  # noqa: PTH123
        sys.stdin = nothing
        try:
            yield
        finally:
            sys.stdin = before


class WandB:
    """A run of Weights & Biases; `WANDB_MODE=offline` keeps it in the run's folder, to be sent later."""

    def __init__(self, recipe: Recipe, run: RunDir) -> None:
        import wandb

        with without_questions():
            self._run = wandb.init(
                project="centernet",
                name=run.root.name,
                dir=str(run.root),
                config=recipe.model_dump(mode="json"),
                # A run that is resumed goes on in the same place.
                id=hashlib.sha256(str(run.root.resolve()).encode()).hexdigest()[:16],
                resume="allow",
            )

    def log(self, values: Mapping[str, float], step: int) -> None:
        self._run.log(dict(values), step=step)

    def close(self) -> None:
        self._run.finish()


TRACKERS: dict[TrackerName, Callable[[Recipe, RunDir], Tracker]] = {"tensorboard": TensorBoard, "wandb": WandB}


class Trackers:
    """Those that a recipe names and that work.

    Args:
        recipe: Names them.
        run: Where they may keep files.
        tell: Takes the news that one doesn't work; it is left out from then on.
        leads: Whether this process is the one that writes; others track nothing.
    """

    def __init__(self, recipe: Recipe, run: RunDir, tell: Callable[[str], None], *, leads: bool = True) -> None:
        self._tell = tell
        self._working: dict[str, Tracker] = {}
        for name in recipe.train.trackers if leads else ():
            try:
                self._working[name] = TRACKERS[name](recipe, run)
            except ImportError as error:
                tell(f"tracker {name}: {error} (pip install 'centernet-cli[{name}]'); training goes on without it")
            except Exception as error:  # noqa: BLE001 - somebody else's program must not stop a training
                self._failed(name, error)

    def log(self, values: Mapping[str, object], step: int) -> None:
        """Pass the numbers among `values` on."""
        numbers = scalars(values)
        for name, tracker in list(self._working.items()):
            try:
                tracker.log(numbers, step)
            except Exception as error:  # noqa: BLE001
                self._failed(name, error)

    def close(self) -> None:
        """End them."""
        for name, tracker in list(self._working.items()):
            try:
                tracker.close()
            except Exception as error:  # noqa: BLE001
                self._failed(name, error)
        self._working.clear()

    def _failed(self, name: str, error: Exception) -> None:
        self._working.pop(name, None)
        first = (str(error).strip() or type(error).__name__).splitlines()[0]
        self._tell(f"tracker {name}: {first}; training goes on without it")


def scalars(values: Mapping[str, object], prefix: str = "") -> dict[str, float]:
    """Return the numbers among `values`, those of inner mappings as `outer/inner`; step and epoch are left out."""
    found: dict[str, float] = {}
    for name, value in values.items():
        if isinstance(value, dict):
            found |= scalars(value, f"{prefix}{name}/")
        elif (
            isinstance(value, int | float)
            and value is not True
            and value is not False
            and f"{prefix}{name}" not in {"step", "epoch"}
        ):
            found[prefix + name] = float(value)
    return found
