from __future__ import annotations

import os
from pathlib import Path

import pytest

from centernet_cli.core.errors import UsageError
from centernet_cli.inference.runtimes import processors
from centernet_cli.inference.runtimes.openvino import OpenVinoRuntime
from centernet_cli.inference.runtimes.processors import (
    available_cpus,
    available_memory,
    cpu_has_bf16,
    cpu_name,
    thread_count,
)

INFO = "processor\t: 0\nmodel name\t: Some CPU @ 3 GHz\nflags\t\t: fpu avx2 {flag}\n\nprocessor\t: 1\n"


@pytest.mark.parametrize(
    ("flag", "expected"), [("avx512_bf16", True), ("amx_bf16 amx_tile", True), ("avx512f", False), ("", False)]
)
def test_bf16_is_what_the_kernel_says(tmp_path: Path, flag: str, expected: bool) -> None:
    info = tmp_path / "cpuinfo"
    info.write_text(INFO.format(flag=flag))
    assert cpu_has_bf16(info) is expected
    assert cpu_name(info) == "Some CPU @ 3 GHz"


@pytest.mark.parametrize("name", ["ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA"])
def test_no_bf16_where_the_environment_forbids_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    info = tmp_path / "cpuinfo"
    info.write_text(INFO.format(flag="amx_bf16"))
    monkeypatch.setenv(name, "AVX512_CORE_AMX")
    assert cpu_has_bf16(info)
    monkeypatch.setenv(name, "avx2")
    assert not cpu_has_bf16(info)
    assert OpenVinoRuntime.pick_precision("auto") == "fp32"
    assert OpenVinoRuntime.pick_precision("fp32") == "fp32"
    with pytest.raises(UsageError, match=f"U703 bf16 cannot be had with {name}=avx2"):
        OpenVinoRuntime.pick_precision("bf16")


def test_without_an_answer_there_is_no_bf16(tmp_path: Path) -> None:
    assert not cpu_has_bf16(tmp_path / "missing")
    assert cpu_name(tmp_path / "missing") is None
    (tmp_path / "other").write_text("Features : fp asimd\n")
    assert not cpu_has_bf16(tmp_path / "other")
    assert cpu_name(tmp_path / "other") is None


@pytest.mark.parametrize(
    ("text", "expected"), [("150000 100000\n", 2), ("10000 100000", 1), ("max 100000", 64), ("", 64), ("1 0", 64)]
)
def test_a_containers_quota_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, expected: int) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(64)), raising=False)
    quota = tmp_path / "cpu.max"
    quota.write_text(text)
    assert available_cpus(quota) == expected
    assert available_cpus(tmp_path / "missing") == 64


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, 5),
        ({"OMP_NUM_THREADS": "7"}, 7),
        ({"OMP_NUM_THREADS": "3,2"}, 3),
        ({"MKL_NUM_THREADS": " 2 "}, 2),
        ({"OMP_NUM_THREADS": "0"}, 5),
        ({"OMP_NUM_THREADS": "many"}, 5),
    ],
)
def test_threads_are_what_the_environment_says(
    monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], expected: int
) -> None:
    monkeypatch.setattr(processors, "available_cpus", lambda: 5)
    assert thread_count(environ) == expected


@pytest.mark.parametrize(
    ("info", "limit", "expected"),
    [
        ("MemTotal: 9 kB\nMemAvailable:    8 kB\n", "max\n", 8192),
        ("MemTotal: 9 kB\nMemAvailable:    8 kB\n", "4096\n", 4096),
        ("MemTotal: 9 kB\n", "", 1 << 40),
        (None, None, 1 << 40),
    ],
)
def test_memory_to_be_had(tmp_path: Path, info: str | None, limit: str | None, expected: int) -> None:
    for name, text in (("info", info), ("limit", limit)):
        if text is not None:
            (tmp_path / name).write_text(text)
    assert available_memory(tmp_path / "info", tmp_path / "limit") == expected
