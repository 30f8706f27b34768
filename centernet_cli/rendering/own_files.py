"""Telling pictures and pages that this program wrote, which it may replace, from those of others."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from PIL.PngImagePlugin import PngInfo

GENERATOR = "centernet"
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_TEXT = b"tEXtSoftware\0" + GENERATOR.encode()
_HEAD = 512


def png_mark() -> PngInfo:
    """Return what marks a PNG file as ours: pass it to Pillow as `pnginfo`."""
    from PIL.PngImagePlugin import PngInfo

    mark = PngInfo()
    mark.add_text("Software", GENERATOR)
    return mark


def is_report(path: Path) -> bool:
    """Tell whether a file is an HTML page of this program.

    Raises:
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        return f'<meta name="generator" content="{GENERATOR}">'.encode() in file.read(_HEAD)


def is_picture(path: Path) -> bool:
    """Tell whether a file is a PNG picture of this program.

    Raises:
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD)
    return head.startswith(_SIGNATURE) and _TEXT in head
