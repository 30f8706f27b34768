"""When a training has nothing left to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from centernet_cli.core.recipe import TrainSection

    End = Literal["train.epochs", "train.hours", "train.patience"]


def end_of(settings: TrainSection, *, epochs: int, seconds: float, best_epoch: int) -> End | None:
    """Return the key of the recipe by which a training ends here; None if it goes on.

    That it has ended is not noted down: with a larger value it goes on from the same place.

    Args:
        settings: Of the recipe as it is now.
        epochs: Done so far.
        seconds: Spent so far, in all parts together.
        best_epoch: Epochs done at the best score; below 1 if there is none.
    """
    if epochs >= settings.epochs:
        return "train.epochs"
    if time_share(settings, seconds) >= 1:
        return "train.hours"
    # Only a validation can tell that the scores have not become better.
    judged = settings.patience is not None and epochs % settings.val_every == 0
    if judged and 0 < best_epoch <= epochs - (settings.patience or 0):
        return "train.patience"
    return None


def time_share(settings: TrainSection, seconds: float) -> float:
    """Return how much of the time budget is spent; 0 without one."""
    return 0.0 if settings.hours is None else seconds / (settings.hours * 3600)


def more_of(settings: TrainSection, end: End) -> str:
    """Return a setting with which a training that ended goes on, as `--set` takes it."""
    if end == "train.hours":
        return f"train.hours={2 * (settings.hours or 0):g}"
    if end == "train.patience":
        return f"train.patience={2 * (settings.patience or 0)}"
    return f"train.epochs={settings.epochs + 10}"
