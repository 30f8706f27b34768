from __future__ import annotations

import os
import signal

import pytest
import torch

from centernet_cli.core.errors import ExitCode, InputError, MissingRequirementError
from centernet_cli.datasets.samples import Draw
from centernet_cli.training.data import load_data, plan_epoch
from centernet_cli.training.feed import Feed, start_method, watched_workers


@pytest.fixture
def broken(tmp_path, draw_pages):
    folder = draw_pages(tmp_path / "broken", ["a.png", "b.png", "c.png"])
    (folder / "b.png").write_bytes((folder / "b.png").read_bytes()[:60])
    return folder


def feed_of(recipe):
    pages = load_data(recipe).train
    return Feed(pages, recipe), plan_epoch(pages, epoch=0, recipe=recipe)


def test_batches_follow_the_plan(pages, recipe_for):
    feed, plan = feed_of(recipe_for(pages))
    first = list(feed.batches(plan))
    assert len(first) == 3
    rest = list(feed.batches(plan[1:]))
    assert [torch.equal(one.images, two.images) for one, two in zip(first[1:], rest, strict=True)] == [True, True]
    assert list(feed.batches([])) == []


def test_a_page_that_cannot_be_read_is_told(broken, recipe_for):
    feed, plan = feed_of(recipe_for(broken, train={"batch_size": 1}))
    with pytest.raises(InputError, match=r"b\.png: I101"):
        list(feed.batches(plan))


@pytest.mark.slow
def test_workers(pages, broken, recipe_for):
    alone, plan = feed_of(recipe_for(pages))
    helped, _ = feed_of(recipe_for(pages, data={"workers": 2}))
    parts: list[list[list[Draw]]] = [plan, plan[1:], [], plan]
    for part in parts:
        one, two = list(alone.batches(part)), list(helped.batches(part))
        assert len(one) == len(two) == len(part)
        assert all(torch.equal(a.images, b.images) for a, b in zip(one, two, strict=True))
        assert all(torch.equal(a.objects.boxes, b.objects.boxes) for a, b in zip(one, two, strict=True))
    # They live on from epoch to epoch, leave Ctrl-C to the main process, and their death is told.
    workers = helped._loader._iterator._workers
    for worker in workers:
        os.kill(worker.pid, signal.SIGINT)
    assert len(list(helped.batches(plan))) == 3
    # torch may tell of it anywhere from here on.
    with pytest.raises(MissingRequirementError, match="E713") as caught, watched_workers():  # noqa: PT012
        for worker in workers:
            os.kill(worker.pid, signal.SIGKILL)
        list(helped.batches(plan))
    assert caught.value.exit_code == ExitCode.ENVIRONMENT


@pytest.mark.slow
def test_errors_of_workers_keep_their_code(broken, recipe_for):
    feed, plan = feed_of(recipe_for(broken, train={"batch_size": 1}, data={"workers": 1}))
    with pytest.raises(InputError, match=r"b\.png: I101"):
        list(feed.batches(plan))


def test_other_faults_are_not_taken_for_dead_workers():
    with pytest.raises(RuntimeError, match="a bug"), watched_workers():
        raise RuntimeError("a bug")


def test_workers_are_not_forked():
    assert start_method() in {"forkserver", "spawn"}
