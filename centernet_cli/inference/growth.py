"""How many workers there are, and which of them run the network: found out while pages go by."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from centernet_cli.inference.runtime import Portable
from centernet_cli.inference.runtimes.processors import available_cpus, available_memory, thread_count
from centernet_cli.inference.tasks import Equipment

if TYPE_CHECKING:
    from centernet_cli.inference.plan import Plan
    from centernet_cli.inference.runtime import Runtime
    from centernet_cli.inference.worker_pool import WorkerPool

STARVED_SECONDS = 0.3
"""How long the network has to have waited for pages, in all, until another worker is started."""
LONG_RUN = 100
"""Pages after which a run is long: opening the model in every worker takes as long as is won over about so many."""
WORKER_BYTES = 400 << 20
"""Memory of a worker that runs a network: twice what ours need."""


class Growth:
    """Starts workers, and gives them the network.

    In short runs this process runs the network on all processors, and workers are started for as long as it waits
    for pages. In long runs on the CPU each worker runs it on one processor: two networks side by side do more pages
    than one on two threads, and pages needn't be handed from one process to another.

    Args:
        pool: The workers.
        workers: How many the user wants; None: as many as are of use.
        finish: Whether workers have nothing to do with a page but its boxes.
        streams: How many models run side by side over the same pages, each with workers of its own.
    """

    def __init__(self, pool: WorkerPool, workers: int | None, *, finish: bool, streams: int = 1) -> None:
        self._pool = pool
        self._wanted = workers
        self._finish = finish
        self._streams = streams
        self._waited = 0.0
        self._since: float | None = None
        self._settled = self._equipped = False
        self._left: Portable | None = None
        self._last = 0

    def look(self, *, starving: bool) -> None:
        """Learn whether the network has nothing to do because pages are still being read."""
        if self._wanted is not None or self._equipped:
            return
        now = time.monotonic()
        if self._since is not None:
            self._waited += now - self._since
        self._since = now if starving else None
        if self._waited > STARVED_SECONDS * len(self._pool.workers) and len(self._pool.workers) < available_cpus():
            self._pool.grow(1)
            self._waited = 0.0

    def settle(self, pages: int, runtime: Runtime, plan: Plan) -> None:
        """Give the workers of a long run networks of their own, where that is of use.

        Args:
            pages: How many were begun so far.
            runtime: The model as this process has it.
            plan: How pages are looked at.
        """
        if self._settled or pages < LONG_RUN:
            return
        self._settled = True
        processors = min(available_cpus(), thread_count())
        count = self._wanted or min(processors, available_memory() // WORKER_BYTES) // self._streams
        # One network on several threads is better than one on one.
        if count < min(processors, 2) or not isinstance(runtime, Portable):
            return
        self._equipped = True
        if len(self._pool.workers) < count:
            self._pool.grow(count - len(self._pool.workers))
        equipment = Equipment(open_runtime=runtime.elsewhere(), plan=plan, finish=self._finish)
        for worker in self._pool.workers:
            worker.equip(equipment)
        self._left, self._last = runtime, pages

    def rest(self, oldest: int) -> None:
        """Have this process's network give its memory back, once it has nothing to do any more.

        Args:
            oldest: Number of the first page that is on its way; workers have been equipped after that of `settle`.
        """
        if self._left is not None and oldest > self._last:
            self._left.rest()
            self._left = None
