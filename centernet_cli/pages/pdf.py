"""PDF documents to pages, one at a time, with the same geometry from both backends.

Each backend gives a page as an object with its size in points and a `render` that draws it on an exact number of
pixels. That number comes from one place (`geometry`), so a box found on one rendering fits the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

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


def read_pdf(path: Path, options: PageOptions) -> Iterator[Page | Failure]:
    """Yield the pages of `path` that `options.pages` asks for; what cannot be read is a `Failure` and the rest go on.

    Raises:
        MissingRequirementError: E710, when the poppler backend is asked for and poppler is not installed.
    """
    # Loading PDFium takes a tenth of a second that images need not pay.
    from centernet_cli.pages.pdfium import PdfiumDocument
    from centernet_cli.pages.poppler import PopplerDocument

    source = str(path)
    with ExitStack() as stack:
        try:
            opened = stack.enter_context(PdfiumDocument(path, options.password))
            if opened.page_count == 0:
                raise InputError("P203", "PDF has no pages", path=path)  # noqa: TRY301 - one way to report them all
            document: _Document = opened
            if options.pdf_backend == "poppler":
                document = stack.enter_context(PopplerDocument(opened, options.timeout))
        except InputError as error:
            yield failure_of(error, source)
            return
        except (OSError, RuntimeError) as error:
            yield failure_of(InputError("P201", f"PDF cannot be opened: {error}"), source)
            return
        for number in chosen_pages(options.pages, opened.page_count):
            yield _read_page(document, source, number, options)
        beyond = pages_beyond(options.pages, opened.page_count)
        if beyond:
            yield failure_of(InputError("P204", f"no page {beyond}: the PDF has {opened.page_count}"), source)


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
