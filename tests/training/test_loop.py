from __future__ import annotations

import json
import math
import signal
import time
from _thread import interrupt_main
from typing import Any

import pytest
import torch

from centernet_cli.core.errors import DivergedError, ExitCode, InputError, OutputError
from centernet_cli.inference.pipeline import PipelineOptions, predict_pages
from centernet_cli.inference.runtimes.torch import TorchRuntime
from centernet_cli.losses.total import total_loss
from centernet_cli.models.zoo import load_model
from centernet_cli.pages.images import open_image
from centernet_cli.training import loop
from centernet_cli.training.checkpoint import load_checkpoint
from centernet_cli.training.data import plan_epoch
from centernet_cli.training.loop import Stopped, train
from centernet_cli.training.optim import rate_factor
from centernet_cli.training.progress import Progress


class Listener(Progress):
    """Notes what it hears; at `events`, such as `("step", 4)`, something happens."""

    def __init__(self, **events: Any) -> None:
        self.steps = self.pages = 0
        self.heard: list[str] = []
        self.shares: list[float] = []
        self.events = events

    def epoch(self, epoch, epochs, batches, done):
        self.heard.append(f"epoch {epoch}/{epochs} {done}/{batches}")

    def step(self, terms, share, batches=1):  # noqa: ARG002
        self.steps += 1
        self.shares.append(share)
        self._happens(f"step_{self.steps}")

    def remark(self, message):
        self.heard.append(message)

    def validated(self):
        self.pages += 1
        self._happens(f"page_{self.pages}")

    def scores(self, epoch, result, *, best):  # noqa: ARG002
        self.heard.append(f"scores {epoch}{' best' if best else ''}")

    def _happens(self, name: str) -> None:
        if name in self.events:
            self.events[name]()


class Crash(BaseException):
    """A power cut."""


def crash() -> None:
    raise Crash


def interrupt() -> None:
    interrupt_main(signal.SIGINT)


def terminate() -> None:
    interrupt_main(signal.SIGTERM)


def weights(run) -> dict[str, torch.Tensor]:
    return load_model(str(run.root)).network.state_dict()


def same_state(one, two) -> bool:
    """Compare checkpoints bit for bit, but for the time they took."""
    if isinstance(one, dict):
        return one.keys() == two.keys() and all(same_state(one[key], two[key]) for key in one if key != "seconds")
    if isinstance(one, list):
        return len(one) == len(two) and all(map(same_state, one, two))
    if isinstance(one, torch.Tensor):
        return torch.equal(one, two)
    return bool(one == two)


def metrics(run) -> list[dict[str, Any]]:
    return [json.loads(line) for line in run.metrics.read_text().splitlines()]


@pytest.fixture
def validated(pages, recipe_for):
    """Two epochs of three steps, each validated on two pages."""
    return recipe_for(pages, data={"val": [{"path": str(pages)}]}, train={"epochs": 2})


def test_a_run(pages, recipe_for, start):
    slower = {"layer_decay": 0.5}
    recipe = recipe_for(pages, data={"val": [{"path": str(pages)}]}, optim=slower, train={"epochs": 4, "val_every": 3})
    trainer, listener = start(recipe), Listener()
    result = train(trainer, listener)
    assert result is not None
    assert listener.steps == trainer.step == 12
    assert listener.heard == [
        "epoch 0/4 0/3",
        "epoch 1/4 0/3",
        "epoch 2/4 0/3",
        "scores 3 best",
        "epoch 3/4 0/3",
        listener.heard[-1],
    ]
    assert listener.heard[-1] in {"scores 4", "scores 4 best"}
    assert listener.shares == pytest.approx([i / 12 for i in range(12)])
    lines = metrics(trainer.run)
    judged, steps = ([line for line in lines if name in line] for name in ("score", "loss"))
    assert [(line["step"], line["epoch"]) for line in judged] == [(9, 3), (12, 4)]
    # A short training: every step is noted.
    assert [(line["step"], line["epoch"]) for line in steps] == [(i, (i - 1) // 3) for i in range(1, 13)]
    assert {"score", "f1_50", "f1_75", "ap", "per_class", "per_source", "max_dets"} <= judged[0].keys()
    assert {"loss", "heatmap", "giou", "lr", "seconds"} <= steps[0].keys()
    assert steps[2]["lr"] == pytest.approx(0.002 * rate_factor(recipe.optim, 2, 2 / 12, 0))  # not that of the backbone
    assert trainer.best_epoch in {3, 4}
    state = load_checkpoint(trainer.run.last)
    assert (state["step"], state["epoch"], state["batch"]) == (12, 4, 0)
    meta = load_model(str(trainer.run.root)).meta
    assert meta.classes == ("box",)
    assert meta.page_size == 96
    assert meta.facts["train_pages"] == 6
    assert trainer.run.weights.read_bytes() == trainer.run.best.read_bytes()


def test_without_validation_the_last_average_is_kept(pages, recipe_for, start):
    trainer = start(recipe_for(pages))
    assert train(trainer, Listener()) is None
    assert trainer.ema is not None
    found, kept = weights(trainer.run), trainer.ema.state_dict()
    assert all(torch.equal(found[name], kept[name]) for name in kept if not name.endswith("num_batches_tracked"))
    assert not trainer.run.best.exists()


@pytest.mark.parametrize(("channels_last", "ema"), [(True, 0.9), (False, 0.0)])
def test_a_run_that_was_stopped_ends_as_one_that_was_not(pages, recipe_for, start, channels_last, ema):
    recipe = recipe_for(
        pages,
        data={"val": [{"path": str(pages)}]},
        augment={"rotate_degrees": 3.0, "photometric": 1.0, "degrade": 1.0},
        optim={"ema": ema},
        train={"epochs": 3, "channels_last": channels_last, "batch_size": 3},
    )
    whole = start(recipe, "whole")
    train(whole, Listener())
    # In the first epoch, in its validation, and after the last step of the second.
    stops = [Listener(step_1=interrupt), Listener(page_2=interrupt), Listener(step_2=terminate)]
    for i, listener in enumerate(stops):
        part = start(recipe, "parts", resume=i > 0)
        with pytest.raises(Stopped):
            train(part, listener)
    last, listener = start(recipe, "parts", resume=True), Listener()
    train(last, listener)
    assert last.step == whole.step == 6
    assert same_state(load_checkpoint(last.run.last), load_checkpoint(whole.run.last))
    assert last.run.weights.read_bytes() == whole.run.weights.read_bytes()
    ignored = {"seconds"}
    found, expected = (
        [{key: value for key, value in line.items() if key not in ignored} for line in metrics(run)]
        for run in (last.run, whole.run)
    )
    assert found == expected


@pytest.mark.parametrize(("event", "signum"), [(interrupt, signal.SIGINT), (terminate, signal.SIGTERM)])
def test_a_signal_ends_the_step_and_saves(pages, recipe_for, start, event, signum):
    trainer = start(recipe_for(pages))
    before = signal.getsignal(signum)
    with pytest.raises(Stopped) as caught:
        train(trainer, Listener(step_2=event))
    assert caught.value.signum == signum
    assert signal.getsignal(signum) is before
    state = load_checkpoint(trainer.run.last)
    assert (state["step"], state["epoch"], state["batch"]) == (2, 0, 2)
    assert not trainer.run.weights.exists()


def test_a_signal_at_the_end_of_an_epoch(validated, start):
    with pytest.raises(Stopped):
        train(start(validated), Listener(step_3=interrupt))
    trainer, listener = start(validated, resume=True), Listener()
    assert (trainer.epoch, trainer.batch) == (0, 3)
    train(trainer, listener)
    assert listener.heard[:2] == ["epoch 0/2 3/3", "scores 1 best"]
    assert trainer.step == 6


def test_a_signal_in_a_validation_goes_on_with_it(validated, start):
    with pytest.raises(Stopped):
        train(start(validated), Listener(page_1=terminate))
    listener = Listener()
    train(start(validated, resume=True), listener)
    assert listener.heard[:2] == ["epoch 0/2 3/3", "scores 1 best"]
    assert listener.pages == 12


def test_a_second_signal_acts_at_once(validated, start):
    def twice():
        interrupt()
        interrupt()

    with pytest.raises(KeyboardInterrupt):
        train(start(validated), Listener(step_2=twice))


def test_a_signal_in_the_last_validation_does_not_lose_the_run(validated, start):
    with pytest.raises(Stopped):
        train(start(validated), Listener(page_12=interrupt))
    trainer = start(validated, resume=True)
    train(trainer, Listener())
    assert trainer.run.weights.is_file()


def test_a_crash_goes_back_to_the_last_save_and_ends_the_same(validated, start):
    whole = start(validated, "whole")
    train(whole, Listener())
    with pytest.raises(Crash):
        train(start(validated, "cut"), Listener(step_5=crash))
    trainer = start(validated, "cut", resume=True)
    assert (trainer.step, trainer.epoch, trainer.batch) == (3, 1, 0)
    train(trainer, Listener())
    assert same_state(load_checkpoint(trainer.run.last), load_checkpoint(whole.run.last))
    steps = [(line["step"], line["epoch"]) for line in metrics(trainer.run)]
    assert steps == sorted(set(steps))


def test_a_crash_before_the_end_is_written(pages, recipe_for, start, monkeypatch):
    recipe = recipe_for(pages)
    with monkeypatch.context() as patched:
        patched.setattr(loop, "finish", lambda *_: crash())
        with pytest.raises(Crash):
            train(start(recipe), Listener())
    trainer = start(recipe, resume=True)
    assert trainer.epoch == recipe.train.epochs
    train(trainer, Listener())
    assert trainer.run.weights.is_file()


def test_checkpoints_by_the_clock(pages, recipe_for, start):
    trainer = start(recipe_for(pages, train={"checkpoint_minutes": 1e-9}))
    with pytest.raises(Crash):
        train(trainer, Listener(step_3=crash))
    assert load_checkpoint(trainer.run.last)["step"] == 2


def test_a_full_disk_keeps_the_checkpoint_before(pages, recipe_for, start, monkeypatch):
    trainer = start(recipe_for(pages, train={"checkpoint_minutes": 1e-9}))

    def full(*_args):
        raise OSError(28, "No space left on device")

    with pytest.raises(OutputError) as caught, monkeypatch.context() as patched:
        train(trainer, Listener(step_3=lambda: patched.setattr("os.fsync", full)))
    assert caught.value.exit_code == ExitCode.OUTPUT
    assert load_checkpoint(trainer.run.last)["step"] == 2


def test_training_that_diverges_stops_and_keeps_what_was_good(pages, recipe_for, start, monkeypatch):
    recipe = recipe_for(pages, train={"epochs": 20, "max_bad_steps": 4})
    trainer = start(recipe)

    def spoilt(*args):
        loss, terms = total_loss(*args)
        # From the second epoch on, whatever is tried.
        return loss * (math.nan if trainer.step >= 5 else 1), terms

    monkeypatch.setattr("centernet_cli.training.step.total_loss", spoilt)
    with pytest.raises(DivergedError, match=r"T901 .*5 steps in a row") as caught:
        train(trainer, Listener())
    assert caught.value.exit_code == ExitCode.DIVERGED
    # The bad steps span three epochs; the checkpoint is that of the last good one.
    state = load_checkpoint(trainer.run.last)
    assert (state["step"], state["epoch"]) == (3, 1)
    assert all(torch.isfinite(value).all() for value in state["model"].values())
    assert state["ema"] is not None
    assert all(torch.isfinite(value).all() for value in state["ema"].values())
    facts = json.loads((trainer.run.root / "diverged.json").read_text())
    assert facts["bad_steps"] == 5
    assert facts["step"] == 10
    assert 1 <= len(facts["pages"]) <= 2
    assert not trainer.run.weights.exists()


def test_single_bad_steps_are_passed_over(pages, recipe_for, start, monkeypatch):
    trainer = start(recipe_for(pages, train={"max_bad_steps": 0, "epochs": 1}))
    monkeypatch.setattr(loop, "training_step", lambda *_: None)
    with pytest.raises(DivergedError):
        train(trainer, Listener())
    tolerant = start(recipe_for(pages, train={"max_bad_steps": 1, "epochs": 2}), "two")
    results = iter([None, {"loss": 1.0}] * 3)
    monkeypatch.setattr(loop, "training_step", lambda *_: next(results))
    train(tolerant, Listener())
    assert tolerant.step == 6


def test_a_run_without_one_good_step_is_no_success(pages, recipe_for, start, monkeypatch):
    trainer = start(recipe_for(pages, train={"epochs": 1, "max_bad_steps": 50}))
    monkeypatch.setattr(loop, "training_step", lambda *_: None)
    with pytest.raises(DivergedError, match="no step"):
        train(trainer, Listener())
    assert not trainer.run.weights.exists()


def test_weights_that_are_no_numbers_are_not_kept(pages, recipe_for, start):
    trainer = start(recipe_for(pages, train={"epochs": 1}))

    def spoil():
        assert trainer.ema is not None
        next(trainer.ema.model.parameters()).fill_(math.nan)

    with pytest.raises(DivergedError):
        train(trainer, Listener(step_3=spoil))
    assert not trainer.run.weights.exists()


def test_epochs_of_different_lengths_are_all_done(pages, recipe_for, start, monkeypatch):
    class Impatient(Listener):
        def epoch(self, epoch, epochs, batches, done):
            super().epoch(epoch, epochs, batches, done)
            assert len(self.heard) <= 4, self.heard

    def plan(*args, epoch, **kwargs):
        # As with pages of two orientations, whose batches are full or not as chance has it.
        return plan_epoch(*args, epoch=epoch, **kwargs)[: 3 if epoch < 3 else 1]

    monkeypatch.setattr(loop, "plan_epoch", plan)
    recipe = recipe_for(pages, data={"holdout": 0.0}, train={"epochs": 4, "batch_size": 2, "samples_per_epoch": 6})
    listener, trainer = Impatient(), start(recipe)
    train(trainer, listener)
    assert [line for line in listener.heard if line.startswith("epoch")] == [
        "epoch 0/4 0/3",
        "epoch 1/4 0/3",
        "epoch 2/4 0/3",
        "epoch 3/4 0/1",
    ]
    assert listener.steps == trainer.step == 10
    assert listener.shares == sorted(listener.shares)
    assert listener.shares[-1] == 0.75


def test_the_time_budget_ends_the_run_with_a_validation(pages, recipe_for, start):
    recipe = recipe_for(
        pages,
        data={"val": [{"path": str(pages)}]},
        train={"epochs": 1000, "val_every": 1000, "hours": 1e-9},
    )
    trainer, listener = start(recipe), Listener()
    assert train(trainer, listener) is not None
    assert trainer.step == 1
    assert listener.heard == ["epoch 0/1000 0/3", "scores 1 best", "the time is up (train.hours)"]
    assert (trainer.epoch, trainer.batch) == (0, 1)
    assert trainer.run.weights.is_file()


def test_with_more_time_a_run_goes_on_in_the_same_place(pages, recipe_for, start):
    data = {"val": [{"path": str(pages)}]}
    short = {"epochs": 3, "val_every": 3, "hours": 1e-9}
    train(start(recipe_for(pages, data=data, train=short)), Listener())
    # Where nothing is left to do, no step is done.
    again = start(recipe_for(pages, data=data, train=short), resume=True)
    train(again, Listener())
    assert (again.step, again.epoch, again.batch) == (1, 0, 1)
    more = start(recipe_for(pages, data=data, train={**short, "hours": 10.0}), resume=True)
    listener = Listener()
    train(more, listener)
    assert listener.heard[0] == "epoch 0/3 1/3"
    assert (more.step, more.epoch, more.batch) == (9, 3, 0)
    assert [line["step"] for line in metrics(more.run) if "loss" in line] == list(range(1, 10))
    # Both validations stay, each once, with the epochs that were over.
    assert [(line["step"], line["epoch"]) for line in metrics(more.run) if "score" in line] == [(1, 0), (9, 3)]


def test_the_time_budget_counts_all_parts(pages, recipe_for, start):
    recipe = recipe_for(pages, train={"epochs": 1000, "hours": 10.0})
    first = start(recipe)
    with pytest.raises(Stopped):
        train(first, Listener(step_2=interrupt))
    first.seconds = 9.0 * 3600
    first.save()
    second, listener = start(recipe, resume=True), Listener(step_2=interrupt)
    with pytest.raises(Stopped):
        train(second, listener)
    # The schedule has moved on with the time.
    assert listener.shares[0] == pytest.approx(0.9, abs=0.01)
    rate = second.optimizer.param_groups[0]["lr"]
    assert rate == pytest.approx(0.002 * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * 0.9))), rel=0.05)


def test_a_time_budget_spent_in_validation_is_not_validated_twice(pages, recipe_for, start, monkeypatch):
    recipe = recipe_for(pages, data={"val": [{"path": str(pages)}]}, train={"epochs": 1000, "hours": 10.0})
    trainer = start(recipe)
    clock = [0.0]
    listener = Listener(page_6=lambda: clock.append(11 * 3600.0))
    monkeypatch.setattr(time, "monotonic", lambda: clock[-1])
    train(trainer, listener)
    assert listener.heard == ["epoch 0/1000 0/3", "scores 1 best", "the time is up (train.hours)"]
    assert (trainer.epoch, trainer.batch) == (1, 0)


def test_a_validation_page_that_cannot_be_read_loses_no_step(tmp_path, pages, draw_pages, recipe_for, start):
    val = draw_pages(tmp_path / "val", ["v.png"])
    (val / "v.png").write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    recipe = recipe_for(pages, data={"val": [{"path": str(val)}]})
    trainer = start(recipe)
    with pytest.raises(InputError, match=r"v\.png"):
        train(trainer, Listener())
    assert load_checkpoint(trainer.run.last)["step"] == 3


@pytest.mark.parametrize(
    ("neck", "box", "precision"), [("deconv", "size_offset", "fp32"), ("fpn", "ltrb", "fp32"), ("fpn", "ltrb", "bf16")]
)
def test_variants_train(pages, recipe_for, start, precision, neck, box):
    recipe = recipe_for(
        pages,
        model={"neck": neck, "box": box, "frozen_stages": 1, "backbone": "mobilenet_v3_small"},
        targets={"gaussian": "original" if box == "size_offset" else "ellipse"},
        augment={"mode": "page"},
        train={"epochs": 1, "samples_per_epoch": 2, "precision": precision},
    )
    listener = Listener()
    train(start(recipe), listener)
    assert listener.steps == 1


@pytest.mark.slow
def test_rectangles_are_learnt(pages, recipe_for, start):
    recipe = recipe_for(
        pages,
        data={"val": [{"path": str(pages)}]},
        model={"neck_channels": 16, "head_channels": 16},
        optim={"lr": 0.004, "warmup_steps": 10, "ema": 0.95},
        train={"epochs": 16, "samples_per_epoch": 24, "batch_size": 4, "val_every": 16},
    )
    trainer = start(recipe)
    result = train(trainer, Listener())
    assert result is not None
    assert result.lines.f1_50 is not None
    assert result.lines.f1_50 > 0.8
    # What was kept finds them as well.
    runtime = TorchRuntime(load_model(str(trainer.run.root)), "cpu", "fp32")
    (record,) = predict_pages([open_image(pages / "a.png")], runtime, PipelineOptions())
    truth = next(page for page in trainer.data.train if page.path.name == "a.png")
    assert abs(len(record.annotations) - len(truth.boxes)) <= 1  # type: ignore[union-attr]
