"""The program of a page worker: reads pages into shared memory, scales them for the network, finishes their boxes.

It is a process of its own because PDFium and the image decoders run foreign code on foreign files: where that
crashes or hangs, only this process does. It imports what it needs when it needs it, so that it is ready soon.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from dataclasses import replace
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

import cv2
import numpy as np

from centernet_cli.core.errors import CenterNetError
from centernet_cli.core.records import Failure, Page
from centernet_cli.core.safe_io import sha256_file
from centernet_cli.inference.failures import page_failure
from centernet_cli.inference.shared_buffer import SharedBuffer
from centernet_cli.inference.tasks import (
    Equipment,
    Equipped,
    Failed,
    Finished,
    FinishTask,
    GoingOn,
    HeldPage,
    Opened,
    Read,
    ReadTask,
    Ready,
    Shown,
    ShowTask,
)
from centernet_cli.pages.options import chosen_pages
from centernet_cli.pages.reader import FileReader

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from centernet_cli.inference.runtime import Runtime
    from centernet_cli.inference.tasks import Reply, Task
    from centernet_cli.inference.views import View

NOTHING = np.zeros((0, 0, 3), np.uint8)
SIGN_SECONDS = 1.0
"""How often a long look at a page gives a sign of life."""


class PageWorker:
    """Does tasks and answers them.

    Args:
        tell: Takes replies that come before the task is done.
        buffers: Shared with the main process, which made them.
    """

    def __init__(self, tell: Callable[[Reply], None], buffers: Sequence[SharedBuffer]) -> None:
        self._tell = tell
        self._buffers = buffers
        self._reader: FileReader | None = None
        self._equipment: Equipment | None = None
        self._runtime: Runtime | None = None
        self._told = 0.0

    def close(self) -> None:
        """Close the file that is open."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def equip(self, equipment: Equipment) -> Equipped:
        """Open a model; where that fails, the main process runs the network as before."""
        try:
            self._runtime = equipment.open_runtime()
        except Exception:  # noqa: BLE001 - such as memory for one model, but not for several
            self._runtime = None
        self._equipment = equipment
        return Equipped(usable=self._runtime is not None)

    def answer(self, task: Task) -> Reply:
        """Do a task."""
        buffer = self._buffers[task.buffer]
        try:
            if isinstance(task, ReadTask):
                return self._read(task, buffer)
            if isinstance(task, ShowTask):
                return _show(task.ticket, buffer, task.page, task.views, task.multiple)
            return _finish(task, buffer)
        except CenterNetError as error:
            return Failed(ticket=task.ticket, failure=error)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one page must not stop the others
            return Failed(ticket=task.ticket, failure=failure_in(task, error))

    def _read(self, task: ReadTask, buffer: SharedBuffer) -> Reply:
        reader = self._open(task)
        if task.first:
            digest = None
            if task.digest and task.path.is_file():  # a pipe would keep us waiting
                with contextlib.suppress(CenterNetError):  # reading it will say what is wrong
                    digest = sha256_file(task.path)
            self._tell(Opened(ticket=task.ticket, count=reader.count, digest=digest))
        item = self._item(task, reader)
        if item is None:
            return Read(ticket=task.ticket, page=None)
        if isinstance(item, Failure):
            return Failed(ticket=task.ticket, failure=item)
        if self._runtime is not None and not task.again:
            return self._look(task, item, buffer)
        buffer.write([item.pixels])
        page = HeldPage(info=item.info, shape=item.pixels.shape)
        del item
        shown = None
        if task.look is not None:
            shown = _show(task.ticket, buffer, page, task.look.views(page.size), task.look.multiple)
        return Read(ticket=task.ticket, page=page, shown=shown)

    def _look(self, task: ReadTask, page: Page, buffer: SharedBuffer) -> Reply:
        """Say what is on a page that was read."""
        from centernet_cli.inference.annotate import to_ink_of_page
        from centernet_cli.inference.look_at import look_through, page_size

        assert self._equipment is not None
        assert self._runtime is not None

        def all_pixels() -> Page:
            again = self._open(replace(task, options=replace(task.options, enough=None), again=True)).frame(task.after)
            if isinstance(again, Failure):
                raise _UnreadableError(again)
            assert again is not None
            return again

        plan = self._equipment.plan
        try:
            steps = plan.looks(page_size(page))
            page, found = look_through(
                page, steps, next(steps), self._runtime, all_pixels=all_pixels, going_on=self._going_on
            )
            held = HeldPage(info=page.info, shape=page.pixels.shape)
            if not self._equipment.finish:
                buffer.write([page.pixels])
                return Read(ticket=task.ticket, page=held, found=found)
            boxes = to_ink_of_page(page, found.boxes, plan.meta.test.ink)
        except CenterNetError:
            raise
        except _UnreadableError as error:
            return Failed(ticket=task.ticket, failure=error.failure)
        except Exception as error:  # noqa: BLE001 - a page may break the network in any way
            return Failed(ticket=task.ticket, failure=page_failure(page.info, error))
        return Read(ticket=task.ticket, page=held, found=found, boxes=boxes)

    def _going_on(self) -> None:
        if (now := time.monotonic()) > self._told + SIGN_SECONDS:
            self._told = now
            self._tell(GoingOn())

    def _item(self, task: ReadTask, reader: FileReader) -> Page | Failure | None:
        if reader.count is None:
            return reader.frame(task.after)
        number = next(chosen_pages(task.options.pages, reader.count), None) if task.number is None else task.number
        # Pages that are asked for but not there are told by the main process.
        return None if number is None else reader.page(number)

    def _open(self, task: ReadTask) -> FileReader:
        reader = self._reader
        # Opened afresh for its first page: the file may have changed since.
        if reader is None or reader.path != task.path or task.first or task.again:
            self.close()
            self._reader = reader = FileReader(task.path, task.options)
        return reader


class _UnreadableError(Exception):
    """A page could be read once, but not again."""

    def __init__(self, failure: Failure) -> None:
        self.failure = failure


def _show(ticket: int, buffer: SharedBuffer, page: HeldPage, views: Sequence[View], multiple: int) -> Shown:
    pixels = buffer.array(0, page.shape)
    size = (page.info.width, page.info.height)
    inputs = [view.show(pixels, size, multiple) for view in views]
    places, _ = buffer.write([prepared.pixels for prepared in inputs], pixels.nbytes)
    return Shown(
        ticket=ticket,
        inputs=tuple(replace(prepared, pixels=NOTHING) for prepared in inputs),
        places=tuple(places),
        shapes=tuple(prepared.pixels.shape for prepared in inputs),
    )


def _finish(task: FinishTask, buffer: SharedBuffer) -> Finished:
    from centernet_cli.inference.annotate import annotations_of, to_ink_of_page

    page = Page(info=task.page.info, pixels=buffer.array(0, task.page.shape))
    boxes = to_ink_of_page(page, task.found.boxes, task.ink)
    made = None
    if task.work is not None:
        made = task.work(page, annotations_of(boxes, task.found, task.classes))
    return Finished(ticket=task.ticket, boxes=boxes, made=made)


def failure_in(task: Task, error: Exception) -> Failure:
    """Return the record of an error in a task that should not have raised one."""
    if not isinstance(task, ReadTask):
        return page_failure(task.page.info, error)
    if isinstance(error, MemoryError):
        message = "not enough memory for the page"
    else:
        message = f"the page cannot be read: {type(error).__name__}: {error}".rstrip(": ")
    return Failure(source=str(task.path), page=task.number, code="I101", message=message)


def _end_with(parent: int) -> None:
    """End this process, whatever it is doing, once the main process is gone."""
    while os.getppid() == parent:
        time.sleep(1.0)
    os._exit(1)


def main(arguments: Sequence[str]) -> None:
    """Serve the process that started this one.

    Args:
        arguments: Its process number, the descriptor of the connection, and those of the buffers.
    """
    # Ctrl-C reaches the whole group; the main process decides what follows.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent, connection, *buffers = map(int, arguments)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    cv2.setNumThreads(1)  # there are as many workers as are of use
    serve(Connection(connection), [SharedBuffer(descriptor) for descriptor in buffers])


def serve(connection: Connection, buffers: Sequence[SharedBuffer]) -> None:
    """Do tasks until the main process hangs up."""
    worker = PageWorker(connection.send, buffers)
    with contextlib.suppress(EOFError, OSError):
        connection.send(Ready())
        while True:
            task = connection.recv()
            connection.send(worker.equip(task) if isinstance(task, Equipment) else worker.answer(task))


if __name__ == "__main__":
    main(sys.argv[1:])
