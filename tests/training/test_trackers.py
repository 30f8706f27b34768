from __future__ import annotations

import json
import sys
import types

import pytest

from centernet_cli.training.loop import train
from centernet_cli.training.progress import Progress
from centernet_cli.training.run_dir import RunDir
from centernet_cli.training.trackers import Trackers, scalars


class Listener(Progress):
    def __init__(self) -> None:
        self.notices: list[str] = []

    def notice(self, message):
        self.notices.append(message)


class Fake:
    """Stands in for wandb: notes what it gets, and fails where it is told to, such as at `log 7`, the seventh."""

    def __init__(self, fails: str = "") -> None:
        self.fails = fails
        self.logged: list[tuple[int, dict[str, float]]] = []
        self.started: dict[str, object] = {}
        self.finished = 0
        self.asks: bool | None = None

    def init(self, **options):
        self.asks = sys.stdin.isatty()
        self._may_fail("init")
        self.started = options
        return self

    def log(self, values, step):
        self._may_fail("log")
        self.logged.append((step, values))

    def finish(self):
        self._may_fail("finish")
        self.finished += 1

    def _may_fail(self, where: str) -> None:
        if self.fails in {where, f"{where} {len(self.logged) + 1}"}:
            raise OSError("no route to host\nand more")


@pytest.fixture
def wandb(monkeypatch):
    def install(fails: str = "") -> Fake:
        fake, module = Fake(fails), types.ModuleType("wandb")
        module.init = fake.init  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "wandb", module)
        return fake

    return install


def tracked(pages, recipe_for):
    # Twenty steps, so few that each is noted, and a validation after the second epoch.
    return recipe_for(
        pages,
        data={"val": [{"path": str(pages)}]},
        train={"trackers": ["wandb"], "epochs": 2, "batch_size": 1, "samples_per_epoch": 10, "val_every": 2},
    )


def test_a_tracker_gets_what_the_metrics_file_gets(pages, recipe_for, start, wandb):
    fake, listener = wandb(), Listener()
    trainer = start(tracked(pages, recipe_for))
    train(trainer, listener)
    assert listener.notices == []
    lines = [json.loads(line) for line in trainer.run.metrics.read_text().splitlines()]
    assert [step for step, _ in fake.logged] == [line["step"] for line in lines] == [*range(1, 21), 20]
    for (_, values), line in zip(fake.logged, lines, strict=True):
        assert values == pytest.approx(scalars(line))
    assert fake.logged[-1][1]["per_source/pages"] == lines[-1]["per_source"]["pages"]
    assert fake.finished == 1
    assert fake.started["config"]["train"]["epochs"] == 2


@pytest.mark.parametrize(("fails", "logged"), [("init", 0), ("log", 0), ("log 7", 6), ("finish", 21)])
def test_its_failure_is_told_once_and_stops_nothing(pages, recipe_for, start, wandb, fails, logged):
    fake, listener = wandb(fails), Listener()
    trainer = start(tracked(pages, recipe_for))
    assert train(trainer, listener) is not None
    assert listener.notices == ["tracker wandb: no route to host; training goes on without it"]
    assert trainer.run.weights.is_file()
    assert len(fake.logged) == logged
    assert len(trainer.run.metrics.read_text().splitlines()) == 21


def test_nobody_is_asked_for_a_password(tmp_path, pages, recipe_for, wandb, monkeypatch):
    class Terminal:
        def isatty(self):
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stdin", terminal)
    for fails in ("", "init"):
        fake = wandb(fails)
        Trackers(tracked(pages, recipe_for), RunDir(tmp_path), lambda _: None).close()
        assert fake.asks is False
        assert sys.stdin is terminal


def test_a_tracker_that_is_not_installed(tmp_path, pages, recipe_for, monkeypatch):
    monkeypatch.setitem(sys.modules, "wandb", None)
    heard: list[str] = []
    trackers = Trackers(tracked(pages, recipe_for), RunDir(tmp_path), heard.append)
    trackers.log({"loss": 1.0}, 1)
    trackers.close()
    (message,) = heard
    assert "pip install 'centernet-cli[wandb]'" in message


def test_processes_that_do_not_lead_track_nothing(tmp_path, pages, recipe_for, wandb):
    fake = wandb()
    trackers = Trackers(tracked(pages, recipe_for), RunDir(tmp_path), print, leads=False)
    trackers.log({"loss": 1.0}, 1)
    assert (fake.started, fake.logged) == ({}, [])


@pytest.mark.filterwarnings("ignore")
def test_tensorboard_itself(tmp_path, pages, recipe_for):
    pytest.importorskip("tensorboard", reason="the extra 'tensorboard' is not installed")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    recipe = recipe_for(pages, train={"trackers": ["tensorboard"]})
    heard: list[str] = []
    trackers = Trackers(recipe, RunDir(tmp_path), heard.append)
    for step in (10, 20):
        trackers.log({"loss": 1.0 / step, "step": step, "per_class": {"box": 0.5}}, step)
    trackers.close()
    assert heard == []
    events = EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    losses = events.Scalars("loss")
    assert [event.step for event in losses] == [10, 20]
    assert [event.value for event in losses] == pytest.approx([0.1, 0.05])
    assert len(events.Scalars("per_class/box")) == 2


def test_only_numbers_are_passed_on():
    values = {"step": 3, "epoch": 1, "loss": 1, "best": True, "name": "x", "none": None, "per": {"a": 0.5, "b": None}}
    assert scalars(values) == {"loss": 1.0, "per/a": 0.5}
