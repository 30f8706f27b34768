from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from centernet_cli.core.errors import ExitCode, MissingRequirementError
from centernet_cli.datasets.page_cache import PageCache
from centernet_cli.datasets.samples import Samples
from centernet_cli.losses.dead_heatmap import DeadHeatmap
from centernet_cli.models.pixels import pixel_statistics
from centernet_cli.training import step
from centernet_cli.training.batch import collate, normalise
from centernet_cli.training.data import plan_epoch
from centernet_cli.training.step import training_step


@pytest.fixture
def trainer(pages, recipe_for, start):
    return start(recipe_for(pages))


def first_batch(trainer):
    recipe, pages = trainer.recipe, trainer.data.train
    samples = Samples(pages, recipe.augment, recipe.train.input, recipe.train.page_size, PageCache(10))
    return collate([samples[draw] for draw in plan_epoch(pages, epoch=0, recipe=recipe)[0]])


@pytest.fixture
def batch(trainer):
    return first_batch(trainer)


def snapshot(trainer):
    return {
        f"{kind}.{name}": value.clone()
        for kind, net in (("network", trainer.network), ("ema", trainer.averaged))
        for name, value in net.state_dict().items()
    }


def unchanged(trainer, before) -> bool:
    return all(torch.equal(value, before[name]) for name, value in snapshot(trainer).items())


def test_a_step_learns(trainer, batch):
    before = snapshot(trainer)
    losses = training_step(trainer, [batch], 0.5)
    assert losses is not None
    assert losses.keys() == {"loss", "heatmap", "giou"}
    assert losses["loss"] == pytest.approx(losses["heatmap"] + 5 * losses["giou"], rel=1e-5)
    assert {group["lr"] for group in trainer.optimizer.param_groups} == {0.001}
    assert not unchanged(trainer, before)
    for _ in range(12):
        last = training_step(trainer, [batch], 1.0)
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
    training_step(trainer, [batch], 1.0)
    norms = [p.grad.norm() for p in trainer.network.parameters() if p.grad is not None]
    assert torch.stack(norms).norm() <= 10.01
    free = trainer.recipe.optim.model_copy(update={"clip_norm": None})
    trainer.recipe = trainer.recipe.model_copy(update={"optim": free})
    training_step(trainer, [batch], 1.0)
    assert limits == [10.0, math.inf]


def test_a_loss_that_is_no_number_changes_nothing(trainer, batch, monkeypatch):
    training_step(trainer, [batch], 1.0)
    before = snapshot(trainer)
    # Not a number in the very pixels, so that normalisation statistics would be spoilt as well.
    with monkeypatch.context() as patched:
        patched.setattr(step, "normalise", lambda images, *_, **__: normalise(images, [0] * 3, [1] * 3) * math.nan)
        assert training_step(trainer, [batch], 1.0) is None
    assert unchanged(trainer, before)
    assert training_step(trainer, [batch], 1.0) is not None


def test_a_gradient_that_is_no_number_changes_nothing(trainer, batch):
    before = snapshot(trainer)
    weight = trainer.network.heads.final["heatmap"].weight
    hook = weight.register_hook(lambda gradient: gradient * math.inf)
    assert training_step(trainer, [batch], 1.0) is None
    hook.remove()
    assert unchanged(trainer, before)


def test_too_large_a_scale_of_half_precision_is_lowered_and_no_fault(trainer, batch):
    trainer.scaler = torch.amp.GradScaler("cpu", init_scale=4.0)
    before = snapshot(trainer)
    hook = trainer.network.heads.final["heatmap"].weight.register_hook(lambda gradient: gradient * math.inf)
    assert training_step(trainer, [batch], 1.0) is not None  # 4 to 2: the scale may have been at fault
    assert training_step(trainer, [batch], 1.0) is None  # 2 to 1: it isn't
    hook.remove()
    # Normalisation statistics of the first, finite forward pass stay.
    weights = {name for name, _ in trainer.network.named_parameters()}
    after = snapshot(trainer)
    assert all(torch.equal(after[f"network.{name}"], before[f"network.{name}"]) for name in weights)
    assert training_step(trainer, [batch], 1.0) is not None
    assert not unchanged(trainer, after)


@pytest.mark.parametrize(
    "error", [torch.OutOfMemoryError("CUDA out of memory"), RuntimeError("DefaultCPUAllocator: can't allocate memory")]
)
def test_want_of_memory_is_told_with_sizes(trainer, batch, monkeypatch, error):
    def fail(*_args):
        raise error

    monkeypatch.setattr(step, "total_loss", fail)
    with pytest.raises(MissingRequirementError, match=r"E705 .*2 samples of 96x64 .*train\.batch_size") as caught:
        training_step(trainer, [batch], 1.0)
    assert caught.value.exit_code == ExitCode.ENVIRONMENT


def test_other_faults_are_not_hidden(trainer, batch, monkeypatch):
    def fail(*_args):
        raise RuntimeError("a bug")

    monkeypatch.setattr(step, "total_loss", fail)
    with pytest.raises(RuntimeError, match="a bug"):
        training_step(trainer, [batch], 1.0)


def test_the_network_sees_the_pixels_it_was_made_for(draw_pages, recipe_for, start, monkeypatch, tmp_path):
    pages = draw_pages(tmp_path / "red", ["a.png", "b.png"], labels=("red",))
    seen = []
    for pixels in ("imagenet", "coco_bgr", "voc_bgr"):
        trainer = start(recipe_for(pages, data={"classes": ["red"]}, model={"pixels": pixels}), pixels)
        batch = first_batch(trainer)
        every_stack = trainer.network.every_stack

        def spy(images, every_stack=every_stack):
            seen.append(images)
            return every_stack(images)

        monkeypatch.setattr(trainer.network, "every_stack", spy)
        training_step(trainer, [batch], 1.0)
        mean, std, bgr = pixel_statistics(pixels)
        channels = batch.images[:, [2, 1, 0] if bgr else [0, 1, 2]].float() / 255
        expected = (channels - torch.tensor(mean).view(3, 1, 1)) / torch.tensor(std).view(3, 1, 1)
        assert torch.allclose(seen[-1], expected, atol=1e-6)
    assert not torch.allclose(seen[0], seen[2])


def test_every_stack_learns(trainer, batch, monkeypatch):
    scale = torch.nn.Parameter(torch.ones(2))

    def two(images):
        one = trainer.network(images)
        return [{name: maps * each for name, maps in one.items()} for each in scale]

    single = training_step(trainer, [batch], 0.0)
    monkeypatch.setattr(trainer.network, "every_stack", two)
    both = training_step(trainer, [batch], 0.0)
    assert both == pytest.approx(single, rel=1e-3)
    assert scale.grad is not None
    assert (scale.grad.abs() > 0).all()


@pytest.mark.parametrize("box", ["size", "size_offset"])
@pytest.mark.parametrize("dense_size", [False, True])
def test_the_originals_boxes_and_optimiser(pages, recipe_for, start, box, dense_size):
    recipe = recipe_for(
        pages,
        model={"box": box},
        targets={"gaussian": "original", "dense_size": dense_size},
        optim={"name": "adam", "warmup_steps": 0, "clip_norm": None, "ema": 0, "schedule": "steps"},
    )
    trainer = start(recipe)
    assert trainer.ema is None
    batch = first_batch(trainer)
    losses = [training_step(trainer, [batch], 1.0) for _ in range(10)]
    assert losses[0] is not None
    assert losses[-1] is not None
    assert losses[0].keys() == {"loss", "heatmap", "size", *(["offset"] if box == "size_offset" else [])}
    assert losses[-1]["loss"] < losses[0]["loss"]


def test_a_dead_heatmap_is_told(trainer, batch):
    with torch.no_grad():
        trainer.network.heads.final["heatmap"].bias.fill_(-100.0)
    patience = trainer.dead_heatmap.patience
    for _ in range(patience - 1):
        training_step(trainer, [batch], 0.0)
    assert trainer.notices == []
    for _ in range(2):
        training_step(trainer, [batch], 0.0)
    assert trainer.notices == [trainer.dead_heatmap.explanation]
    assert f"for {patience} steps" in trainer.notices[0]


def test_short_trainings_are_told_of_a_dead_heatmap_sooner():
    assert [DeadHeatmap.over(total).patience for total in (4, 120, 10_000)] == [5, 12, 50]


def test_a_dead_heatmap_comes_back(trainer, batch):
    # Which clamped probabilities would not let it.
    with torch.no_grad():
        trainer.network.heads.final["heatmap"].bias.fill_(-20.0)
    first = training_step(trainer, [batch], 1.0)
    for _ in range(30):
        last = training_step(trainer, [batch], 1.0)
    assert first is not None
    assert last is not None
    assert last["heatmap"] < first["heatmap"] - 0.1


@pytest.mark.parametrize("box", ["ltrb", "size_offset"])
def test_several_batches_have_the_gradient_of_one(pages, recipe_for, start, box):
    trainer = start(recipe_for(pages, model={"box": box}, optim={"clip_norm": None}, train={"batch_size": 6}))
    recipe, found = trainer.recipe, trainer.data.train
    samples = Samples(found, recipe.augment, recipe.train.input, recipe.train.page_size, PageCache(10))
    every = [samples[draw] for draw in plan_epoch(found, epoch=0, recipe=recipe)[0]]
    trainer.network.eval().train = lambda mode=True: trainer.network  # noqa: ARG005
    gradients, losses = [], []
    for parts in ([every], [every[:1], every[1:3], every[3:]]):
        losses.append(training_step(trainer, [collate(part) for part in parts], 0.0))
        gradients.append({name: value.grad.clone() for name, value in trainer.network.named_parameters()})
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)
    for name, value in gradients[0].items():
        assert float((gradients[1][name] - value).norm()) <= 1e-3 * float(value.norm()) + 1e-6, name


def test_a_batch_that_does_not_count_changes_nothing(trainer, batch):
    trainer.network.eval().train = lambda mode=True: trainer.network  # noqa: ARG005
    alone = training_step(trainer, [batch], 0.0)
    both = training_step(trainer, [batch, replace(batch, counts=False)], 0.0)
    assert alone == pytest.approx(both, rel=1e-5)
