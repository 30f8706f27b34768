"""What a user may ask for when pages are read: resolution, page ranges, PDF backend, limits."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from centernet_cli.core.errors import UsageError

PageRanges = tuple[tuple[int, int | None], ...]
"""Pages from 1, both ends included, sorted and disjoint; None as an end means the last page."""

PdfBackend = Literal["auto", "pdfium", "poppler"]

_RANGE = re.compile(r"(?P<first>[0-9]{1,9})?\s*(?:(?P<dash>-)\s*(?P<last>[0-9]{1,9})?)?", re.ASCII)


@dataclass(frozen=True)
class PageOptions:
    """How documents become pages.

    Attributes:
        dpi: Resolution PDF pages are rendered at; None chooses it per page from `target_long_side`.
        target_long_side: Pixels of the longer side of a PDF page when `dpi` is None.
        least_dpi: Resolution that PDF pages have at least when `dpi` is None: large sheets get more pixels than others,
            as far as `max_megapixels` allows.
        pages: Pages (of PDFs) and frames (of multi-frame TIFFs) to read; None reads all.
        pdf_backend: `auto` is `pdfium`.
        password: Opens encrypted PDFs.
        max_megapixels: Largest page accepted, in millions of pixels; checked before decoding or rendering.
        timeout: Seconds that reading one page may take, where a process of its own does it.
        enough: Pixels of the longer side that suffice: a JPEG with at least twice as many is decoded at a half, a
            quarter or an eighth of its size. `Page.info` still holds its full size. None: all pixels.

    Raises:
        UsageError: U111, an option out of its range.
    """

    dpi: float | None = None
    target_long_side: int = 2048
    pages: PageRanges | None = None
    pdf_backend: PdfBackend = "auto"
    password: str | None = None
    max_megapixels: float = 250.0
    timeout: float = 120.0
    enough: int | None = None
    least_dpi: float = 0.0

    def __post_init__(self) -> None:
        numbers = (
            ("--dpi", 1.0 if self.dpi is None else self.dpi),
            ("target_long_side", self.target_long_side),
            ("--max-megapixels", self.max_megapixels),
            ("--page-timeout", self.timeout),
        )
        for name, value in numbers:
            if not (math.isfinite(value) and value > 0):
                raise UsageError("U111", f"must be a number greater than 0, not {value}", path=name)
        if self.pdf_backend not in {"auto", "pdfium", "poppler"}:
            raise UsageError(
                "U111", f"unknown backend '{self.pdf_backend}'", path="--pdf-backend", hint="pdfium, poppler"
            )


def parse_page_ranges(text: str) -> PageRanges:
    """Parse `1-5,9`, `3-` (to the end) and `-4` (from the start) into sorted, merged ranges.

    Raises:
        UsageError: U110, when `text` is anything else, holds page 0 or a range that ends before it starts.
    """
    ranges = [_parse_range(part.strip(), text) for part in text.split(",")]
    merged: list[tuple[int, int | None]] = []
    for first, last in sorted(ranges, key=lambda item: item[0]):
        if merged:
            begin, end = merged[-1]
            if end is None or first <= end + 1:
                merged[-1] = (begin, None if end is None or last is None else max(end, last))
                continue
        merged.append((first, last))
    return tuple(merged)


def _parse_range(part: str, text: str) -> tuple[int, int | None]:
    match = _RANGE.fullmatch(part)
    first, dash, last = match.group("first", "dash", "last") if match else (None, None, None)
    if first is None and last is None:
        raise UsageError("U110", f"cannot read '{part or text}'", path="--pages", hint="such as 1-5,9 or 3-")
    begin = 1 if first is None else int(first)
    end = begin if dash is None else None if last is None else int(last)
    if begin < 1 or (end is not None and end < begin):
        raise UsageError("U110", f"no such range: '{part}'", path="--pages", hint="pages count from 1, such as 1-5,9")
    return begin, end


def chosen_pages(ranges: PageRanges | None, count: int) -> Iterator[int]:
    """Yield the page numbers of `ranges` that a document of `count` pages has, in order; lazily."""
    for first, last in ((1, None),) if ranges is None else ranges:
        yield from range(first, min(count, count if last is None else last) + 1)


def pages_beyond(ranges: PageRanges | None, count: int) -> str | None:
    """Return the part of `ranges` past page `count` as text (`7-9,12`), None when there is none."""
    parts = []
    for first, last in ranges or ():
        begin = max(first, count + 1)
        if last is None:
            if first > count:
                parts.append(f"{first}-")
        elif last >= begin:
            parts.append(str(begin) if last == begin else f"{begin}-{last}")
    return ",".join(parts) or None
