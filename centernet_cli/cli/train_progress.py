"""How `train` shows its progress: a bar a epoch on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from centernet_cli.cli import console
from centernet_cli.training.progress import Progress

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from centernet_cli.training.validate import Validation

SMOOTHING = 0.95


class ConsoleProgress(Progress):
    """Losses are shown as running means; the time left is that of the whole training."""

    def __init__(self) -> None:
        self._bar: console.Progress | None = None
        self._context: AbstractContextManager[console.Progress] | None = None
        self._means: dict[str, float] = {}
        self._start = time.monotonic()
        self._epoch_start = self._start
        self._first_share: float | None = None
        self._share = 0.0
        self._epochs = 0

    def close(self) -> None:
        """End the current bar."""
        if self._context is not None:
            self._context.__exit__(None, None, None)
        self._context = self._bar = None

    def epoch(self, epoch: int, epochs: int, batches: int, done: int) -> None:
        self._epoch_start, self._epochs = time.monotonic(), epochs
        self._open(f"epoch {epoch + 1}/{epochs}", batches, "batches")
        if done and self._bar is not None:
            self._bar.advance(done)

    def step(self, terms: dict[str, float], share: float, batches: int = 1) -> None:
        for name, value in terms.items():
            self._means[name] = SMOOTHING * self._means.get(name, value) + (1 - SMOOTHING) * value
        note = self._losses()
        self._share = share
        if self._first_share is None:
            self._first_share, self._start = share, time.monotonic()
        elif (left := self._left()) is not None:
            note = f"{console.duration(left)} to the end, {note}"  # first: a narrow terminal cuts what is last
        if self._bar is not None:
            self._bar.advance(batches, note)

    def notice(self, message: str) -> None:
        console.warn(message)

    def remark(self, message: str) -> None:
        console.say(message)

    def validation(self, pages: int) -> None:
        self._open("validation", pages, "pages")

    def validated(self) -> None:
        if self._bar is not None:
            self._bar.advance()

    def scores(self, epoch: int, result: Validation, *, best: bool) -> None:
        self.close()
        lines = result.lines
        console.say(
            f"epoch {epoch}: {self._losses()} | F1@0.5 {_figure(lines.f1_50)} F1@0.75 {_figure(lines.f1_75)} "
            f"AP {_figure(result.coco.ap)} (maxDets {result.coco.max_dets}, threshold {lines.threshold:.2f})"
            + (" best" if best else "")
            + self._times(epoch)
        )

    def unjudged(self, epoch: int) -> None:
        self.close()
        console.say(f"epoch {epoch}: {self._losses()}{self._times(epoch)}")

    def _losses(self) -> str:
        """Return the losses; a run that goes on at the end of an epoch has made no step of it."""
        return " ".join(f"{name} {value:.3f}" for name, value in self._means.items()) or "all steps done before"

    def _left(self) -> float | None:
        """Return how many seconds the rest will take, validations too, if the part so far tells."""
        if self._first_share is None or self._share <= self._first_share:
            return None
        return (time.monotonic() - self._start) / (self._share - self._first_share) * (1 - self._share)

    def _times(self, epoch: int) -> str:
        """Return how long the epoch took and how long the rest will."""
        took = console.duration(time.monotonic() - self._epoch_start)
        left = self._left() if epoch < self._epochs else None
        return f" | {took}" + (f", {console.duration(left)} left" if left is not None else "")

    def _open(self, description: str, total: int, unit: str) -> None:
        self.close()
        self._context = console.progress(description, total, unit)
        self._bar = self._context.__enter__()


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"
