from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch

from centernet_cli.inference.runtimes import devices
from centernet_cli.inference.runtimes.devices import (
    available_cpus,
    cpu_has_bf16,
    limit_threads,
    pick_device,
    pick_precision,
)


def test_auto_takes_what_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert pick_device("auto") == torch.device("cuda:0")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert pick_device("auto") == torch.device("cpu")


def test_auto_precision_follows_the_hardware(monkeypatch: pytest.MonkeyPatch) -> None:
    assert pick_precision("auto", torch.device("cuda:0")) == "fp16"
    assert pick_precision("auto", torch.device("mps")) == "fp32"
    for has, expected in ((True, "bf16"), (False, "fp32")):
        monkeypatch.setattr(devices, "cpu_has_bf16", lambda has=has: has)
        assert pick_precision("auto", torch.device("cpu")) == expected
    assert pick_precision("fp32", torch.device("cuda:0")) == "fp32"


def test_bf16_is_asked_of_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported"):
        monkeypatch.setattr(torch.cpu, name, lambda: False, raising=False)
    assert not cpu_has_bf16()
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: True)
    assert cpu_has_bf16()
    monkeypatch.delattr(torch.cpu, "_is_amx_tile_supported")
    assert not cpu_has_bf16()


@pytest.mark.parametrize(
    ("text", "expected"), [("150000 100000\n", 2), ("10000 100000", 1), ("max 100000", 64), ("", 64), ("1 0", 64)]
)
def test_a_containers_quota_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, expected: int) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(64)), raising=False)
    quota = tmp_path / "cpu.max"
    quota.write_text(text)
    assert available_cpus(quota) == expected
    assert available_cpus(tmp_path / "missing") == 64


def test_threads_are_lowered_but_never_against_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen: list[int] = []
    monkeypatch.setattr(torch, "get_num_threads", lambda: 64)
    monkeypatch.setattr(torch, "set_num_threads", chosen.append)
    monkeypatch.setattr(devices, "available_cpus", lambda: 2)
    limit_threads({"OMP_NUM_THREADS": "7"})
    assert chosen == []
    limit_threads({})
    assert chosen == [2]
