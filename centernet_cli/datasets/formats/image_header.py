"""The size of an image from its header, for annotation files that don't say it."""

from __future__ import annotations

import os
import warnings
from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_FORMATS = ("PNG", "JPEG", "TIFF", "WEBP", "BMP")
_ORIENTATION_TAG = 0x0112
_SIDEWAYS = range(5, 9)
"""EXIF orientations that swap width and height."""
SUFFIXES = (".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp", ".bmp")


def image_size(source: Path | BytesIO) -> tuple[int, int] | None:
    """Return width and height after EXIF orientation, in pixels, or None if it is no image we read.

    Only the header is read; a FIFO or device is refused without blocking.
    """
    from PIL import Image

    if not isinstance(source, BytesIO) and not os.path.isfile(source):  # noqa: PTH113 (Path.is_file may raise)
        return None

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a large image is no news here: only its header is read
            with Image.open(source, formats=_FORMATS) as image:
                width, height = image.size
                sideways = image.getexif().get(_ORIENTATION_TAG) in _SIDEWAYS
    except Exception:  # noqa: BLE001 (Pillow raises whatever its plugins raise on damaged files)
        return None
    return (height, width) if sideways else (width, height)
