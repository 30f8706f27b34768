"""Files in, predictions out: reading, network and finishing side by side, results in input order.

The main process only moves things on: workers read pages into shared memory, scale them and finish their boxes; a
thread runs the network, or, in long runs on the CPU, every worker does so itself (`growth`). A page holds one of a
fixed number of buffers from the moment it is read until it comes out, so that memory doesn't grow with the number of
pages. A page that crashes or hangs its worker becomes a `Failure` (R703, R704).
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from centernet_cli.core.errors import CenterNetError
from centernet_cli.core.records import Failure, PageRecord
from centernet_cli.inference.annotate import annotations_of
from centernet_cli.inference.batches import Batches, window
from centernet_cli.inference.failures import lost_page, page_failure
from centernet_cli.inference.file_queue import FileQueue, Ticket
from centernet_cli.inference.growth import Growth
from centernet_cli.inference.network import NetworkThread
from centernet_cli.inference.sinks.sink import SeenPage
from centernet_cli.inference.tasks import (
    Equipped,
    Finished,
    FinishTask,
    GoingOn,
    Opened,
    Read,
    ReadTask,
    Ready,
    Shown,
    ShowTask,
)
from centernet_cli.inference.views import Tile
from centernet_cli.inference.worker_pool import Lost, WorkerPool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

    from centernet_cli.core.records import PageInfo
    from centernet_cli.inference.file_queue import KnownFile
    from centernet_cli.inference.pipeline import PipelineOptions
    from centernet_cli.inference.plan import Look, Plan, SeenBoxes
    from centernet_cli.inference.preprocess import NetworkInput
    from centernet_cli.inference.runtime import Runtime
    from centernet_cli.inference.tasks import PageWork, Reply
    from centernet_cli.inference.views import View
    from centernet_cli.inference.worker_pool import Pool, Worker
    from centernet_cli.pages.options import PageOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamOptions:
    """How files are worked through.

    Attributes:
        workers: Processes that read pages; 0: this one does it; None: as many as are of use here.
        digest: Whether to tell the SHA-256 of files.
        work: Says what else to do with a page when its boxes are known; asked in input order.
        known: Says what an earlier run left of a file, which isn't done again.
        pool: Workers that have been started already; whoever did ends them.
        streams: How many models run side by side over the same pages.
    """

    workers: int | None = None
    digest: bool = False
    work: Callable[[PageInfo], PageWork | None] | None = None
    known: Callable[[Path], KnownFile | None] | None = None
    pool: WorkerPool | None = None
    streams: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A page that is done.

    Attributes:
        result: What was found, or what went wrong.
        path: The file.
        digest: SHA-256 of the file, if it was asked for and the file could be read.
        count: How many pages the file has, if it is a PDF.
        made: What the work on it gave.
        known: Whether an earlier run did it.
    """

    result: SeenPage | Failure
    path: Path
    digest: str | None
    count: int | None
    made: object
    known: bool


def predict_files(
    paths: Iterable[Path],
    pages: PageOptions,
    open_runtime: Callable[[], Runtime],
    options: PipelineOptions,
    stream: StreamOptions | None = None,
) -> Iterator[Done]:
    """Run a model over the pages of files, in order.

    Args:
        paths: The files.
        pages: How they are read.
        open_runtime: Called once, in a thread, while the first page is being read; what it raises ends the stream as
            soon as there is a page.
        options: Threshold, size, batch size.
        stream: Workers, and what else is wanted.

    Raises:
        CenterNetError: What the runtime, or the work on a page, raises; E717 workers cannot be started.
    """
    stream = stream or StreamOptions()
    with ExitStack() as stack:
        pool: Pool
        grown = None
        if stream.workers == 0:
            from centernet_cli.inference.local_pool import LOCAL_BUFFERS, LocalPool

            pool = stack.enter_context(LocalPool(max(LOCAL_BUFFERS, window(options.batch_size))))
        else:
            pool = grown = stream.pool or stack.enter_context(WorkerPool(pages.timeout))
            if not grown.workers:
                grown.grow(stream.workers or 1, options.batch_size)
        network: NetworkThread[Ticket] = stack.enter_context(NetworkThread(open_runtime))
        run = _Run(FileQueue(paths, pages, stream.known), pool, network, pages, options, stream)
        if grown is not None:
            run.growth = Growth(grown, stream.workers, finish=stream.work is None, streams=stream.streams)
        yield from run.results()


class _Run:
    """The state of a stream, and the steps that move pages on."""

    def __init__(
        self,
        queue: FileQueue,
        pool: Pool,
        network: NetworkThread[Ticket],
        pages: PageOptions,
        options: PipelineOptions,
        stream: StreamOptions,
    ) -> None:
        self._queue = queue
        self._pool = pool
        self._network = network
        self._pages = pages
        self._options = options
        self._stream = stream
        self._batches = Batches(options.batch_size)
        self._plan: Plan | None = None
        self._on_the_way: dict[int, Ticket] = {}
        self._count = 0
        self.growth: Growth | None = None

    def results(self) -> Iterator[Done]:
        """Move everything on until all pages have come out."""
        while True:
            self._read()
            self._open()
            self._predict()
            self._finish()
            emitted = False
            while (ticket := self._queue.pop()) is not None:
                emitted = True
                yield _done(ticket)
                ticket.release()
            if self._queue.ended:
                return
            if not emitted:
                self._wait()
            for worker, reply in self._pool.replies():
                self._take(worker, reply)
            for ticket, looks in self._network.collect():
                self._looked(ticket, looks)

    def _wait(self) -> None:
        if self.growth is not None:
            on_the_way = self._on_the_way.values()
            reading = sum(ticket.page is None for ticket in on_the_way)
            self.growth.look(starving=self._plan is not None and self._network.idle and reading > 1)
            if self._network.idle:
                self.growth.rest(min(self._on_the_way, default=0))
        self._pool.wait(self._network.descriptor)

    def _read(self) -> None:
        """Have pages read into all free buffers."""
        if self.growth is not None and self._plan is not None and self._options.batch_size == 1:
            runtime = self._network.opened()
            assert runtime is not None
            self.growth.settle(self._count, runtime, self._plan)
        while (worker := self._pool.with_room()) is not None and (ticket := self._queue.next_to_read()) is not None:
            self._count += 1
            ticket.id, ticket.worker, ticket.buffer = self._count, worker, worker.free.pop()
            self._on_the_way[ticket.id] = ticket
            task = ReadTask(
                ticket=ticket.id,
                buffer=ticket.buffer,
                path=ticket.file.path,
                options=self._pages,
                number=ticket.number,
                after=ticket.after,
                first=ticket.first,
                digest=self._stream.digest,
                look=None if self._plan is None else self._plan.first,
            )
            worker.send(task)

    def _open(self) -> None:
        """Begin with pages that were read before the model was there."""
        if self._plan is not None or not any(ticket.page for ticket in self._on_the_way.values()):
            return
        runtime = self._network.opened()
        if runtime is None:
            return
        self._plan = self._options.plan(runtime)
        for ticket in list(self._on_the_way.values()):
            if ticket.page is not None:
                self._begin(ticket, None)

    def _predict(self) -> None:
        """Keep the network busy."""
        self._batches.gather(self._queue.line(), more=not self._queue.listed)
        while not self._network.busy and (batch := self._batches.pop()) is not None:
            self._network.submit(batch, self._options.batch_size)

    def _finish(self) -> None:
        """Have pages finished that the network is done with: in input order, where somebody asks for it."""
        in_order = self._stream.work is not None
        for ticket in list(self._queue.line() if in_order else self._on_the_way.values()):
            if ticket.found is None and ticket.result is None and in_order:
                return
            if in_order and ticket.known and not ticket.finishing:
                ticket.finishing = True
                self._pass(ticket.result)
            if ticket.found is not None and not ticket.finishing:
                self._finish_page(ticket, ticket.found)

    def _pass(self, result: SeenPage | Failure | None) -> None:
        """Ask for the work on a page that was done before, and drop it: what it would be called counts for others."""
        if self._stream.work is not None and isinstance(result, SeenPage):
            self._stream.work(result.record.info)

    def _finish_page(self, ticket: Ticket, found: SeenBoxes) -> None:
        assert ticket.page is not None
        assert ticket.worker is not None
        assert self._plan is not None
        ticket.finishing = True
        work = None if self._stream.work is None else self._stream.work(ticket.page.info)
        meta = self._plan.meta
        if work is None and (meta.test.ink == "off" or not len(found.boxes)):
            self._complete(ticket, found.boxes)
            return
        task = FinishTask(
            ticket=ticket.id,
            buffer=ticket.buffer,
            page=ticket.page,
            found=found,
            classes=meta.classes,
            ink=meta.test.ink,
            work=work,
        )
        ticket.worker.send(task)

    def _take(self, worker: Worker, reply: Reply | Lost) -> None:
        """Go on with a page as its worker says."""
        if isinstance(reply, Lost):
            ticket = self._on_the_way[reply.task.ticket]
            self._failed(
                ticket, lost_page(reply.task, ticket.number, hung=reply.hung, seconds=self._pages.timeout), None
            )
            return
        assert not isinstance(reply, (Ready, Equipped, GoingOn))
        ticket = self._on_the_way[reply.ticket]
        if isinstance(reply, Opened):
            ticket.file.opened(ticket, reply.count, reply.digest)
        elif isinstance(reply, Read):
            self._was_read(ticket, reply)
        elif isinstance(reply, Shown):
            self._batches.add(ticket, _inputs(worker, ticket, reply))
        elif isinstance(reply, Finished):
            ticket.made = reply.made
            self._complete(ticket, reply.boxes)
        elif isinstance(reply.failure, CenterNetError):
            raise reply.failure
        else:
            self._failed(ticket, reply.failure, reply.failure.page)

    def _was_read(self, ticket: Ticket, reply: Read) -> None:
        if ticket.waiting:  # it was read again, with all its pixels
            ticket.page = reply.page
            views, ticket.waiting = ticket.waiting, ()
            self._show(ticket, views)
            return
        if reply.page is None:
            ticket.file.read(None)
            ticket.file.drop(ticket)
            self._forget(ticket)
            return
        ticket.page = reply.page
        ticket.file.read(reply.page.info.page)
        if reply.found is not None:
            ticket.found = reply.found
            if reply.boxes is not None:
                ticket.finishing = True
                self._complete(ticket, reply.boxes)
        elif self._plan is not None:
            self._begin(ticket, reply.shown)

    def _begin(self, ticket: Ticket, shown: Shown | None) -> None:
        assert self._plan is not None
        assert ticket.page is not None
        assert ticket.worker is not None
        ticket.looks = self._plan.looks(ticket.page.size)
        views = next(ticket.looks)
        if shown is None:
            self._show(ticket, views)
        else:
            self._batches.add(ticket, _inputs(ticket.worker, ticket, shown))

    def _show(self, ticket: Ticket, views: tuple[View, ...]) -> None:
        assert self._plan is not None
        assert ticket.page is not None
        assert ticket.worker is not None
        if ticket.page.reduced and any(isinstance(view, Tile) for view in views):
            ticket.waiting = views
            options = replace(self._pages, enough=None)
            again = ReadTask(ticket=ticket.id, buffer=ticket.buffer, path=ticket.file.path, options=options, again=True)
            ticket.worker.send(again)
            return
        multiple = self._plan.first.multiple
        task = ShowTask(ticket=ticket.id, buffer=ticket.buffer, page=ticket.page, views=views, multiple=multiple)
        ticket.worker.send(task)

    def _looked(self, ticket: Ticket, looks: list[Look] | Exception) -> None:
        """Go on with a page as the network says."""
        assert ticket.page is not None
        assert ticket.looks is not None
        if isinstance(looks, Exception):
            self._failed(ticket, page_failure(ticket.page.info, looks), None)
            return
        try:
            self._show(ticket, ticket.looks.send(looks))
        except StopIteration as end:
            ticket.found = end.value
        except CenterNetError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one page must not stop the others
            self._failed(ticket, page_failure(ticket.page.info, error), None)

    def _complete(self, ticket: Ticket, boxes: npt.NDArray[np.float64]) -> None:
        assert self._plan is not None
        assert ticket.page is not None
        assert ticket.found is not None
        found = ticket.found
        annotations = annotations_of(boxes, found, self._plan.meta.classes)
        record = PageRecord(info=ticket.page.info, annotations=annotations)
        ticket.result = SeenPage(record=record, network_size=found.size, capped=found.capped, tiles=found.tiles)
        # The buffer stays taken until the page has come out: that is what keeps memory constant.
        del self._on_the_way[ticket.id]

    def _failed(self, ticket: Ticket, failure: Failure, frame: int | None) -> None:
        if ticket.page is None:
            ticket.file.read(frame)
        ticket.result = failure
        self._forget(ticket)

    def _forget(self, ticket: Ticket) -> None:
        ticket.release()
        del self._on_the_way[ticket.id]


def _inputs(worker: Worker, ticket: Ticket, shown: Shown) -> list[NetworkInput]:
    """Return network inputs whose pixels are in the worker's buffer."""
    buffer = worker.buffers[ticket.buffer]
    return [
        replace(prepared, pixels=buffer.array(place, shape))
        for prepared, place, shape in zip(shown.inputs, shown.places, shown.shapes, strict=True)
    ]


def _done(ticket: Ticket) -> Done:
    assert ticket.result is not None
    file = ticket.file
    return Done(
        result=ticket.result,
        path=file.path,
        digest=file.digest,
        count=file.count,
        made=ticket.made,
        known=ticket.known,
    )
