"""Everything a user may name as input, as one stream of pages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from centernet_cli.core.errors import InputError
from centernet_cli.core.records import Failure, Page
from centernet_cli.pages.failure import failure_of
from centernet_cli.pages.files import access_error, open_regular
from centernet_cli.pages.inputs import expand_inputs
from centernet_cli.pages.options import PageOptions, parse_page_ranges
from centernet_cli.pages.pdf import read_pdf
from centernet_cli.pages.sniff import HEAD_BYTES, is_pdf, not_an_image, sniff_image

__all__ = ["PageOptions", "expand_inputs", "parse_page_ranges", "read_pages"]


def read_pages(path: Path, options: PageOptions | None = None) -> Iterator[Page | Failure]:
    """Yield the pages of an image or PDF, told apart by content; one page is in memory at a time.

    A file or page that cannot be read is yielded as a `Failure`, and the pages after it follow.

    Raises:
        MissingRequirementError: E710, when the poppler backend is asked for and poppler is not installed.
    """
    options = options or PageOptions()
    kind = kind_of(path)
    if isinstance(kind, Failure):
        yield kind
    elif kind == "image":
        yield from read_frames(path, options)
    else:
        yield from read_pdf(path, options)


def kind_of(path: Path) -> Literal["image", "pdf"] | Failure:
    """Say by its first bytes what a file is."""
    source = str(path)
    try:
        with open_regular(path) as stream:
            head = stream.read(HEAD_BYTES)
    except InputError as error:
        return failure_of(error, source)
    except OSError as error:
        return failure_of(access_error(error, path), source)
    if sniff_image(head):
        return "image"
    if is_pdf(head):
        return "pdf"
    if path.suffix.lower() == ".pdf" and head:
        return failure_of(InputError("P201", "PDF is damaged: it has no header", hint="try qpdf --check"), source)
    return failure_of(not_an_image(head, path), source)


def read_frames(path: Path, options: PageOptions) -> Iterator[Page | Failure]:
    """Yield the frames of an image that `options.pages` asks for."""
    from centernet_cli.pages.images import iter_frames  # PDFs need no Pillow

    return iter_frames(path, max_megapixels=options.max_megapixels, pages=options.pages, enough=options.enough)
