"""The batches of an epoch, made in this process or by workers ahead of time."""

from __future__ import annotations

import multiprocessing
import signal
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import cv2
import torch
from torch.utils.data import DataLoader
from torch.utils.data import Dataset as TorchDataset

from centernet_cli.core.errors import CenterNetError, MissingRequirementError
from centernet_cli.datasets.page_cache import page_reader
from centernet_cli.datasets.samples import Draw, Sample, Samples
from centernet_cli.training.batch import Batch, collate
from centernet_cli.training.distributed import Group

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from centernet_cli.core.recipe import Recipe
    from centernet_cli.datasets.samples import LabelledPage


class Feed:
    """Turns plans into batches; workers live, with their page caches, as long as the feed does.

    Args:
        pages: To train on.
        recipe: Sizes, augmentation, number of workers.
        group: Of the processes that share each batch.
        pin: Whether batches go to a CUDA device: from pinned memory they are copied while it computes.

    Raises:
        OutputError: O801, the folder of the image cache cannot be written to.
    """

    def __init__(
        self, pages: list[LabelledPage], recipe: Recipe, group: Group | None = None, *, pin: bool = False
    ) -> None:
        self._group = group or Group()
        workers = recipe.data.workers
        samples = Samples(pages, recipe.augment, recipe.train.input, recipe.train.page_size, page_reader(recipe.data))
        self._plan: list[list[Draw]] = []
        self._loader: DataLoader[Any] = DataLoader(
            _Guarded(samples),
            batch_sampler=self._plan,
            collate_fn=_collate,
            num_workers=workers,
            persistent_workers=workers > 0,
            pin_memory=pin,
            worker_init_fn=start_worker,
            multiprocessing_context=start_method() if workers else None,
            # Else each epoch would take a number from torch's generator, and a resumed one another.
            generator=torch.Generator(),
        )

    def batches(self, plan: Sequence[list[Draw]]) -> Iterator[Batch]:
        """Yield this process's part of the planned batches, in order.

        Raises:
            InputError: A page cannot be read.
        """
        # Where there are more processes than samples, some look at one that isn't theirs: all have to go through
        # the network together.
        self._plan[:] = [list(self._group.share(draws)) or draws[:1] for draws in plan]
        for draws, batch in zip(plan, self._loader, strict=True):
            if isinstance(batch, CenterNetError):
                raise batch
            yield batch if self._group.rank < len(draws) else replace(batch, counts=False)


@contextmanager
def watched_workers() -> Iterator[None]:
    """Tell of the death of a worker, which torch reports by an exception in whatever is being done just then.

    Raises:
        MissingRequirementError: A worker died.
    """
    try:
        yield
    except RuntimeError as error:
        if "DataLoader worker" not in str(error):
            raise
        raise MissingRequirementError(
            "E713",
            "a data worker died, most likely for want of memory or of shared memory (/dev/shm)",
            hint="data.workers=0, a smaller data.cache_mb, or more shared memory",
        ) from error


class _Guarded(TorchDataset[Sample | CenterNetError]):
    """Samples, or why one cannot be made: torch would turn the exception of a worker into a nameless one."""

    def __init__(self, samples: Samples) -> None:
        self.samples = samples

    def __getitem__(self, draw: Draw) -> Sample | CenterNetError:
        try:
            return self.samples[draw]
        except CenterNetError as error:
            return error


def _collate(samples: Sequence[Sample | CenterNetError]) -> Batch | CenterNetError:
    """Return a batch, or the first error among its samples."""
    good: list[Sample] = []
    for sample in samples:
        if isinstance(sample, CenterNetError):
            return sample
        good.append(sample)
    return collate(good)


def start_method() -> str:
    """Return how workers are started: never by a bare fork, which OpenCV's and torch's threads don't survive."""
    return "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"


def start_worker(_index: int) -> None:
    """Make a worker leave Ctrl-C to the main process, and use one processor."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    cv2.setNumThreads(0)
