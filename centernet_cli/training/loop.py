"""The training loop: one plain function from a recipe to a run folder."""

from __future__ import annotations

import copy
import math
import signal
import time
from itertools import islice
from typing import TYPE_CHECKING, NoReturn

from centernet_cli.core.errors import CenterNetError, DivergedError, MissingRequirementError
from centernet_cli.core.safe_io import dump_json
from centernet_cli.models.zoo import save_model
from centernet_cli.training.data import plan_epoch, planned_steps
from centernet_cli.training.ends import end_of, time_share
from centernet_cli.training.feed import Feed, watched_workers
from centernet_cli.training.finish import finish
from centernet_cli.training.hints import LossWatch
from centernet_cli.training.optim import rate_factor
from centernet_cli.training.signals import Stopped, caught_signals
from centernet_cli.training.step import training_step
from centernet_cli.training.trackers import Trackers
from centernet_cli.training.trainer import Trainer, model_meta, prepare, start_from
from centernet_cli.training.validate import Validation, validate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from centernet_cli.datasets.samples import Draw
    from centernet_cli.training.ends import End
    from centernet_cli.training.progress import Progress

__all__ = ["Stopped", "Trainer", "prepare", "start_from", "train", "training_step"]

WORDS = {
    "train.hours": "the time is up (train.hours)",
    "train.patience": "no better score since epoch {}: the training ends (train.patience)",
}
LOG_EVERY = 10
"""Steps between two lines of the metrics, in a long training."""


def train(trainer: Trainer, progress: Progress) -> Validation | None:
    """Train to the end of the recipe; return the last validation.

    Raises:
        DivergedError: Too many steps in a row had a NaN or infinite loss.
        Stopped: SIGINT or SIGTERM came; the state is saved.
        CenterNetError: A page cannot be read, an output cannot be written, another process is gone.
    """
    if trainer.group.leads:
        trainer.run.trim_metrics(trainer.step, trainer.epoch)
    trainer.connect()
    with caught_signals(patient=trainer.group.world > 1) as caught:
        part = _Part(trainer, progress, caught)
        try:
            with watched_workers():
                result = part.epochs()
        except MissingRequirementError:
            # Workers that are just starting don't survive the Ctrl-C that ends the training.
            if caught and trainer.group.world == 1:
                part.stop()
            raise
        finally:
            part.trackers.close()
    if trainer.group.leads:
        finish(trainer, result, progress)
    return result


class _Part:
    """The part of a training that this process does, until it is done or stopped.

    Where several processes train together, all go the same way: what their own clocks and signals say is agreed upon
    in `tick`, and only the first one writes.

    Attributes:
        bad: Steps without a finite loss since the last good one.
        good: Steps with one.
        stopping: Whether a signal asked one of the processes to end.
    """

    def __init__(self, trainer: Trainer, progress: Progress, caught: Sequence[int]) -> None:
        self.trainer, self.progress, self.caught = trainer, progress, caught
        self.feed = Feed(trainer.data.train, trainer.recipe, trainer.group, pin=trainer.device.type == "cuda")
        self.started = time.monotonic() - trainer.seconds
        self.saved = time.monotonic()
        self.bad = self.good = 0
        self.stopping = False
        total = planned_steps(trainer.recipe, len(trainer.data.train))
        self.watch = LossWatch.over(total, trainer.hints)
        self.log_every = min(LOG_EVERY, max(1, total // 50))
        self.trackers = Trackers(trainer.recipe, trainer.run, progress.notice, leads=trainer.group.leads)
        self.pages: list[str] = []

    def epochs(self) -> Validation | None:
        """Do the rest of the training; return the last validation."""
        trainer, settings, result = self.trainer, self.trainer.recipe.train, None
        # Without time left there may still be a validation to do.
        while self.end(trainer.epoch) in {None, "train.hours"}:
            if trainer.thaw():
                self.progress.remark("the frozen stages are trained from now on")
            whole = self.steps()
            done = trainer.epoch + 1
            last = self.end(done) in {"train.epochs", "train.hours"}
            judged = last or done % settings.val_every == 0
            if judged:
                result = self.judge(done, whole=whole)
            if result is None or not judged:
                self.progress.unjudged(done)
            self.tick()
            # Judging takes time as well, and the same weights need not be judged twice.
            end = self.end(done) if judged else None
            if end in WORDS:
                self.progress.remark(WORDS[end].format(trainer.best_epoch))
            if whole:
                trainer.epoch, trainer.batch = done, 0
            self.save()
            if end is not None:
                break
            if self.stopping:
                raise Stopped(self.caught[0] if self.caught else signal.SIGTERM)
        if self.bad and not self.good:
            raise self.diverged("no step had a finite loss")
        return result

    def steps(self) -> bool:
        """Do the rest of the epoch, or as much as the time allows; return whether that was all of it."""
        trainer, settings = self.trainer, self.trainer.recipe.train
        plan = plan_epoch(trainer.data.train, epoch=trainer.epoch, recipe=trainer.recipe)
        steps = math.ceil(len(plan) / settings.accumulate)
        self.progress.epoch(trainer.epoch, settings.epochs, len(plan), trainer.batch)
        ahead = self.feed.batches(plan[trainer.batch :])
        while batches := list(islice(ahead, settings.accumulate)):
            # Epochs differ in their number of steps where pages of two orientations fill batches of their own: by
            # steps alone, the training would be over before its last epoch, and never end.
            done = trainer.epoch * steps + trainer.batch // settings.accumulate
            share = max(done / (settings.epochs * steps), time_share(settings, trainer.seconds))
            if share >= 1:
                break
            draws = [draw for part in plan[trainer.batch : trainer.batch + len(batches)] for draw in part]
            factor = rate_factor(trainer.recipe.optim, trainer.step, share, trainer.epoch)
            terms = training_step(trainer, batches, factor)
            trainer.step += 1
            trainer.batch += len(batches)
            self._note(terms, draws, share, len(batches))
            self.tick()
            if self.stopping:
                self.stop()
            if time.monotonic() - self.saved > 60 * settings.checkpoint_minutes:
                self.save()
        return trainer.batch >= len(plan)

    def judge(self, done: int, *, whole: bool) -> Validation | None:
        """Validate after `done` epochs, record, and keep the weights if they are the best so far.

        Args:
            done: Epochs.
            whole: Whether the last of them is over; else the time was.
        """
        trainer, progress = self.trainer, self.progress
        if not trainer.data.val:
            return None
        progress.validation(len(trainer.group.share(trainer.data.val)))
        # Prediction may lay out its network in memory as it likes: not the one that is trained.
        network = copy.deepcopy(trainer.network).eval() if trainer.ema is None else trainer.ema.model
        meta = model_meta(trainer, None)
        try:
            result = validate(
                network, meta, trainer.data.val, trainer.recipe, trainer.device, self._validated, trainer.group
            )
        except CenterNetError:
            self.save()
            raise
        # Epochs that are over: with more time the run goes on in the same one, and keeps this line.
        values = {"epoch": done if whole else trainer.epoch, "step": trainer.step, **result.metrics()}
        if trainer.group.leads:
            trainer.run.drop_validation(trainer.step)  # of the same weights, before a crash
        self.record(values)
        better = result.score > trainer.best_score
        if better:
            trainer.best_score, trainer.best_epoch = result.score, done
        # As long as nothing is right at all, the weights that have learnt longest are the best guess.
        if better or trainer.best_score <= 0:
            trainer.best_pairs = result.pairs
            if trainer.group.leads:
                save_model(network.state_dict(), model_meta(trainer, result), trainer.run.best)
        progress.scores(done, result, best=better and result.score > 0)
        return result

    def record(self, values: dict[str, object]) -> None:
        """Add a line to the metrics, and tell the trackers."""
        if self.trainer.group.leads:
            self.trainer.run.append_metrics(values)
            self.trackers.log(values, self.trainer.step)

    def tick(self) -> None:
        """Agree with the other processes on the time and on whether to stop."""
        seconds, stop = self.trainer.group.largest(time.monotonic() - self.started, float(bool(self.caught)))
        self.trainer.seconds, self.stopping = seconds, bool(stop)

    def end(self, epochs: int) -> End | None:
        """Return what ends the training after so many epochs, if anything does."""
        trainer = self.trainer
        return end_of(trainer.recipe.train, epochs=epochs, seconds=trainer.seconds, best_epoch=trainer.best_epoch)

    def save(self) -> None:
        """Write the resume state, unless the last steps failed: the one before may be better."""
        trainer = self.trainer
        self.saved = time.monotonic()
        if trainer.group.leads and (not self.bad or (self.good and not trainer.run.last.is_file())):
            trainer.save()

    def stop(self) -> NoReturn:
        """Save and end, as a signal asked for."""
        self.save()
        raise Stopped(self.caught[0] if self.caught else signal.SIGTERM)

    def diverged(self, why: str) -> DivergedError:
        """Write what is known about the last step to `diverged.json` and return the error to raise."""
        trainer = self.trainer
        rates = [group["lr"] for group in trainer.optimizer.param_groups]
        place = {"step": trainer.step, "epoch": trainer.epoch, "lr": rates, "pages": self.pages}
        if trainer.group.leads:
            dump_json(trainer.run.root / "diverged.json", {**place, "bad_steps": self.bad})
        kept = "the last checkpoint is still good, " if trainer.run.last.is_file() else ""
        hint = f"a lower optim.lr, or train.precision=fp32; {kept}diverged.json says more"
        return DivergedError("T901", f"{why} (step {trainer.step})", path=trainer.run.root, hint=hint)

    def _note(self, terms: dict[str, float] | None, draws: Sequence[Draw], share: float, batches: int) -> None:
        trainer = self.trainer
        if terms is None:
            self.bad += 1
            self.pages = [str(trainer.data.train[draw.page].path) for draw in draws]
            if self.bad > trainer.recipe.train.max_bad_steps:
                raise self.diverged(f"the loss is not finite for {self.bad} steps in a row")
            return
        self.bad = 0
        self.good += 1
        self.progress.step(terms, share, batches)
        hint = self.watch.observe(terms["loss"], share) if "loss" in terms else None
        trainer.notices += [] if hint is None else [hint]
        while trainer.notices:
            notice = trainer.notices.pop(0)
            trainer.hints.append(notice)
            self.progress.notice(notice)
            if trainer.group.leads:  # for the report, which a later part of the run may write
                trainer.run.append_metrics({"step": trainer.step, "epoch": trainer.epoch, "hint": notice})
        if trainer.step % self.log_every == 0:
            # Of the heads, as the recipe has it; stages of the backbone may have less.
            rate = max(group["lr"] for group in trainer.optimizer.param_groups)
            line = {"step": trainer.step, "epoch": trainer.epoch, "lr": rate, **terms}
            self.record({**line, "seconds": round(time.monotonic() - self.started, 1)})

    def _validated(self) -> None:
        self.progress.validated()
        if self.caught and self.trainer.group.world == 1:
            # The epoch isn't over yet, so that the run goes on with this validation.
            self.stop()
