"""Runs that are cut short end as those that aren't, bit for bit."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from _thread import interrupt_main
from dataclasses import replace

import pytest
import torch

from centernet_cli.core.recipe_file import recipe_to_yaml
from centernet_cli.inference.runtimes.processors import CPU_INFO
from centernet_cli.training import loop
from centernet_cli.training.checkpoint import load_checkpoint
from centernet_cli.training.loop import Stopped, train
from centernet_cli.training.progress import Progress
from centernet_cli.training.run_dir import RunDir
from centernet_cli.training.validate import validate


@pytest.fixture(autouse=True)
def _plain_kernels():
    """On processors with AMX oneDNN's last digits depend on where in memory a tensor lies.

    Elsewhere it stays, as users have it.
    """
    if not CPU_INFO.is_file() or " amx_tile" not in CPU_INFO.read_text(errors="replace"):
        yield
        return
    before = torch._C._get_mkldnn_enabled()
    torch._C._set_mkldnn_enabled(False)
    yield
    torch._C._set_mkldnn_enabled(before)


class Interrupting(Progress):
    """Presses Ctrl-C after so many steps.

    Only as far as Python sees it: a real signal is handled on the small stack that pytest's faulthandler sets aside,
    which overflowed where the dynamic linker saved the processor's registers there (seen in a core of a SIGSEGV).
    """

    def __init__(self, after: int) -> None:
        self.left = after

    def step(self, terms, share, batches=1):  # noqa: ARG002
        self.left -= 1
        if not self.left:
            interrupt_main(signal.SIGINT)


def ends_alike(recipe, start, stops) -> None:
    whole = start(recipe, "whole")
    train(whole, Progress())
    for i, after in enumerate(stops):
        with pytest.raises(Stopped):
            train(start(recipe, "parts", resume=i > 0), Interrupting(after))
    last = start(recipe, "parts", resume=True)
    assert 0 < last.step < whole.step
    train(last, Progress())
    one, two = load_checkpoint(last.run.last), load_checkpoint(whole.run.last)
    assert (one["step"], one["epoch"], one["batch"]) == (two["step"], two["epoch"], two["batch"])
    for name, value in two["model"].items():
        assert torch.equal(one["model"][name], value), name
    assert last.run.weights.read_bytes() == whole.run.weights.read_bytes()


def test_with_accumulation(pages, recipe_for, start):
    # Six pages: batches of 1 in steps of 4, so that each epoch ends with a step of two batches.
    recipe = recipe_for(pages, train={"epochs": 2, "batch_size": 1, "accumulate": 4}, augment={"degrade": 1.0})
    ends_alike(recipe, start, [1, 2])


def test_with_stages_that_thaw(pages, recipe_for, start):
    recipe = recipe_for(pages, model={"frozen_stages": 4}, train={"epochs": 3, "unfreeze_after": 1, "batch_size": 3})
    ends_alike(recipe, start, [1, 3])


def test_with_pages_on_disk(pages, recipe_for, start, tmp_path):
    # The second run maps what the first one has decoded; the cache holds all pages then.
    data = {"cache": "disk", "cache_dir": str(tmp_path / "cache")}
    recipe = recipe_for(pages, data=data, train={"epochs": 2, "batch_size": 2}, augment={"degrade": 1.0})
    ends_alike(recipe, start, [2])
    assert list((tmp_path / "cache").glob("*.npy"))


@pytest.mark.slow
def test_with_workers(pages, recipe_for, start):
    recipe = recipe_for(pages, data={"workers": 2}, train={"epochs": 2, "batch_size": 1}, augment={"degrade": 1.0})
    ends_alike(recipe, start, [2, 5])


def test_frozen_stages_stay_until_they_thaw(pages, recipe_for, start):
    recipe = recipe_for(pages, model={"frozen_stages": 4}, train={"epochs": 2, "unfreeze_after": 1})
    trainer = start(recipe)
    before = {name: value.clone() for name, value in trainer.network.named_parameters()}

    class AtTheEnd(Progress):
        def epoch(self, epoch, epochs, batches, done):  # noqa: ARG002
            for name, value in trainer.network.named_parameters():
                if name.startswith("backbone."):
                    assert torch.equal(value, before[name]), name

    train(trainer, AtTheEnd())
    moved = [name for name, value in trainer.network.named_parameters() if not torch.equal(value, before[name])]
    assert any(name.startswith("backbone.stages.0.") for name in moved)


def test_patience(pages, recipe_for, start, monkeypatch):
    recipe = recipe_for(
        pages, data={"val": [{"path": str(pages)}]}, train={"epochs": 50, "patience": 2, "samples_per_epoch": 2}
    )
    trainer = start(recipe)
    scores = iter([0.1, 0.3, 0.2, 0.3])

    real = validate

    def scored(*args):
        return replace(real(*args), score=next(scores))

    monkeypatch.setattr(loop, "validate", scored)
    heard = []

    class Listener(Progress):
        def remark(self, message):
            heard.append(message)

    train(trainer, Listener())
    assert (trainer.step, trainer.best_epoch, trainer.best_score) == (4, 2, 0.3)
    assert heard == ["no better score since epoch 2: the training ends (train.patience)"]
    # It is finished: going on does nothing, unless there is more patience.
    again = start(recipe, resume=True)
    train(again, Progress())
    assert (again.step, again.epoch) == (4, 4)
    scores = iter([0.2, 0.2])
    patient = recipe.model_copy(update={"train": recipe.train.model_copy(update={"patience": 4})})
    more = start(patient, resume=True)
    train(more, Progress())
    assert (more.step, more.epoch) == (6, 6)


SERVER = """
import json, os, sys
from centernet_cli.cli import main, train_job, train_progress, train_report
from centernet_cli.training import batch_pictures, loop

for line in sys.stdin:
    pid = os.fork()
    if pid == 0:
        null = os.open(os.devnull, os.O_RDWR)
        for number in range(3):
            os.dup2(null, number)
        os._exit(main(json.loads(line)))
    print(pid, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
"""
"""Runs the program again and again in processes of its own, without importing torch each time."""


class Programs:
    """`centernet` in processes that may be killed."""

    def __init__(self) -> None:
        environ = {**os.environ, "OMP_NUM_THREADS": "1"}
        self.server = subprocess.Popen(
            [sys.executable, "-c", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environ
        )

    def start(self, *words: object) -> int:
        assert self.server.stdin is not None
        assert self.server.stdout is not None
        self.server.stdin.write(json.dumps([str(word) for word in words]) + "\n")
        self.server.stdin.flush()
        return int(self.server.stdout.readline())

    def wait(self) -> int:
        assert self.server.stdout is not None
        return int(self.server.stdout.readline())


@pytest.fixture
def programs():
    found = Programs()
    yield found
    found.server.communicate()


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_kills_at_any_moment_never_lose_the_last_checkpoint(tmp_path, pages, recipe_for, programs):
    """Thirty SIGKILLs; after each the checkpoint can be read, and the end is that of a run that was left alone."""
    recipe = recipe_for(
        pages,
        data={"val": [{"path": str(pages)}]},
        train={"epochs": 16, "batch_size": 1, "checkpoint_minutes": 1e-9, "val_every": 4},
    )
    path = tmp_path / "recipe.yaml"
    path.write_text(recipe_to_yaml(recipe))
    whole, cut = RunDir(tmp_path / "whole"), RunDir(tmp_path / "cut")
    programs.start("train", path, "--out", whole.root)
    assert programs.wait() == 0
    rng = random.Random(0)
    steps, words, kills = 0, ["train", path, "--out", cut.root], 0
    for i in range(30):
        seen = cut.last.stat().st_mtime_ns if cut.last.is_file() else 0
        pid = programs.start(*words)
        with contextlib.suppress(ProcessLookupError):  # it has ended
            if i % 3 < 2:  # while it works; else perhaps while it starts
                while not cut.last.is_file() or cut.last.stat().st_mtime_ns == seen:
                    os.kill(pid, 0)
                    time.sleep(0.005)
            time.sleep(rng.uniform(0, 0.1))
            os.kill(pid, signal.SIGKILL)
        if programs.wait() == 0:
            break
        kills += 1
        state = load_checkpoint(cut.last)
        assert state["step"] >= steps
        steps, words = state["step"], ["train", "--resume", cut.root]
    assert kills > 10
    assert steps > 10
    programs.start("train", "--resume", cut.root)
    assert programs.wait() == 0
    assert cut.weights.read_bytes() == whole.weights.read_bytes()
    lines = [json.loads(line) for line in cut.metrics.read_text().splitlines()]
    places = [(line["step"], line["epoch"], "score" in line) for line in lines]
    assert places == sorted(set(places))
    # Nothing that was half written when it was killed is left.
    assert sorted(each.relative_to(cut.root) for each in cut.root.rglob("*")) == sorted(
        each.relative_to(whole.root) for each in whole.root.rglob("*")
    )
