"""The size of an image from its header, for annotation files that don't say it."""

from __future__ import annotations

import os
import struct
import warnings
from io import BytesIO
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

FORMATS = ("PNG", "JPEG", "TIFF", "WEBP", "BMP", "GIF")
"""Of images, as Pillow names them."""
_ORIENTATION_TAG = 0x0112
_SIDEWAYS = range(5, 9)
"""EXIF orientations that swap width and height."""
SUFFIXES = (".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp", ".bmp", ".gif")
_PNG = b"\x89PNG\r\n\x1a\n"
_MAX_CHUNKS = 100_000


def image_size(source: Path | BytesIO) -> tuple[int, int] | None:
    """Return width and height after EXIF orientation, in pixels, or None if it is no image we read.

    Only the header is read; a FIFO or device is refused without blocking.
    """
    if isinstance(source, BytesIO):
        return _size(source)
    if not os.path.isfile(source):  # noqa: PTH113 (Path.is_file may raise)
        return None
    try:
        with source.open("rb") as file:
            return _size(file)
    except OSError:
        return None


def _size(file: IO[bytes]) -> tuple[int, int] | None:
    if file.read(8) == _PNG and (size := _plain_png(file)) is not None:
        return size
    from PIL import Image

    file.seek(0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a large image is no news here: only its header is read
            with Image.open(file, formats=FORMATS) as image:
                width, height = image.size
                # Pillow turns TIFFs itself, size included; for the others that is left to us.
                sideways = image.format != "TIFF" and image.getexif().get(_ORIENTATION_TAG) in _SIDEWAYS
    except Exception:  # noqa: BLE001 (Pillow raises whatever its plugins raise on damaged files)
        return None
    return (height, width) if sideways else (width, height)


def _plain_png(file: IO[bytes]) -> tuple[int, int] | None:
    """Return the size of a PNG without EXIF, going from chunk to chunk: Pillow would decode all of it to be sure.

    Returns:
        None for one that may have EXIF, or isn't as it should be.
    """
    size = None
    for _ in range(_MAX_CHUNKS):
        head = file.read(8)
        if len(head) < 8:
            return None
        length, kind = struct.unpack(">I4s", head)
        if size is None:
            if kind != b"IHDR" or length != 13:
                return None
            size = struct.unpack(">II", file.read(13)[:8].ljust(8, b"\0"))
            file.seek(4, os.SEEK_CUR)
            continue
        if kind == b"IEND":
            width, height = size
            return (width, height) if width and height else None
        # Old programs keep EXIF in texts, under names that begin so.
        if kind == b"eXIf" or (kind in {b"tEXt", b"zTXt", b"iTXt"} and file.read(min(length, 11)) == b"Raw profile"):
            return None
        consumed = min(length, 11) if kind in {b"tEXt", b"zTXt", b"iTXt"} else 0
        file.seek(length - consumed + 4, os.SEEK_CUR)
    return None
