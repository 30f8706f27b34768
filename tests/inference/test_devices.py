from __future__ import annotations

import pytest
import torch

from centernet_cli.inference.runtimes import devices
from centernet_cli.inference.runtimes.devices import limit_threads, pick_device, pick_precision


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
        assert pick_precision("auto", torch.device("cpu"), training=True) == expected
        # torch's bf16 on the CPU moves too many boxes.
        assert pick_precision("auto", torch.device("cpu")) == "fp32"
    assert pick_precision("fp32", torch.device("cuda:0")) == "fp32"


def test_threads_are_lowered_but_never_against_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen: list[int] = []
    monkeypatch.setattr(torch, "get_num_threads", lambda: 64)
    monkeypatch.setattr(torch, "set_num_threads", chosen.append)
    monkeypatch.setattr(devices, "available_cpus", lambda: 2)
    limit_threads({"OMP_NUM_THREADS": "7"})
    assert chosen == []
    limit_threads({})
    assert chosen == [2]
