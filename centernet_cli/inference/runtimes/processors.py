"""How many processors this process may use, and what they can do. Needs no torch."""

from __future__ import annotations

import os
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS")
CGROUP_QUOTA = Path("/sys/fs/cgroup/cpu.max")
CGROUP_MEMORY = Path("/sys/fs/cgroup/memory.max")
MEMORY_INFO = Path("/proc/meminfo")
CPU_INFO = Path("/proc/cpuinfo")
BF16_FLAGS = {"avx512_bf16", "amx_bf16"}
"""Names of instructions, as Linux calls them, that multiply bf16."""
ISA_VARIABLES = ("ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA")
ISA_WITHOUT_BF16 = {"SSE41", "AVX", "AVX2", "AVX2_VNNI", "AVX2_VNNI_2", "AVX512_CORE", "AVX512_CORE_VNNI"}
"""Values of these variables, as oneDNN's documentation lists them, with which it multiplies no bf16."""


def thread_count(environ: Mapping[str, str] = os.environ) -> int:
    """Return how many threads to use: what the environment says, else the processors that this process may use."""
    for name in THREAD_VARIABLES:
        # OpenMP allows a list, one number for each level of nesting.
        first = environ.get(name, "").partition(",")[0].strip()
        if first.isdecimal() and int(first) > 0:
            return int(first)
    return available_cpus()


def available_cpus(quota: Path = CGROUP_QUOTA) -> int:
    """Return how many processors this process may use, by its affinity and its container's quota."""
    try:
        count = len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS and Windows
        count = os.cpu_count() or 1
    try:
        share, period = quota.read_text(encoding="ascii").split()
        count = min(count, round(int(share) / int(period)))
    except (OSError, ValueError, ZeroDivisionError):  # no container, or no limit ("max 100000")
        pass
    return max(1, count)


def available_memory(info: Path = MEMORY_INFO, limit: Path = CGROUP_MEMORY) -> int:
    """Return about how many bytes of memory are to be had, by the system and the container's limit.

    What the container has used already isn't counted, since most of it may be files that are kept in case. Where nobody
    tells, it is a lot.
    """
    most = 1 << 40
    try:
        line = next(line for line in info.read_text(encoding="ascii").splitlines() if line.startswith("MemAvailable:"))
        most = int(line.split()[1]) << 10
    except (OSError, ValueError, IndexError, StopIteration):  # not on macOS and Windows
        pass
    with suppress(OSError, ValueError):  # no container, or no limit ("max")
        most = min(most, int(limit.read_text(encoding="ascii")))
    return most


def bf16_refused(environ: Mapping[str, str] = os.environ) -> str | None:
    """Return the setting, if any, by which the environment keeps oneDNN from multiplying bf16.

    OpenVINO looks at the processor alone, and dies of a bf16 network for which its oneDNN then has no code.
    """
    named = [f"{name}={environ[name]}" for name in ISA_VARIABLES if environ.get(name, "").upper() in ISA_WITHOUT_BF16]
    return named[0] if named else None


def cpu_has_bf16(info: Path = CPU_INFO) -> bool:
    """Say whether the CPU multiplies bf16 in hardware, and may; elsewhere it is emulated, slower than float32.

    Only Linux tells; without an answer fp32 is always right.
    """
    return bf16_refused() is None and _multiplies_bf16(info)


@cache
def _multiplies_bf16(info: Path) -> bool:
    try:
        with info.open(encoding="ascii", errors="replace") as file:
            flags = next((line for line in file if line.startswith("flags")), "")
    except OSError:
        return False
    return not BF16_FLAGS.isdisjoint(flags.split())


def cpu_name(info: Path = CPU_INFO) -> str | None:
    """Return what the processor calls itself, None where nobody says."""
    try:
        with info.open(encoding="ascii", errors="replace") as file:
            line = next((line for line in file if line.startswith("model name")), "")
    except OSError:
        return None
    return line.partition(":")[2].strip() or None
