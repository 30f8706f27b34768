"""Where overlay pictures go: one file a page, no two of the same name, none of them half written."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from centernet_cli.core.safe_io import atomic_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from centernet_cli.core.records import Annotation, Page, PageInfo

STEM_BYTES = 200
"""Longer names are cut: file systems allow 255 bytes, and number and suffix come on top."""
QUALITY = 88


class OverlayFolder:
    """Writes overlays as `name.jpg`, for pages of PDFs and multi-frame images as `name-p003.jpg`.

    Names that were given before in this run get `-2`, `-3` and so on, in the order of the pages, so that equal names
    in several folders stay apart. Pictures of an earlier run are replaced; the inputs never are.

    Args:
        folder: Made when the first picture is written.
        inputs: Files whose names must not be taken.
    """

    def __init__(self, folder: Path, inputs: Iterable[Path] = ()) -> None:
        self.folder = folder
        # Compared without case: some file systems know no difference.
        self._taken = {path.casefold() for path in real_paths(inputs)}
        self._real = os.path.realpath(folder)

    def path_for(self, info: PageInfo) -> Path:
        """Return a new name for the picture of a page."""
        stem = _safe_stem(info)
        number = 1
        while True:
            name = f"{stem}.jpg" if number == 1 else f"{stem}-{number}.jpg"
            key = str(Path(self._real) / name).casefold()
            if key not in self._taken:
                self._taken.add(key)
                return self.folder / name
            number += 1

    def work(self, info: PageInfo, classes: Sequence[str]) -> OverlayWork:
        """Return the drawing of a page, to be done when its boxes are known; its name is taken now."""
        return OverlayWork(self.path_for(info), tuple(classes))

    def write(self, page: Page, annotations: Sequence[Annotation], classes: Sequence[str]) -> Path:
        """Draw a page's boxes and write the picture; return its path.

        Raises:
            OutputError: The picture cannot be written.
        """
        return self.work(page.info, classes)(page, annotations)


@dataclass(frozen=True, slots=True)
class OverlayWork:
    """Draws a page and writes the picture; another process may do it.

    Attributes:
        path: Of the picture.
        classes: All of the model's, which fixes the colours.
    """

    path: Path
    classes: tuple[str, ...]

    def __call__(self, page: Page, annotations: Sequence[Annotation]) -> Path:
        """Do it.

        Raises:
            OutputError: The picture cannot be written.
        """
        from centernet_cli.rendering.overlay import draw_overlay  # most runs draw nothing

        picture = draw_overlay(page, annotations, self.classes)
        with atomic_path(self.path) as temporary:
            # Full colour resolution: thin coloured outlines smear without it.
            picture.save(temporary, format="JPEG", quality=QUALITY, subsampling=0)
        return self.path


def real_paths(paths: Iterable[Path]) -> set[str]:
    """Return the absolute, link-free names of files; what cannot be a file's name is left out."""
    found = set()
    for path in paths:
        with contextlib.suppress(OSError, ValueError):  # such as a NUL byte, out of a list
            found.add(os.path.realpath(path))
    return found


def _safe_stem(info: PageInfo) -> str:
    """Return the source's name without folders, suffix and anything that does not print, and the page number."""
    stem = PurePath(info.source).stem or "page"
    stem = "".join(char if char.isprintable() else "_" for char in stem)
    stem = stem.encode()[:STEM_BYTES].decode(errors="ignore")
    return stem if info.page is None else f"{stem}-p{info.page:03d}"
