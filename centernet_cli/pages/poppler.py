"""PDF documents drawn by poppler's `pdftoppm`, a process of its own, through pdf2image.

PDFium still says how large a page is, so that both backends give the same pixels; what is on the page it never parses.
"""

from __future__ import annotations

import logging
import math
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np

from centernet_cli.core.errors import InputError, MissingRequirementError
from centernet_cli.pages.geometry import PdfPageSize, Raster

if TYPE_CHECKING:
    import numpy.typing as npt

    from centernet_cli.pages.pdfium import PdfiumDocument

_PPM_HEADER = re.compile(rb"P6\s+(\d+)\s+(\d+)\s+255\s")
_INFO_KEY = re.compile(r"Page\s+(\d+) (size|rot)")
_INFO_SIZE = re.compile(r"(\S+) x (\S+) pts")
_INFO_PAGES = 500
"""Pages asked about at once: few enough to answer soon, many enough that asking costs little per page."""

_log = logging.getLogger(__name__)


def require_poppler() -> None:
    """Raise MissingRequirementError (E710) where poppler's programs are not on PATH."""
    if shutil.which("pdftoppm") is None or shutil.which("pdfinfo") is None:
        raise MissingRequirementError(
            "E710", "poppler-utils not found", hint="apt install poppler-utils or --pdf-backend pdfium"
        )


class PopplerDocument:
    """A PDF whose pages poppler draws; use it in a `with` block, which owns a private temporary folder.

    Args:
        document: The same PDF, open in PDFium; it stays the caller's to close.
        timeout: Seconds for one page.

    Raises:
        MissingRequirementError: E710.
    """

    def __init__(self, document: PdfiumDocument, timeout: float) -> None:
        require_poppler()
        self._document = document
        # Absolute: a name such as `-x.pdf` must not look like an option.
        self._path = document.path.absolute()
        # pdf2image declares whole seconds.
        self._timeout = math.ceil(timeout)
        self._temporary = tempfile.TemporaryDirectory(prefix="centernet-")
        self._folder = Path(self._temporary.name)
        self._sizes: dict[int, PdfPageSize] = {}
        if document.opened_by_password:
            # Programs show their arguments to every user of the machine, so poppler never gets the password, but a
            # copy without it in a folder that only this user can enter.
            self._path = self._folder / "decrypted.pdf"
            document.save_decrypted(self._path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._temporary.cleanup()

    @contextmanager
    def page(self, number: int) -> Iterator[PopplerPage]:
        """Give page `number` (from 1) for the block.

        Raises:
            InputError: P206 the page shows no area or poppler cannot find it, P207 poppler takes too long.
        """
        width, height = self._document.page_size(number)
        theirs = self._size(number)
        page = PopplerPage(self._folder, self._timeout, self._path, number, PdfPageSize(width, height, theirs.rotation))
        ours = (height, width) if theirs.rotation % 180 else (width, height)
        # pdfinfo prints six digits.
        if not np.allclose(ours, (theirs.width_pt, theirs.height_pt), rtol=1e-4, atol=1e-2):
            # The two read the boxes differently, for example where a CropBox is larger than the MediaBox.
            _log.debug("page %d shows %s for PDFium, %s for poppler", number, ours, theirs)
            page = PopplerPage(self._folder, self._timeout, self._folder / "single.pdf", 1, page.size)
            self._document.save_page(number, page.path)
        yield page

    def _size(self, number: int) -> PdfPageSize:
        """Return what poppler takes for the size of a page, before rotation, and its rotation."""
        if number not in self._sizes:
            self._sizes = self._ask(number)
        if number not in self._sizes:
            raise InputError("P206", "page is damaged: poppler cannot load it", hint="try qpdf --check")
        return self._sizes[number]

    def _ask(self, first: int) -> dict[int, PdfPageSize]:
        from pdf2image.exceptions import PDFInfoNotInstalledError, PDFPageCountError, PDFPopplerTimeoutError
        from pdf2image.pdf2image import pdfinfo_from_path

        # pdf2image calls pdfinfo once more for every page, without a time limit; a document that makes it hang fails
        # here, before that.
        last = min(first + _INFO_PAGES, self._document.page_count + 1) - 1
        try:
            facts = pdfinfo_from_path(str(self._path), first_page=first, last_page=last, timeout=self._timeout)
        except PDFInfoNotInstalledError:
            require_poppler()
            raise
        except PDFPopplerTimeoutError as error:
            raise InputError("P207", f"poppler took more than {self._timeout} s to open the PDF") from error
        except PDFPageCountError as error:
            raise InputError("P206", "poppler cannot open the PDF", hint="try --pdf-backend pdfium") from error
        return _parse_sizes(facts)


@dataclass(frozen=True)
class PopplerPage:
    """A page of a `PopplerDocument`.

    Attributes:
        folder: Where pictures are put for a moment.
        timeout: Seconds.
        path: PDF that poppler is given.
        number: Page in it, from 1.
        size: What is shown of the page.
    """

    folder: Path
    timeout: int
    path: Path
    number: int
    size: PdfPageSize

    def render(self, raster: Raster) -> npt.NDArray[np.uint8]:
        """Draw the page with its annotations and form fields on white.

        Returns:
            RGB array `(height, width, 3)` uint8.

        Raises:
            InputError: P206 poppler gave no complete picture (it failed or was killed), P207 it took too long.
            MissingRequirementError: E710.
        """
        from pdf2image import convert_from_path
        from pdf2image.exceptions import PDFPageCountError, PDFPopplerTimeoutError

        picture = self.folder / "picture.ppm"
        try:
            convert_from_path(
                str(self.path),
                first_page=self.number,
                last_page=self.number,
                # By resolution, not by size: for rotated pages pdftoppm mixes up the scales across and down.
                dpi=raster.dpi,  # type: ignore[arg-type]  # declared int, but pdftoppm takes fractions
                use_cropbox=True,
                timeout=self.timeout,
                # Read from the file below rather than by Pillow, which has a pixel limit of its own.
                output_folder=str(self.folder),
                output_file=picture.stem,
                single_file=True,
                paths_only=True,
            )
            pixels = _read_ppm(picture)
        except PDFPopplerTimeoutError as error:
            raise InputError("P207", f"rendering took more than {self.timeout} s") from error
        except PDFPageCountError as error:
            raise InputError("P206", "poppler cannot open the PDF", hint="try --pdf-backend pdfium") from error
        except FileNotFoundError:
            require_poppler()
            raise
        finally:
            picture.unlink(missing_ok=True)
        # pdftoppm rounds up where we round to the nearest: what is cut off is less than a pixel of the page.
        if pixels is None or not {pixels.shape[0] - raster.height, pixels.shape[1] - raster.width} <= {0, 1}:
            raise InputError("P206", "page cannot be rendered: pdftoppm failed", hint="try --pdf-backend pdfium")
        return np.ascontiguousarray(pixels[: raster.height, : raster.width])


def _parse_sizes(facts: dict[str, object]) -> dict[int, PdfPageSize]:
    """Read the lines `Page    3 size:  612 x 792 pts (letter)` and `Page    3 rot:   90` of pdfinfo."""
    sizes: dict[int, tuple[float, float]] = {}
    rotations: dict[int, int] = {}
    for key, value in facts.items():
        match = _INFO_KEY.fullmatch(key)
        if match is None:
            continue
        number, text = int(match[1]), str(value)
        size = _INFO_SIZE.match(text)
        if size:
            sizes[number] = float(size[1]), float(size[2])
        elif match[2] == "rot":
            # Anything but quarter turns is drawn upright by both.
            rotations[number] = int(text) % 360 if int(text) % 90 == 0 else 0
    return {number: PdfPageSize(*size, rotations.get(number, 0)) for number, size in sizes.items()}


def _read_ppm(path: Path) -> npt.NDArray[np.uint8] | None:
    """Return the picture in the PPM file `path`, None when it is missing or incomplete."""
    try:
        stream = path.open("rb")
    except FileNotFoundError:
        return None
    with stream:
        match = _PPM_HEADER.match(stream.read(64))
        if match is None:
            return None
        width, height = int(match[1]), int(match[2])
        stream.seek(match.end())
        pixels = np.fromfile(stream, np.uint8, width * height * 3)
    return pixels.reshape(height, width, 3) if pixels.size == width * height * 3 else None
