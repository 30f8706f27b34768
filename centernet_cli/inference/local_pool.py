"""The stand-in for page workers where there are none: tasks are done in this process, as soon as they are sent."""

from __future__ import annotations

from collections import deque
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, Self

from centernet_cli.inference.page_worker import PageWorker
from centernet_cli.inference.shared_buffer import SharedBuffer, create_shared_file

if TYPE_CHECKING:
    from collections.abc import Iterator

    from centernet_cli.inference.tasks import Reply, Task

LOCAL_BUFFERS = 2


class LocalPool:
    """One worker that is this process; crashes and endless pages aren't caught."""

    def __init__(self, buffers: int = LOCAL_BUFFERS) -> None:
        self.buffers = [SharedBuffer(create_shared_file()) for _ in range(buffers)]
        self.free = list(range(buffers))
        self.workers = (self,)
        self._replies: deque[Reply] = deque()
        self._worker = PageWorker(self._replies.append, self.buffers)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._worker.close()
        for buffer in self.buffers:
            buffer.close()

    def send(self, task: Task) -> None:
        """Do a task."""
        self._replies.append(self._worker.answer(task))

    def with_room(self) -> LocalPool | None:
        """Return itself as long as there is a free buffer."""
        return self if self.free else None

    def wait(self, *others: int) -> None:
        """Wait until one of some descriptors can be read, unless replies are there."""
        if not self._replies:
            wait(others)

    def replies(self) -> Iterator[tuple[LocalPool, Reply]]:
        """Yield what tasks gave."""
        while self._replies:
            yield self, self._replies.popleft()
