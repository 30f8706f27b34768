"""Pictures of the pages of PDFs and of multi-frame images, for programs that open nothing but image files."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from centernet_cli.core.errors import OutputError
from centernet_cli.core.leftovers import sweep, temporary_name

if TYPE_CHECKING:
    from centernet_cli.core.records import Page, PageRecord

QUALITY = 92


class PagePictures:
    """Keeps pictures in a temporary folder until the output is put in its place.

    Args:
        out: The output's folder; it need not be there yet.
    """

    def __init__(self, out: Path) -> None:
        self._out = out
        self._folder: Path | None = None

    def add(self, page: Page, name: str) -> None:
        """Write the picture of a page, as it was shown to the network.

        Raises:
            OutputError: O801.
        """
        from PIL import Image

        try:
            if self._folder is None:
                place = next(folder for folder in (self._out, *self._out.absolute().parents) if folder.is_dir())
                sweep(place)
                self._folder = place / temporary_name()
                self._folder.mkdir(mode=0o700)
            dpi = page.info.dpi
            options = {} if dpi is None else {"dpi": (dpi, dpi)}
            Image.fromarray(page.pixels).save(self._folder / name, format="JPEG", quality=QUALITY, **options)
        except OSError as error:
            raise OutputError("O801", f"cannot be written: {error.strerror or error}", path=self._out / name) from error

    def move_to(self, folder: Path) -> None:
        """Put all pictures into a folder."""
        if self._folder is not None:
            for name in sorted(os.listdir(self._folder)):  # noqa: PTH208 (names alone)
                shutil.move(self._folder / name, folder / name)

    def discard(self) -> None:
        """Forget them."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None


def of_picture(record: PageRecord) -> PageRecord:
    """Return the record of a page as that of its picture: its page number is gone, its document is its group."""
    info = replace(record.info, page=None, width_pt=None, height_pt=None, rotation=0)
    return replace(record, info=info, group=record.group or record.info.source)
