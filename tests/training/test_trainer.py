from __future__ import annotations

import pytest
import torch

from centernet_cli.core.errors import ExitCode, ModelError
from centernet_cli.core.recipe import DecodeSection
from centernet_cli.models.centernet import CenterNet
from centernet_cli.models.meta import ModelMeta
from centernet_cli.models.zoo import save_model
from centernet_cli.training.checkpoint import load_checkpoint, save_checkpoint
from centernet_cli.training.trainer import start_from


@pytest.fixture
def old(tmp_path, pages, recipe_for):
    """A trained model of the classes table, text and line; returns its network and its file."""
    recipe = recipe_for(pages, data={"classes": ["table", "text", "line"]})
    torch.manual_seed(3)
    network = CenterNet(recipe.model, 3)
    for name, parameter in network.heads.named_parameters():
        if name.startswith("final.") and name.endswith(".bias"):
            torch.nn.init.normal_(parameter)
    meta = ModelMeta(name="old", classes=recipe.data.classes, page_size=96, model=recipe.model, decode=DecodeSection())
    path = tmp_path / "old.safetensors"
    save_model(network.state_dict(), meta, path)
    return network, path


def test_classes_are_matched_by_name(old, pages, recipe_for):
    network, path = old
    recipe = recipe_for(pages, data={"classes": ["line", "figure", "table"]}, model={"init": str(path)})
    torch.manual_seed(4)
    fresh = CenterNet(recipe.model, 3)
    before = {name: value.clone() for name, value in fresh.state_dict().items()}
    names = start_from(fresh, recipe)
    assert names == ["heads.final.heatmap.weight[figure]", "heads.final.heatmap.bias[figure]"]
    for part in ("weight", "bias"):
        name = f"heads.final.heatmap.{part}"
        found, trained = fresh.state_dict()[name], network.state_dict()[name]
        assert torch.equal(found[0], trained[2])
        assert torch.equal(found[1], before[name][1])
        assert torch.equal(found[2], trained[0])
    for name, value in fresh.state_dict().items():
        if not name.startswith("heads.final.heatmap.") and not name.endswith("num_batches_tracked"):
            assert torch.equal(value, network.state_dict()[name])


def test_what_has_another_shape_starts_afresh(old, pages, recipe_for):
    _, path = old
    recipe = recipe_for(pages, model={"init": str(path), "neck_channels": 16, "box": "size_offset"})
    fresh = CenterNet(recipe.model, 1)
    names = start_from(fresh, recipe)
    assert "heads.final.size.weight" in names
    assert "heads.final.heatmap.weight[box]" in names
    assert any(name.startswith("neck.") for name in names)
    assert not any(name.startswith("backbone.") for name in names)


def test_a_model_that_is_not_there(tmp_path, pages, recipe_for, start):
    with pytest.raises(ModelError, match="M501"):
        start(recipe_for(pages, model={"init": str(tmp_path / "nothing")}))


def test_prepare_starts_from_the_model_named(old, pages, recipe_for, start):
    network, path = old
    trainer = start(recipe_for(pages, model={"init": str(path)}))
    name = "neck.lateral.0.0.weight"
    assert torch.equal(trainer.network.state_dict()[name], network.state_dict()[name])
    assert trainer.ema is not None
    assert torch.equal(trainer.ema.state_dict()[name], network.state_dict()[name])


def test_the_seed_decides_the_weights(pages, recipe_for, start):
    first, again, other = (
        start(recipe_for(pages, train={"seed": seed}), name).network.state_dict()["neck.lateral.0.0.weight"]
        for name, seed in (("a", 1), ("b", 1), ("c", 2))
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_what_was_saved_comes_back(pages, recipe_for, start):
    recipe = recipe_for(pages)
    one = start(recipe)
    with torch.no_grad():
        one.network.heads.final["heatmap"].bias.fill_(0.25)
    one.step, one.epoch, one.batch, one.seconds, one.best_score, one.best_epoch = 7, 2, 1, 3.5, 0.25, 1
    one.save()
    two = start(recipe, resume=True)
    assert (two.step, two.epoch, two.batch, two.seconds, two.best_score, two.best_epoch) == (7, 2, 1, 3.5, 0.25, 1)
    assert two.network.heads.final["heatmap"].bias.item() == 0.25


def test_resuming_needs_no_pretrained_weights(tmp_path, old, pages, recipe_for, start):
    _, path = old
    recipe = recipe_for(pages, model={"init": str(path)})
    start(recipe).save()
    path.unlink()
    gone = recipe.model.model_copy(update={"pretrained": str(tmp_path / "gone.pth")})
    assert start(recipe.model_copy(update={"model": gone}), resume=True).step == 0


def test_an_average_that_was_switched_on_later_starts_at_the_weights(pages, recipe_for, start):
    one = start(recipe_for(pages, optim={"ema": 0.0}))
    assert one.ema is None
    assert one.averaged is one.network
    one.save()
    two = start(recipe_for(pages, optim={"ema": 0.9}), resume=True)
    assert two.ema is not None
    state = two.network.state_dict()
    assert all(torch.equal(value, state[name]) for name, value in two.ema.state_dict().items())


@pytest.mark.parametrize(
    "change", [{"model": {"neck_channels": 16}}, {"optim": {"name": "sgd"}}, {"model": {"frozen_stages": 4}}]
)
def test_a_recipe_that_was_changed_is_told(pages, recipe_for, start, change):
    start(recipe_for(pages)).save()
    with pytest.raises(ModelError, match=r"recipe\.resolved\.yaml: M508 ") as caught:
        start(recipe_for(pages, **change), resume=True)
    assert caught.value.exit_code == ExitCode.MODEL
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("key", "value"), [("rng", 3), ("model", {}), ("optimizer", {}), ("scaler", None)])
def test_a_state_that_makes_no_sense(pages, recipe_for, start, key, value):
    recipe = recipe_for(pages)
    one = start(recipe)
    one.save()
    state = load_checkpoint(one.run.last)
    state[key] = value  # type: ignore[literal-required]
    save_checkpoint(state, one.run.last)
    if key == "scaler":
        return  # not looked at without half precision
    with pytest.raises(ModelError, match="M508"):
        start(recipe, resume=True)
