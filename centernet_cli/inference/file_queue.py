"""Which page is read next, and which comes out next, while nobody knows how many pages the files have."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from centernet_cli.core.records import Failure
from centernet_cli.pages.options import PageOptions, chosen_pages
from centernet_cli.pages.pdf import pages_beyond_pdf

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from centernet_cli.inference.plan import Looks, SeenBoxes
    from centernet_cli.inference.sinks.sink import SeenPage
    from centernet_cli.inference.tasks import HeldPage
    from centernet_cli.inference.views import View
    from centernet_cli.inference.worker_pool import Worker

_KNOWN_AT_ONCE = 1000
"""Pages out of a ledger that are queued before the ones in front of them have come out."""


class KnownFile(Protocol):
    """What an earlier run left of a file."""

    @property
    def digest(self) -> str:
        """SHA-256 of the file."""

    @property
    def count(self) -> int | None:
        """How many pages it has, if it is a PDF and was opened before."""

    def page(self, number: int | None) -> SeenPage | None:
        """Return the result for a page, or for an image that is one page (None); None where there is none yet."""

    def frames(self) -> list[int]:
        """Return the frames of an image that are done, up to the first one that isn't."""


@dataclass(slots=True, eq=False)
class Ticket:
    """A page on its way.

    Attributes:
        file: It belongs to.
        id: Its number, from the moment it is read.
        number: Page of a PDF, once that is known.
        after: Frame that it follows.
        first: Whether its file is opened for it.
        worker: That holds it.
        buffer: In which it is.
        page: When it is read.
        looks: When the model is known.
        shown: Whether the network has been given something of it.
        waiting: Views that are prepared once it has been read again.
        found: When the network is done with it.
        finishing: Whether its boxes are being finished.
        result: When all is done.
        made: What the work on it gave.
        known: Whether the result is that of an earlier run.
    """

    file: InputFile
    id: int = 0
    number: int | None = None
    after: int | None = None
    first: bool = False
    worker: Worker | None = None
    buffer: int = 0
    page: HeldPage | None = None
    looks: Looks | None = None
    shown: bool = False
    waiting: tuple[View, ...] = ()
    found: SeenBoxes | None = None
    finishing: bool = False
    result: SeenPage | Failure | None = None
    made: object = None
    known: bool = False

    def release(self) -> None:
        """Give the buffer back."""
        if self.worker is not None:
            self.worker.free.append(self.buffer)
            self.worker = None


@dataclass(slots=True, eq=False)
class InputFile:
    """A file whose pages are asked for.

    Attributes:
        path: Of the file.
        options: How it is read.
        known: What an earlier run left.
        digest: SHA-256 of its content, once it is known.
        count: How many pages it has, if it is a PDF, once that is known.
        tickets: Pages that are on their way, in order.
        listed: Whether there are no more pages to ask for.
    """

    path: Path
    options: PageOptions
    known: KnownFile | None = None
    digest: str | None = None
    count: int | None = None
    tickets: deque[Ticket] = field(default_factory=deque)
    listed: bool = False
    _numbers: Iterator[int] | None = None
    _next: deque[Ticket] = field(default_factory=deque)

    def __post_init__(self) -> None:
        if self.known is None:
            self._next.append(Ticket(self, first=True))
            return
        self.digest = self.known.digest
        if self.known.count is not None:
            self.count = self.known.count
            self._numbers = chosen_pages(self.options.pages, self.count)
        elif (page := self.known.page(None)) is not None:
            self._next.append(Ticket(self, result=page, known=True))
            self.listed = True
        else:
            frames = self.known.frames()
            self._next += [Ticket(self, result=self.known.page(number), known=True) for number in frames]
            self._next.append(Ticket(self, first=not frames, after=frames[-1] if frames else None))

    def next_ticket(self) -> Ticket | None:
        """Return the next page, to be read unless it has a result; None as long as, or because, there is none."""
        if self._next:
            ticket = self._next.popleft()
        elif self._numbers is None:
            return None
        else:
            number = next(self._numbers, None)
            if number is None:
                self._end_pdf()
                return None
            known = None if self.known is None else self.known.page(number)
            ticket = Ticket(self, number=number, result=known, known=known is not None)
        self.tickets.append(ticket)
        return ticket

    def opened(self, ticket: Ticket, count: int | None, digest: str | None) -> None:
        """Learn, while its first page is being read, that the file is open."""
        self.digest = digest
        if count is not None and self.count is None:  # else its worker was killed, and it is read once more
            self.count = count
            self._numbers = chosen_pages(self.options.pages, count)
            ticket.number = next(self._numbers, None)

    def read(self, frame: int | None) -> None:
        """Learn that a page was read, or could not be.

        Args:
            frame: Its number in an image of several, which the next one follows; None: nothing follows.
        """
        if self.count is not None:
            return
        if frame is None:
            self.listed = True
        else:
            self._next.append(Ticket(self, after=frame))

    def drop(self, ticket: Ticket) -> None:
        """Forget a page that turned out not to be there."""
        self.tickets.remove(ticket)

    def _end_pdf(self) -> None:
        self._numbers = None
        self.listed = True
        assert self.count is not None
        beyond = pages_beyond_pdf(self.options, str(self.path), self.count)
        if beyond is not None:
            self.tickets.append(Ticket(self, result=beyond))


class FileQueue:
    """The files of a run, opened in order, as many at a time as are being read.

    Args:
        paths: The files.
        options: How they are read.
        known: Says what an earlier run left of a file.
    """

    def __init__(
        self, paths: Iterable[Path], options: PageOptions, known: Callable[[Path], KnownFile | None] | None
    ) -> None:
        self._paths = iter(paths)
        self._options = options
        self._known = known
        self._files: deque[InputFile] = deque()
        self._all_open = False

    def next_to_read(self) -> Ticket | None:
        """Return the first page in line that is to be read; None if there is none now."""
        fresh = 0
        for file in self._open_files():
            while (ticket := file.next_ticket()) is not None:
                if ticket.result is None:
                    return ticket
                fresh += 1
                if fresh >= _KNOWN_AT_ONCE:
                    return None
        return None

    def _open_files(self) -> Iterator[InputFile]:
        yield from tuple(self._files)
        for path in self._paths:
            known = None if self._known is None else self._known(path)
            file = InputFile(path, self._options, known)
            self._files.append(file)
            yield file
        self._all_open = True

    def line(self) -> Iterator[Ticket]:
        """Yield pages in input order, up to the first place where it isn't known yet whether one is missing."""
        for file in self._files:
            yield from file.tickets
            if not file.listed:
                return

    def pop(self) -> Ticket | None:
        """Take the first page in line away if it has a result."""
        while self._files and self._files[0].listed and not self._files[0].tickets:
            self._files.popleft()
        if not self._files or not self._files[0].tickets or self._files[0].tickets[0].result is None:
            return None
        return self._files[0].tickets.popleft()

    @property
    def listed(self) -> bool:
        """Whether all pages are in line."""
        return self._all_open and all(file.listed for file in self._files)

    @property
    def ended(self) -> bool:
        """Whether everything has come out."""
        return self._all_open and not self._files
