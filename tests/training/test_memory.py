from __future__ import annotations

import re

import pytest
import torch

from centernet_cli.datasets.samples import Draw
from centernet_cli.training import memory
from centernet_cli.training.memory import BOX_BYTES, SPREAD, memory_line, pages_mb, process_mb


@pytest.fixture
def trainer(pages, recipe_for, start):
    def begin(**data: object):
        return start(recipe_for(pages, data={"val": [{"path": str(pages)}], **data}), f"run-{len(data)}")

    return begin


@pytest.fixture
def used(monkeypatch):
    """2,000 MB in use now, and never more."""
    monkeypatch.setattr(memory, "process_mb", lambda pid=None: (2000.0, 2000.0) if pid is None else (500.0, 400.0))
    monkeypatch.setattr(memory, "LIBRARIES_MB", 0.0)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


def megabytes(line: str) -> list[int]:
    return [int(found.replace(",", "")) for found in re.findall(r"([\d,]+) MB", line)]


def test_decoded_pages_count_until_the_cache_is_full(trainer, used, monkeypatch):
    monkeypatch.setattr(memory, "pages_mb", lambda pages: 100.0 * len(pages))
    some = trainer()
    count = len(some.data.train)
    draw = Draw(page=0, seed=(0,), landscape=False)
    line = memory_line(some, [draw], 0)
    assert megabytes(line) == [round(2000 * SPREAD) + 100 * (count - 1), 100 * count]
    small = trainer(cache_mb=0)
    assert megabytes(memory_line(small, [draw], 0)) == [round(2000 * SPREAD), 0]


def test_predictions_of_all_validation_pages_count(trainer, used):
    some = trainer()
    more = 2 * 100_000 * len(some.data.val) * BOX_BYTES / 1e6
    assert more > 50
    assert megabytes(memory_line(some, [], 100_000))[0] == pytest.approx(2000 * SPREAD + more, abs=2)


def test_pages_on_disk_are_no_memory(trainer, used, monkeypatch, tmp_path):
    monkeypatch.setattr(memory, "pages_mb", lambda pages: 100.0 * len(pages))
    some = trainer(cache="disk", cache_dir=str(tmp_path), cache_disk_mb=150)
    line = memory_line(some, [], 0)
    assert megabytes(line) == [round(2000 * SPREAD), 150]
    assert line.endswith("decoded pages up to 150 MB (on disk: data.cache_disk_mb)")


def test_workers_are_measured(trainer, used, monkeypatch):
    some = trainer(workers=3)
    line = memory_line(some, [], 0)
    assert ", 500 MB in each of 3 workers, decoded pages up to 0 MB of it in each worker (data.cache_mb)" in line


def test_this_process_is_measured():
    most, now = process_mb() or (0.0, 0.0)
    assert most >= now > 50
    assert process_mb(2**30) is None


def test_pages_count_once(trainer):
    pages = trainer().data.train
    assert pages_mb([*pages, *pages]) == pages_mb(pages) == sum(3 * p.width * p.height for p in pages) / 1e6


def test_it_is_not_told_where_the_system_does_not(trainer, monkeypatch):
    monkeypatch.setattr(memory, "process_mb", lambda: None)
    assert memory_line(trainer(), [], 0) == "decoded pages up to 0 MB (data.cache_mb)"
