"""PDF documents to pages, one at a time, with the same geometry from both backends.

Each backend gives a page as an object with its size in points and a `render` that draws it on an exact number of
pixels. That number comes from one place (`geometry`), so a box found on one rendering fits the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Self

from centernet_cli.core.errors import InputError
from centernet_cli.core.records import Failure, Page, PageInfo
from centernet_cli.pages.failure import failure_of
from centernet_cli.pages.geometry import PdfPageSize, Raster, raster_of
from centernet_cli.pages.options import PageOptions, chosen_pages, pages_beyond

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


class _Page(Protocol):
    @property
    def size(self) -> PdfPageSize: ...

    def render(self, raster: Raster) -> npt.NDArray[np.uint8]: ...


class _Document(Protocol):
    def page(self, number: int) -> AbstractContextManager[_Page]: ...


class PdfPages:
    """The pages of an open PDF, in any order; use it in a `with` block.

    Args:
        path: The document.
        options: Backend, password, resolution, limits.

    Raises:
        InputError: P201-P203, it cannot be opened or has no pages.
        MissingRequirementError: E710, when the poppler backend is asked for and poppler is not installed.
    """

    def __init__(self, path: Path, options: PageOptions) -> None:
        # Loading PDFium takes a tenth of a second that images need not pay.
        from centernet_cli.pages.pdfium import PdfiumDocument
        from centernet_cli.pages.poppler import PopplerDocument

        self._source = str(path)
        self._options = options
        with ExitStack() as stack:
            try:
                opened = stack.enter_context(PdfiumDocument(path, options.password))
                if opened.page_count == 0:
                    raise InputError("P203", "PDF has no pages", path=path)
                self._document: _Document = opened
                if options.pdf_backend == "poppler":
                    self._document = stack.enter_context(PopplerDocument(opened, options.timeout))
            except (OSError, RuntimeError) as error:
                raise InputError("P201", f"PDF cannot be opened: {error}") from error
            self.count = opened.page_count
            self._stack = stack.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Free the document."""
        self._stack.close()

    def read(self, number: int) -> Page | Failure:
        """Return page `number`, from 1."""
        return _read_page(self._document, self._source, number, self._options)


def read_pdf(path: Path, options: PageOptions) -> Iterator[Page | Failure]:
    """Yield the pages of `path` that `options.pages` asks for; what cannot be read is a `Failure` and the rest go on.

    Raises:
        MissingRequirementError: E710, when the poppler backend is asked for and poppler is not installed.
    """
    source = str(path)
    try:
        pages = PdfPages(path, options)
    except InputError as error:
        yield failure_of(error, source)
        return
    with pages:
        yield from map(pages.read, chosen_pages(options.pages, pages.count))
    beyond = pages_beyond_pdf(options, source, pages.count)
    if beyond is not None:
        yield beyond


def pages_beyond_pdf(options: PageOptions, source: str, count: int) -> Failure | None:
    """Return the P204 of pages that are asked for but lie beyond the last one."""
    beyond = pages_beyond(options.pages, count)
    return failure_of(InputError("P204", f"no page {beyond}: the PDF has {count}"), source) if beyond else None


def _read_page(document: _Document, source: str, number: int, options: PageOptions) -> Page | Failure:
    try:
        with document.page(number) as page:
            size = page.size
            raster = raster_of(size, options)
            megapixels = raster.width * raster.height / 1e6
            if megapixels > options.max_megapixels:
                limit = f"--max-megapixels {options.max_megapixels:g}"
                message = f"{megapixels:,.0f} Mpx at {raster.dpi:g} dpi exceeds {limit}"
                return failure_of(InputError("P205", message, hint="use a lower --dpi"), source, number)
            pixels = page.render(raster)
    except InputError as error:
        return failure_of(error, source, number)
    except MemoryError:
        shortage = InputError("P206", "not enough memory to render the page", hint="use a lower --dpi")
        return failure_of(shortage, source, number)
    except (OSError, RuntimeError) as problem:
        return failure_of(InputError("P206", f"page cannot be rendered: {problem}"), source, number)
    info = PageInfo(
        source=source,
        width=raster.width,
        height=raster.height,
        page=number,
        dpi=raster.dpi,
        width_pt=size.width_pt,
        height_pt=size.height_pt,
        rotation=size.rotation,
    )
    return Page(info=info, pixels=pixels)
