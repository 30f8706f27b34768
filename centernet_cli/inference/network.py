"""The network at work beside the rest: batches run in a thread, their results are collected when they are there."""

from __future__ import annotations

import os
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Generic, Self, TypeVar

from centernet_cli.core.errors import CenterNetError
from centernet_cli.inference.look_at import look_together

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from centernet_cli.inference.plan import Look
    from centernet_cli.inference.preprocess import NetworkInput
    from centernet_cli.inference.runtime import Runtime

Key = TypeVar("Key")


class NetworkThread(Generic[Key]):
    """Opens a model and runs it, without keeping the main thread waiting; use it in a `with` block.

    Args:
        open_runtime: Called at once, in the thread.

    Attributes:
        descriptor: Can be read when there is something to collect.
    """

    def __init__(self, open_runtime: Callable[[], Runtime]) -> None:
        self.descriptor, self._wake = os.pipe()
        os.set_blocking(self.descriptor, False)
        self._executor = ThreadPoolExecutor(1, "network")
        self._opening = self._executor.submit(open_runtime)
        self._opening.add_done_callback(self._tell)
        self._running: list[tuple[list[Key], Future[list[list[Look] | Exception]]]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._executor.shutdown(wait=True, cancel_futures=True)
        os.close(self.descriptor)
        os.close(self._wake)

    def _tell(self, _: object) -> None:
        os.write(self._wake, b"\0")

    def opened(self) -> Runtime | None:
        """Return the model, None as long as it isn't there.

        Raises:
            Exception: What opening it raised.
        """
        return self._opening.result() if self._opening.done() else None

    @property
    def busy(self) -> bool:
        """Whether it needn't be given more yet: one batch runs, another waits."""
        return len(self._running) >= 2

    @property
    def idle(self) -> bool:
        """Whether nothing runs."""
        return not self._running

    def submit(self, pages: Sequence[tuple[Key, Sequence[NetworkInput]]], batch_size: int) -> None:
        """Run the inputs of some pages."""
        runtime = self._opening.result()
        keys = [key for key, _ in pages]
        future = self._executor.submit(run_pages, runtime, [inputs for _, inputs in pages], batch_size)
        self._running.append((keys, future))
        future.add_done_callback(self._tell)

    def collect(self) -> Iterator[tuple[Key, list[Look] | Exception]]:
        """Yield what was found on pages, or what went wrong with them.

        Raises:
            CenterNetError: What the runtime raised.
        """
        try:
            os.read(self.descriptor, 1 << 16)
        except BlockingIOError:
            return
        while self._running and self._running[0][1].done():
            keys, future = self._running.pop(0)
            yield from zip(keys, future.result(), strict=True)


def run_pages(
    runtime: Runtime, pages: Sequence[Sequence[NetworkInput]], batch_size: int
) -> list[list[Look] | Exception]:
    """Run the network over the inputs of some pages, those of equal shape together; where that fails, one by one.

    Raises:
        CenterNetError: What the runtime raises.
    """
    try:
        return list(look_together(runtime, pages, batch_size))
    except CenterNetError:
        raise
    except Exception as error:  # noqa: BLE001 - a page may break the network in any way
        if len(pages) == 1:
            return [error] if batch_size == 1 else run_pages(runtime, pages, 1)
        # The device may be too small for the batch, or one page may be at fault: the others still can run.
        return [run_pages(runtime, [page], batch_size)[0] for page in pages]
