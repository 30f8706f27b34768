"""PDF documents through PDFium, in this process: page sizes for both backends, and pictures for the default one.

PDFium is not thread-safe; every call into it holds one lock, which is never held while a page is out of this module.
"""

from __future__ import annotations

import ctypes
import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np
import pypdfium2 as pdfium
from pypdfium2 import raw

from centernet_cli.core.errors import InputError
from centernet_cli.pages.geometry import PdfPageSize, Raster

if TYPE_CHECKING:
    import numpy.typing as npt

_LOCK = threading.RLock()
_KEPT_BYTES = 16_000_000
"""Bytes of a document, by the average of its pages, that may be kept in memory before it is opened afresh."""
_log = logging.getLogger(__name__)
# pypdfium2 logs a warning about XFA forms, which would reach stderr where logging isn't set up; they fall back to
# ordinary forms, so there is nothing to tell the user.
logging.getLogger("pypdfium2").addHandler(logging.NullHandler())


class PdfiumDocument:
    """An open PDF; close it, or use it in a `with` block."""

    def __init__(self, path: Path, password: str | None = None) -> None:
        """Open `path`.

        Raises:
            InputError: P201 damaged or no PDF, P202 encrypted and `password` missing or wrong.
        """
        self.path = path
        self.opened_by_password = False
        self._password = password
        with _LOCK:
            self._document = self._open()
            self.page_count: int = len(self._document)
            self._identity = _identity(path)
        # PDFium keeps the streams of every page it has loaded for as long as the document is open.
        self._pages_kept = 0
        self._pages_before_reopening = max(1, _KEPT_BYTES * self.page_count // max(1, self._identity[0]))

    def _open(self) -> pdfium.PdfDocument:
        handle, error = _load(self.path, None)
        if error == raw.FPDF_ERR_PASSWORD:
            if self._password is None:
                raise InputError("P202", "PDF is encrypted", path=self.path, hint="pass --password-file")
            handle, error = _load(self.path, self._password)
            self.opened_by_password = True
            if error == raw.FPDF_ERR_PASSWORD:
                raise InputError("P202", "PDF is encrypted and the password does not open it", path=self.path)
        if error == raw.FPDF_ERR_SECURITY:
            raise InputError("P202", "PDF is encrypted in a way that is not supported", path=self.path)
        if error is not None:
            raise InputError("P201", "PDF is damaged", path=self.path, hint="try qpdf --check")
        document = pdfium.PdfDocument(handle)
        try:
            document.init_forms()
        except pdfium.PdfiumError:
            _log.debug("no form environment for %s", self.path)
        return document

    def _reopen(self) -> None:
        """Start afresh, so that memory does not grow with the pages read; a file that has changed stays as opened."""
        self._pages_kept = 0
        try:
            if _identity(self.path) != self._identity:
                return
            document = self._open()
        except (OSError, InputError):
            _log.debug("%s cannot be opened again", self.path)
            return
        self._document.close()
        self._document = document

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Free the document and its file."""
        with _LOCK:
            self._document.close()

    @contextmanager
    def page(self, number: int) -> Iterator[PdfiumPage]:
        """Load page `number` (from 1) for the block.

        Raises:
            InputError: P206, when the page cannot be loaded or shows no area.
        """
        with _LOCK:
            if self._pages_kept >= self._pages_before_reopening:
                self._reopen()
            self._pages_kept += 1
            document = self._document
            try:
                handle = document.get_page(number - 1)
            except pdfium.PdfiumError as error:
                raise _damaged_page(self.path) from error
        try:
            yield PdfiumPage(handle, document, self.path)
        finally:
            with _LOCK:
                handle.close()

    def page_size(self, number: int) -> tuple[float, float]:
        """Return the shown width and height of page `number` in points, without parsing what is on it.

        Raises:
            InputError: P206, when there is no such page or it shows no area.
        """
        size = raw.FS_SIZEF()
        with _LOCK:
            found = raw.FPDF_GetPageSizeByIndexF(self._document, number - 1, size)
        if not found:
            raise _damaged_page(self.path)
        return _checked_size(size.width, size.height, self.path)

    def save_page(self, number: int, target: Path) -> None:
        """Write page `number` alone to `target`, its MediaBox and CropBox made what is shown of it."""
        with _LOCK, pdfium.PdfDocument.new() as single:
            single.import_pages(self._document, [number - 1])
            page = single.get_page(0)
            box = page.get_bbox()
            page.set_mediabox(*box)
            page.set_cropbox(*box)
            single.save(target)

    def save_decrypted(self, target: Path) -> None:
        """Write a copy without encryption to `target`, for a renderer that would need the password in its argv."""
        with _LOCK:
            self._document.save(target, flags=raw.FPDF_REMOVE_SECURITY)


class PdfiumPage:
    """A loaded page of a `PdfiumDocument`."""

    def __init__(self, handle: pdfium.PdfPage, document: pdfium.PdfDocument, path: Path) -> None:
        self._handle = handle
        self._document = document
        with _LOCK:
            width, height = handle.get_size()
            rotation = raw.FPDFPage_GetRotation(handle) % 4 * 90
        self.size = PdfPageSize(*_checked_size(width, height, path), rotation)

    def render(self, raster: Raster) -> npt.NDArray[np.uint8]:
        """Draw the page with its annotations and form fields on white, stretched to exactly the pixels of `raster`.

        Returns:
            RGB array `(height, width, 3)` uint8.
        """
        width, height = raster.width, raster.height
        pixels = np.empty((height, width, 3), np.uint8)
        flags = raw.FPDF_ANNOT | raw.FPDF_REVERSE_BYTE_ORDER
        with _LOCK:
            # PDFium draws into our array: no copy is made.
            buffer = pixels.ctypes.data_as(ctypes.c_void_p)
            bitmap = raw.FPDFBitmap_CreateEx(width, height, raw.FPDFBitmap_BGR, buffer, width * 3)
            if not bitmap:
                raise MemoryError
            try:
                raw.FPDFBitmap_FillRect(bitmap, 0, 0, width, height, 0xFFFFFFFF)
                place = (0, 0, width, height, 0, flags)
                raw.FPDF_RenderPageBitmap(bitmap, self._handle, *place)
                if self._document.formenv:
                    raw.FPDF_FFLDraw(self._document.formenv, bitmap, self._handle, *place)
            finally:
                raw.FPDFBitmap_Destroy(bitmap)
        return pixels


def _checked_size(width: float, height: float, path: Path) -> tuple[float, float]:
    if not (width > 0 and height > 0):
        raise InputError("P206", "page shows no area: its CropBox lies outside its MediaBox", path=path)
    return float(width), float(height)


def _damaged_page(path: Path) -> InputError:
    return InputError("P206", "page is damaged", path=path, hint="try qpdf --check")


def _identity(path: Path) -> tuple[int, int, int]:
    """Return the size in bytes, and what changes when a file is replaced or written to."""
    facts = path.stat()
    return facts.st_size, facts.st_ino, facts.st_mtime_ns


def _load(path: Path, password: str | None) -> tuple[object, int | None]:
    """Return PDFium's document handle and None, or None and its error code."""
    # The bytes of the name as the file system has them: pypdfium2's own opening takes `~` for a home folder.
    name = os.fsencode(os.path.abspath(path))  # noqa: PTH100 - Path.absolute() keeps `..`
    secret = None if password is None else password.encode("utf-8", "surrogateescape") + b"\0"
    handle = raw.FPDF_LoadDocument(name + b"\0", secret)
    if handle:
        return handle, None
    return None, int(raw.FPDF_GetLastError())
