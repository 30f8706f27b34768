from __future__ import annotations

import pytest

from centernet_cli.core.recipe import TrainSection
from centernet_cli.training.ends import end_of, more_of

SETTINGS = TrainSection(epochs=10, hours=0.5, patience=3)


@pytest.mark.parametrize(
    ("epochs", "seconds", "best_epoch", "end"),
    [
        (9, 1799.0, 7, None),
        (10, 0.0, 10, "train.epochs"),
        (0, 1800.0, -1, "train.hours"),
        (9, 0.0, 6, "train.patience"),
        (9, 0.0, -1, None),  # nothing was judged
    ],
)
def test_what_ends_a_training(epochs, seconds, best_epoch, end):
    assert end_of(SETTINGS, epochs=epochs, seconds=seconds, best_epoch=best_epoch) == end


def test_without_budget_and_patience():
    assert end_of(TrainSection(epochs=10), epochs=9, seconds=1e9, best_epoch=1) is None


def test_patience_is_lost_only_where_scores_are_measured():
    settings = TrainSection(epochs=100, patience=3, val_every=5)
    assert end_of(settings, epochs=9, seconds=0, best_epoch=5) is None
    assert end_of(settings, epochs=10, seconds=0, best_epoch=5) == "train.patience"


@pytest.mark.parametrize("end", ["train.epochs", "train.hours", "train.patience"])
def test_with_more_of_it_the_training_goes_on(end):
    key, value = more_of(SETTINGS, end).split("=")
    more = SETTINGS.model_copy(update={key.removeprefix("train."): float(value)})
    epochs, seconds = 10 if end == "train.epochs" else 9, 1900.0 if end == "train.hours" else 0.0
    best = 6 if end == "train.patience" else 10
    assert end_of(SETTINGS, epochs=epochs, seconds=seconds, best_epoch=best) == end
    assert end_of(more, epochs=epochs, seconds=seconds, best_epoch=best) is None
