"""Page workers as seen from the main process: started, given tasks, watched, and replaced when they crash or hang."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING, Protocol, Self

from centernet_cli.core.errors import MissingRequirementError
from centernet_cli.inference.batches import window
from centernet_cli.inference.shared_buffer import SharedBuffer, create_shared_file
from centernet_cli.inference.tasks import Equipped, GoingOn, Opened, Ready

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from centernet_cli.inference.tasks import Equipment, Reply, Task

BUFFERS = 3
"""Pages a worker may hold at least: one being read, one at the network, one between."""
MORE_BUFFERS = 6
"""Pages that wait for a worker that holds none: one page that takes long leaves the others to do."""
START_SECONDS = 120.0
"""A worker that hasn't answered by then, on however busy a machine, never will."""
PARTING_SECONDS = 2.0
_START = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from centernet_cli.inference.page_worker import main; main(sys.argv[2:])"
)
_FEW_STARTS = 3


class Worker(Protocol):
    """What takes tasks and holds pages.

    Attributes:
        buffers: Shared with it.
        free: Numbers of those that hold no page.
    """

    buffers: list[SharedBuffer]
    free: list[int]

    def send(self, task: Task) -> None:
        """Have a task done after those that were sent before."""


class Pool(Protocol):
    """Workers; used in a `with` block."""

    @property
    def workers(self) -> Sequence[Worker]:
        """Those there are."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...

    def with_room(self) -> Worker | None:
        """Return the worker with a free buffer that has the least to do."""

    def wait(self, *others: int) -> None:
        """Wait until there may be replies, or one of some other descriptors can be read."""

    def replies(self) -> Iterator[tuple[Worker, Reply | Lost]]:
        """Yield what has come, without waiting."""


@dataclass(frozen=True, slots=True)
class Lost:
    """A task during which its worker crashed or took too long.

    Attributes:
        task: The task.
        hung: Whether it took too long.
    """

    task: Task
    hung: bool


class PageWorkerHandle:
    """A worker process and its buffers, which outlive it.

    Args:
        buffers: How many pages it may hold.
    """

    def __init__(self, buffers: int) -> None:
        self.buffers = [SharedBuffer(create_shared_file()) for _ in range(max(buffers, MORE_BUFFERS))]
        self.free = list(range(buffers))
        self._spare = list(range(buffers, len(self.buffers)))
        self.tasks: deque[Task] = deque()
        self._since = 0.0
        self._ready = False
        self._failed_starts = 0
        self._again: Task | None = None
        self._equipment: Equipment | None = None
        self._start()

    def _start(self) -> None:
        ours, theirs = socket.socketpair()
        descriptors = [theirs.fileno(), *(buffer.descriptor for buffer in self.buffers)]
        command = [sys.executable, "-c", _START, json.dumps(sys.path), *map(str, (os.getpid(), *descriptors))]
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - this very program
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,  # libraries for images like to talk; what matters comes back as a reply
                pass_fds=descriptors,
            )
        self.connection = Connection(ours.detach())
        self._since = time.monotonic()
        self._ready = False
        if self._equipment is not None:
            self._transmit(self._equipment)

    def equip(self, equipment: Equipment) -> None:
        """Have the worker run the network itself, after the tasks that were sent before."""
        self._equipment = equipment
        self._transmit(equipment)
        if equipment.finish:  # pages aren't held
            self.free += self._spare
            self._spare = []

    def send(self, task: Task) -> None:
        """Have a task done after those that were sent before."""
        if not self.tasks:
            self._since = time.monotonic()
        self.tasks.append(task)
        self._transmit(task)

    def _transmit(self, task: Task | Equipment) -> None:
        with contextlib.suppress(OSError):  # it is dead: `replies` finds out, and everything is sent again
            self.connection.send(task)

    def replies(self, timeout: float) -> Iterator[Reply | Lost]:
        """Yield what has come; a worker that died, or works longer than `timeout` seconds on a task, is replaced.

        The task it was at is lost, but after a SIGKILL, which is tried once more.
        """
        dead = False
        try:
            while self.connection.poll():
                reply: Reply = self.connection.recv()
                if self._is_answer(reply):
                    yield reply
        except (EOFError, OSError):
            dead = True
        late = self.deadline(timeout)
        hung = not dead and late is not None and time.monotonic() > late
        if not (dead or hung):
            return
        self._failed_starts = 0 if self._ready else self._failed_starts + 1
        if dead:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(PARTING_SECONDS)  # how it died is known then
        self.kill()
        if self._failed_starts >= _FEW_STARTS:
            message = f"page workers cannot be started (exit code {self._process.returncode})"
            raise MissingRequirementError("E717", message, hint="--workers 0 does without")
        lost = self.tasks[0] if self.tasks and self._ready else None
        if lost is not None and dead and lost is not self._again and self._process.returncode == -signal.SIGKILL:
            # Somebody killed it, perhaps for want of memory, which need not be the page's fault: it gets another try.
            self._again, lost = lost, None
        if lost is not None:
            self.tasks.popleft()
        self._start()
        for task in self.tasks:
            self._transmit(task)
        if lost is not None:
            yield Lost(lost, hung)

    def _is_answer(self, reply: Reply) -> bool:
        """Note a reply, and tell whether it is about a page."""
        self._since = time.monotonic()
        if isinstance(reply, Ready):
            self._ready = True
        if isinstance(reply, (Ready, Equipped, GoingOn)):
            return False
        if not isinstance(reply, Opened):  # more follows
            self.tasks.popleft()
        return True

    def deadline(self, timeout: float) -> float | None:
        """Return until when (by the monotonic clock) an answer is due; None without a task."""
        if not self._ready:
            return self._since + START_SECONDS
        return self._since + timeout if self.tasks else None

    def part(self, timeout: float) -> None:
        """End the process and give the buffers back; what it is at it may end, for it may be writing a file."""
        if self.tasks:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout)
        self.kill()
        for buffer in self.buffers:
            buffer.close()

    def kill(self) -> None:
        """End the process, whatever it is doing; it holds nothing that would be lost."""
        self._process.kill()
        self._process.wait()
        self.connection.close()


@dataclass(slots=True)
class WorkerPool:
    """A growing number of workers; use it in a `with` block.

    Attributes:
        timeout: Seconds a worker may take for a task.
        workers: Those there are.
    """

    timeout: float
    workers: list[PageWorkerHandle] = field(default_factory=list)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self.workers:
            worker.connection.close()
        until = time.monotonic() + PARTING_SECONDS
        for worker in self.workers:
            worker.part(max(0.0, until - time.monotonic()))
        self.workers.clear()

    def grow(self, count: int, batch_size: int = 1) -> None:
        """Start more workers, each of which may hold some pages.

        Args:
            count: How many, at least 1.
            batch_size: Pages that run together: those that may are held at a time, by the first workers alone.
        """
        buffers = max(BUFFERS, -(-window(batch_size) // count))
        for _ in range(count):
            self.workers.append(PageWorkerHandle(buffers))

    def with_room(self) -> PageWorkerHandle | None:
        """Return the worker with a free buffer that has the least to do."""
        free = [worker for worker in self.workers if worker.free]
        return min(free, key=lambda worker: len(worker.tasks), default=None)

    def wait(self, *others: int) -> None:
        """Wait until a worker answers, dies or is late, or one of some other descriptors can be read."""
        deadlines = [late for worker in self.workers if (late := worker.deadline(self.timeout)) is not None]
        patience = max(0.0, min(deadlines) - time.monotonic()) + 0.01 if deadlines else None
        wait([*(worker.connection for worker in self.workers), *others], patience)

    def replies(self) -> Iterator[tuple[PageWorkerHandle, Reply | Lost]]:
        """Yield what has come from all workers, without waiting."""
        for worker in self.workers:
            for reply in worker.replies(self.timeout):
                yield worker, reply
