"""Pictures of PDF pages by poppler's `pdftoppm`, a process of its own, through pdf2image."""

from __future__ import annotations

import logging
import math
import re
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np

from centernet_cli.core.errors import InputError, MissingRequirementError

if TYPE_CHECKING:
    import numpy.typing as npt

_HEADER = re.compile(rb"P6\s+(\d+)\s+(\d+)\s+255\s")
_log = logging.getLogger(__name__)


def require_poppler() -> None:
    """Raise MissingRequirementError (E710) where poppler's programs are not on PATH."""
    if shutil.which("pdftoppm") is None or shutil.which("pdfinfo") is None:
        raise MissingRequirementError(
            "E710", "poppler-utils not found", hint="apt install poppler-utils or --pdf-backend pdfium"
        )


class PopplerRenderer:
    """Draws pages of one PDF; use it in a `with` block, which owns a private temporary folder.

    Args:
        path: A PDF that needs no password, or has been decrypted into `folder`.
        timeout: Seconds for one page.
    """

    def __init__(self, path: Path, timeout: float) -> None:
        require_poppler()
        # Absolute: a name such as `-x.pdf` must not look like an option.
        self.path = path.absolute()
        # pdf2image declares whole seconds; a shorter limit than asked for would be wrong.
        self._timeout = math.ceil(timeout)
        self._folder = tempfile.TemporaryDirectory(prefix="centernet-")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()

    @property
    def folder(self) -> Path:
        """Folder only this user can enter, removed at the end."""
        return Path(self._folder.name)

    def probe(self) -> None:
        """Let poppler open the document once, within the time limit, before pages are asked for.

        pdf2image calls `pdfinfo` without a limit for every page; a document that makes it hang must not get there.

        Raises:
            InputError: P201 poppler cannot read the document, P207 it takes too long.
            MissingRequirementError: E710.
        """
        from pdf2image.exceptions import PDFInfoNotInstalledError, PDFPageCountError, PDFPopplerTimeoutError
        from pdf2image.pdf2image import pdfinfo_from_path

        try:
            pdfinfo_from_path(str(self.path), timeout=self._timeout)
        except PDFInfoNotInstalledError:
            require_poppler()
            raise
        except PDFPopplerTimeoutError as error:
            raise InputError("P207", f"poppler took more than {self._timeout} s to open the PDF") from error
        except PDFPageCountError as error:
            raise InputError("P201", "PDF is damaged: poppler cannot open it", hint="try qpdf --check") from error

    def render(self, number: int, width: int, height: int) -> npt.NDArray[np.uint8]:
        """Draw page `number` (from 1), stretched to exactly `width` × `height` pixels, on white.

        Returns:
            RGB array `(height, width, 3)` uint8.

        Raises:
            InputError: P206 poppler gave no complete picture (it failed or was killed), P207 it took too long.
            MissingRequirementError: E710.
        """
        from pdf2image import convert_from_path
        from pdf2image.exceptions import PDFPageCountError, PDFPopplerTimeoutError

        try:
            files = convert_from_path(
                str(self.path),
                first_page=number,
                last_page=number,
                size=(width, height),
                use_cropbox=True,
                timeout=self._timeout,
                # Read here rather than by Pillow, which has its own pixel limit.
                output_folder=str(self.folder),
                output_file="page",
                single_file=True,
                paths_only=True,
            )
        except PDFPopplerTimeoutError as error:
            raise InputError("P207", f"rendering took more than {self._timeout} s") from error
        except PDFPageCountError as error:
            raise InputError("P206", "page cannot be rendered: poppler cannot open the PDF") from error
        except FileNotFoundError:
            require_poppler()
            raise
        picture = self.folder / "page.ppm"
        try:
            pixels = _read_ppm(picture) if files else None
        finally:
            picture.unlink(missing_ok=True)
        if pixels is None:
            raise InputError("P206", "page cannot be rendered: pdftoppm failed", hint="try --pdf-backend pdfium")
        if pixels.shape != (height, width, 3):
            _log.debug("poppler drew %s instead of %s", pixels.shape, (height, width, 3))
            pixels = _stretched(pixels, width, height)
        return pixels


def _stretched(pixels: npt.NDArray[np.uint8], width: int, height: int) -> npt.NDArray[np.uint8]:
    """Return the whole page at the size asked for: some versions of poppler round one pixel differently."""
    from PIL import Image

    return np.array(Image.fromarray(pixels).resize((width, height), Image.Resampling.BILINEAR))


def _read_ppm(path: Path) -> npt.NDArray[np.uint8] | None:
    """Return the picture in the PPM file `path`, None when it is incomplete."""
    with path.open("rb") as stream:
        match = _HEADER.match(stream.read(64))
        if match is None:
            return None
        width, height = int(match[1]), int(match[2])
        stream.seek(match.end())
        pixels = np.fromfile(stream, np.uint8, width * height * 3)
    return pixels.reshape(height, width, 3) if pixels.size == width * height * 3 else None
