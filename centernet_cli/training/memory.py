"""How much memory a training takes: measured while it is rehearsed, and reckoned where only time would tell."""

from __future__ import annotations

import multiprocessing
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from centernet_cli.core.recipe import Recipe
    from centernet_cli.datasets.samples import Draw, LabelledPage
    from centernet_cli.training.trainer import Trainer

BOX_BYTES = 330
"""Of a predicted box as `validate` keeps it (measured with CPython 3.11)."""
SETS = 2
"""Sets of predictions held at a time: those of the best validation, and of the one being made."""
LIBRARIES_MB = 130.0
"""CUDA libraries look through themselves once more when a program ends (measured with torch 2.12 for CUDA 13)."""
SPREAD = 1.11
"""For what two steps don't show: allocators that cut memory into pieces, batches with more boxes."""
MIB = 2**20 / 1e6


def memory_line(trainer: Trainer, read: Sequence[Draw], predicted: int) -> str:
    """Return in words how much memory the training will take; empty where the system doesn't tell.

    Args:
        trainer: After some steps, a validation, and what the run writes.
        read: What was drawn for those steps.
        predicted: Boxes found on a validation page.
    """
    recipe, pages = trainer.recipe, trainer.data.train
    section = recipe.data
    decoded = pages_mb(pages)
    inside = section.cache == "memory"
    kept = min(decoded, section.cache_mb * MIB) if inside else min(decoded, float(section.cache_disk_mb))
    parts = []
    main = process_mb()
    if main is not None:
        peak, now = main
        found = SETS * predicted * len(trainer.data.val) * BOX_BYTES / 1e6
        more = found
        if inside and not section.workers:
            there = pages_mb([pages[draw.page] for draw in read])
            more += max(0.0, kept - there)
        end = now + LIBRARIES_MB if torch.version.cuda else now
        parts.append(f"memory: about {max(SPREAD * peak, end) + more:,.0f} MB at most")
    if torch.cuda.is_available() and trainer.device.type == "cuda":
        parts.append(f"{torch.cuda.max_memory_reserved(trainer.device) / 1e6:,.0f} MB on the GPU")
    if section.workers:
        worker = worker_mb(trainer)
        if worker is not None:
            more = kept if inside else 0.0
            parts.append(f"{worker + more:,.0f} MB in each of {section.workers} workers")
    where = "data.cache_mb" if inside else "on disk: data.cache_disk_mb"
    each = " in each worker" if inside and section.workers else ""
    parts.append(f"decoded pages up to {kept:,.0f} MB{' of it' if inside and parts else ''}{each} ({where})")
    return ", ".join(parts)


def pages_mb(pages: Sequence[LabelledPage]) -> float:
    """Return what pages take when decoded, each counted once."""
    return sum({(page.path, page.frame): 3 * page.width * page.height for page in pages}.values()) / 1e6


def process_mb(pid: int | None = None) -> tuple[float, float] | None:
    """Return the most memory that a process has had in use, and what it has now; None where the system doesn't tell.

    Args:
        pid: Of another process; None: of this one.
    """
    try:
        status = Path(f"/proc/{pid or 'self'}/status").read_text(encoding="ascii", errors="replace")
        rows = (line.partition(":") for line in status.splitlines())
        found = {name: float(value.split()[0]) for name, _, value in rows if name in {"VmHWM", "VmRSS"}}
        return found["VmHWM"] * 1024 / 1e6, found["VmRSS"] * 1024 / 1e6
    except (OSError, KeyError, ValueError):
        pass
    if pid is not None:
        return None
    try:
        import resource
    except ImportError:  # Windows
        return None
    unit = 1 if sys.platform == "darwin" else 2**10
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
    return most, most


def worker_mb(trainer: Trainer) -> float | None:
    """Return what a data worker takes, beside the pages that it keeps; None where the system doesn't tell.

    Raises:
        CenterNetError: A page cannot be read, or the worker died.
    """
    from centernet_cli.training.data import plan_epoch
    from centernet_cli.training.feed import Feed, watched_workers

    recipe: Recipe = trainer.recipe
    one = recipe.model_copy(update={"data": recipe.data.model_copy(update={"workers": 1, "cache_mb": 0})})
    plan = plan_epoch(trainer.data.train, epoch=0, recipe=one)[:3]
    before = {process.pid for process in multiprocessing.active_children()}
    with watched_workers():
        batches = Feed(trainer.data.train, one, trainer.group).batches(plan)
        for _ in plan[:-1]:
            next(batches)
        new = [child.pid for child in multiprocessing.active_children() if child.pid not in before]
        sizes = [process_mb(pid) for pid in new]
        for _ in batches:  # to its end, so that the worker ends in peace
            pass
    return max((size[0] for size in sizes if size is not None), default=None)
