from __future__ import annotations

import math

import pytest
import torch

from centernet_cli.core.errors import ExitCode, MissingRequirementError
from centernet_cli.datasets.samples import Samples
from centernet_cli.training import step
from centernet_cli.training.batch import Collate, normalise
from centernet_cli.training.data import plan_epoch
from centernet_cli.training.step import training_step


@pytest.fixture
def trainer(pages, recipe_for, start):
    return start(recipe_for(pages))


@pytest.fixture
def batch(trainer):
    recipe, pages = trainer.recipe, trainer.data.train
    samples = Samples(pages, recipe.augment, recipe.train.input, recipe.train.page_size, 10)
    return Collate(recipe)([samples[draw] for draw in plan_epoch(pages, epoch=0, recipe=recipe)[0]])


def snapshot(trainer):
    return {
        f"{kind}.{name}": value.clone()
        for kind, net in (("network", trainer.network), ("ema", trainer.ema.model))
        for name, value in net.state_dict().items()
    }


def unchanged(trainer, before) -> bool:
    return all(torch.equal(value, before[name]) for name, value in snapshot(trainer).items())


def test_a_batch(batch):
    assert batch.images.shape == (2, 3, 64, 96)
    assert batch.images.dtype == torch.uint8
    assert batch.targets.heatmap.shape == (2, 1, 16, 24)
    assert (batch.targets.heatmap == 1).any()


def test_normalising():
    images = torch.tensor([0, 255], dtype=torch.uint8).view(2, 1, 1, 1).expand(2, 3, 1, 1)
    found = normalise(images, (0.5, 0.25, 0.0), (0.5, 0.25, 2.0))
    assert found.flatten(1).tolist() == [[-1, -1, 0], [1, 3, 0.5]]


def test_a_step_learns(trainer, batch):
    before = snapshot(trainer)
    losses = training_step(trainer, batch, 0.5)
    assert losses is not None
    assert losses.keys() == {"loss", "heatmap", "giou"}
    assert losses["loss"] == pytest.approx(losses["heatmap"] + 5 * losses["giou"], rel=1e-5)
    assert {group["lr"] for group in trainer.optimizer.param_groups} == {0.001}
    assert not unchanged(trainer, before)
    for _ in range(12):
        last = training_step(trainer, batch, 1.0)
    assert {group["lr"] for group in trainer.optimizer.param_groups} == {0.002}
    assert last is not None
    assert last["loss"] < losses["loss"]


def test_gradients_are_clipped(trainer, batch, monkeypatch):
    limits = []
    clip = torch.nn.utils.clip_grad_norm_

    def spy(parameters, limit):
        limits.append(limit)
        return clip(parameters, limit)

    monkeypatch.setattr(torch.nn.utils, "clip_grad_norm_", spy)
    training_step(trainer, batch, 1.0)
    norms = [p.grad.norm() for p in trainer.network.parameters() if p.grad is not None]
    assert torch.stack(norms).norm() <= 10.01
    free = trainer.recipe.optim.model_copy(update={"clip_norm": None})
    trainer.recipe = trainer.recipe.model_copy(update={"optim": free})
    training_step(trainer, batch, 1.0)
    assert limits == [10.0, math.inf]


def test_a_loss_that_is_no_number_changes_nothing(trainer, batch, monkeypatch):
    training_step(trainer, batch, 1.0)
    before = snapshot(trainer)
    # Not a number in the very pixels, so that normalisation statistics would be spoilt as well.
    with monkeypatch.context() as patched:
        patched.setattr(step, "normalise", lambda images, *_: normalise(images, [0] * 3, [1] * 3) * math.nan)
        assert training_step(trainer, batch, 1.0) is None
    assert unchanged(trainer, before)
    assert training_step(trainer, batch, 1.0) is not None


def test_a_gradient_that_is_no_number_changes_nothing(trainer, batch):
    before = snapshot(trainer)
    weight = trainer.network.heads.final["heatmap"].weight
    hook = weight.register_hook(lambda gradient: gradient * math.inf)
    assert training_step(trainer, batch, 1.0) is None
    hook.remove()
    assert unchanged(trainer, before)


def test_too_large_a_scale_of_half_precision_is_lowered_and_no_fault(trainer, batch):
    trainer.scaler = torch.amp.GradScaler("cpu", init_scale=4.0)
    before = snapshot(trainer)
    hook = trainer.network.heads.final["heatmap"].weight.register_hook(lambda gradient: gradient * math.inf)
    assert training_step(trainer, batch, 1.0) is not None  # 4 to 2: the scale may have been at fault
    assert training_step(trainer, batch, 1.0) is None  # 2 to 1: it isn't
    hook.remove()
    # Normalisation statistics of the first, finite forward pass stay.
    weights = {name for name, _ in trainer.network.named_parameters()}
    after = snapshot(trainer)
    assert all(torch.equal(after[f"network.{name}"], before[f"network.{name}"]) for name in weights)
    assert training_step(trainer, batch, 1.0) is not None
    assert not unchanged(trainer, after)


@pytest.mark.parametrize(
    "error", [torch.OutOfMemoryError("CUDA out of memory"), RuntimeError("DefaultCPUAllocator: can't allocate memory")]
)
def test_want_of_memory_is_told_with_sizes(trainer, batch, monkeypatch, error):
    def fail(*_args):
        raise error

    monkeypatch.setattr(step, "total_loss", fail)
    with pytest.raises(MissingRequirementError, match=r"E705 .*2 samples of 96x64 .*train\.batch_size") as caught:
        training_step(trainer, batch, 1.0)
    assert caught.value.exit_code == ExitCode.ENVIRONMENT


def test_other_faults_are_not_hidden(trainer, batch, monkeypatch):
    def fail(*_args):
        raise RuntimeError("a bug")

    monkeypatch.setattr(step, "total_loss", fail)
    with pytest.raises(RuntimeError, match="a bug"):
        training_step(trainer, batch, 1.0)
