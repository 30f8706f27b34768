"""A run may go on with another recipe, as far as that makes sense."""

from __future__ import annotations

import pytest
import torch

from centernet_cli.core.errors import ModelError
from centernet_cli.core.recipe_file import recipe_to_yaml
from centernet_cli.training.changes import changes, makes_other_batches
from centernet_cli.training.loop import train
from centernet_cli.training.progress import Progress


def said(before, now) -> list[str]:
    return [str(change) for change in changes(recipe_to_yaml(before), now)]


def test_what_was_changed_is_named(pages, recipe_for):
    before = recipe_for(pages)
    assert said(before, before) == []
    now = recipe_for(pages, train={"epochs": 7, "hours": 0.5}, augment={"scale": [0.5, 1.5]})
    assert said(before, now) == [
        "augment.scale [0.9, 1.1] -> [0.5, 1.5]",
        "train.epochs 2 -> 7",
        "train.hours none -> 0.5",
    ]


def test_sources_that_came_or_went(pages, recipe_for):
    one, two = (recipe_for(pages, data={"train": [{"path": str(pages)}] * count}) for count in (1, 2))
    assert f"data.train.1.path nothing -> {pages}" in said(one, two)
    assert f"data.train.1.path {pages} -> nothing" in said(two, one)
    assert makes_other_batches(changes(recipe_to_yaml(one), two))
    moved = recipe_for(pages.parent / "elsewhere")
    assert len(said(one, moved)) == 1
    assert not makes_other_batches(changes(recipe_to_yaml(one), moved))


def test_where_a_run_started_from_matters_no_more(pages, recipe_for):
    assert said(recipe_for(pages), recipe_for(pages, model={"init": "lines", "pretrained": "imagenet"})) == []


@pytest.mark.parametrize("before", ["", "nonsense: 3", "- 1", "a: ["])
def test_a_recipe_that_is_not_understood_has_no_changes(pages, recipe_for, before):
    assert changes(before, recipe_for(pages)) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"model": {"neck_channels": 16}}, "model.neck_channels 8 -> 16"),
        ({"data": {"classes": ["box", "red"]}}, "data.classes ['box'] -> ['box', 'red']"),
        ({"optim": {"name": "sgd", "layer_decay": 0.5}}, "optim.name adamw -> sgd, optim.layer_decay 1.0 -> 0.5"),
    ],
)
def test_network_and_optimiser_stay_what_they_are(pages, recipe_for, start, change, words):
    start(recipe_for(pages)).save()
    with pytest.raises(ModelError, match="M508 cannot be changed in a run that goes on") as caught:
        start(recipe_for(pages, **change), resume=True)
    assert f"{words} (leave it as it was" in str(caught.value)


def test_a_new_rate_counts(pages, recipe_for, start):
    start(recipe_for(pages)).save()
    again = start(recipe_for(pages, optim={"lr": 0.5, "weight_decay": 0.25}), resume=True)
    assert {group["initial_lr"] for group in again.optimizer.param_groups} == {0.5}
    assert {group["weight_decay"] for group in again.optimizer.param_groups} == {0.0, 0.25}


def test_other_batches_begin_the_epoch_anew(pages, recipe_for, start):
    trainer = start(recipe_for(pages))
    trainer.batch, trainer.step = 2, 2
    trainer.save()
    assert start(recipe_for(pages, train={"epochs": 5}), resume=True).batch == 2
    again = start(recipe_for(pages, train={"batch_size": 1}), resume=True)
    assert (again.batch, again.step) == (0, 2)


def test_more_epochs_make_a_finished_run_go_on(pages, recipe_for, start):
    first = start(recipe_for(pages, train={"epochs": 1}))
    train(first, Progress())
    before = first.run.weights.read_bytes()
    more = start(recipe_for(pages, train={"epochs": 3}), resume=True)
    assert (more.epoch, more.step) == (1, 3)
    train(more, Progress())
    assert more.step == 9
    assert more.run.weights.read_bytes() != before


def test_half_precision_may_begin_later(pages, recipe_for, start):
    start(recipe_for(pages)).save()
    again = start(recipe_for(pages), resume=True)
    again.scaler = torch.amp.GradScaler("cpu", enabled=True)
    again.restore()
    assert again.scaler.get_scale() > 1
