"""Pages of a file one at a time, as they are asked for: what a worker process does for a stream of pages."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from centernet_cli.core.errors import InputError
from centernet_cli.core.records import Failure, Page
from centernet_cli.pages.failure import failure_of
from centernet_cli.pages.options import PageOptions, PageRanges
from centernet_cli.pages.pdf import PdfPages
from centernet_cli.pages.source import kind_of, read_frames

if TYPE_CHECKING:
    from collections.abc import Iterator


_AT_END = -1


class FileReader:
    """An open file.

    PDFs know how many pages they have, which are read in any order. How many frames an image has shows only at its
    end, so those are read one after another.

    Args:
        path: The file, told by its content.
        options: As for `read_pages`.

    Attributes:
        count: How many pages the PDF has; None for images, and for what cannot be opened.
    """

    def __init__(self, path: Path, options: PageOptions) -> None:
        self.path = path
        self._options = options
        self._failure: Failure | None = None
        self._pdf: PdfPages | None = None
        self._frames: Iterator[Page | Failure] = iter(())
        self._last: int | None = None
        kind = kind_of(path)
        if isinstance(kind, Failure):
            self._frames = iter((kind,))
        elif kind == "pdf":
            try:
                self._pdf = PdfPages(path, options)
            except InputError as error:
                self._frames = iter((failure_of(error, str(path)),))
        else:
            self._frames = read_frames(path, options)
        self.count = None if self._pdf is None else self._pdf.count

    def page(self, number: int) -> Page | Failure:
        """Return a page of a PDF, from 1."""
        assert self._pdf is not None
        return self._pdf.read(number)

    def frame(self, after: int | None = None) -> Page | Failure | None:
        """Return what follows frame `after`, or what comes first; None at the end."""
        open_end = False
        if after != self._last:
            rest, open_end = _from(self._options.pages, after)
            self._frames = read_frames(self.path, replace(self._options, pages=rest))
        item = next(self._frames, None)
        if open_end and isinstance(item, Failure) and item.code == "P204":
            item = None  # everything up to the end was asked for, and this is the end
        if item is None:
            self._last = _AT_END
        else:
            self._last = item.page if isinstance(item, Failure) else item.info.page
        return item

    def close(self) -> None:
        """Free the document."""
        if self._pdf is not None:
            self._pdf.close()


def _from(ranges: PageRanges | None, after: int | None) -> tuple[PageRanges | None, bool]:
    """Return the part of some page ranges beyond page `after`, and whether that is just the rest of an open one."""
    if after is None:
        return ranges, False
    ranges = ((1, None),) if ranges is None else ranges
    rest = tuple((max(first, after + 1), last) for first, last in ranges if last is None or last > after)
    return rest, ranges[-1][1] is None and ranges[-1][0] <= after
