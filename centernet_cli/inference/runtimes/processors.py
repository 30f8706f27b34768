"""How many processors this process may use, and what they can do. Needs no torch."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS")
CGROUP_QUOTA = Path("/sys/fs/cgroup/cpu.max")
CPU_INFO = Path("/proc/cpuinfo")
BF16_FLAGS = {"avx512_bf16", "amx_bf16"}
"""Names of instructions, as Linux calls them, that multiply bf16."""


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


@cache
def cpu_has_bf16(info: Path = CPU_INFO) -> bool:
    """Say whether the CPU multiplies bf16 in hardware; elsewhere it is emulated, slower than float32.

    Only Linux tells; without an answer fp32 is always right.
    """
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
