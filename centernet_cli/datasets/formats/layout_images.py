"""Finding the image that a page file means, and checking its size."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from centernet_cli.core.errors import InputError
from centernet_cli.core.leniency import hearer
from centernet_cli.core.safe_io import lexical_inside
from centernet_cli.datasets.formats.fields import UNKNOWN_SIDE, NameChecker
from centernet_cli.datasets.formats.image_header import SUFFIXES, image_size

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from centernet_cli.datasets.formats.problems import Problems
    from centernet_cli.datasets.formats.tally import Tally

_MEANINGLESS = {"", "unknown"}
_ABSOLUTE = re.compile(r"/(?!/)|[A-Za-z]:[/\\]")
"""A path from a root or drive, but none of another computer (`//server/share`)."""
_MOVED = "image taken from next to its file, or the folder above; the file names another place"


class ImageFinder:
    """Finds images below a data folder.

    Args:
        root: The data folder.
        tally: Notes images that are elsewhere than their file says, or nowhere.
    """

    def __init__(self, root: Path, tally: Tally) -> None:
        self._checker = NameChecker(root)
        self._tally = tally

    def find(self, stated: str | None, path: Path, *, absolute: bool = False) -> str:
        """Return the name of a file's image, relative to the data folder, by what the file says and what is there.

        What the file says is relative to its folder, or to one above, as in workspaces of OCR-D. An image that is not
        there is looked for by its name next to the file and in the folder above, where programs that keep their files
        in a folder `page` or `alto` have it; then by the file's own name. If the file names none and none is there, the
        name is the file's own, without a suffix.

        Args:
            stated: What the file says, relative to its folder.
            path: The file.
            absolute: Whether absolute paths are what the format's programs write, so that only their last part counts:
                Tesseract writes the path that it was given.

        Raises:
            InputError: X310, it is outside the data folder.
        """
        stated = None if stated is None or stated.strip().lower() in _MEANINGLESS else stated
        folder = self._folder(path)
        name: str | None = None
        refusal: InputError | None = None
        if stated is not None:
            try:
                name = self._checker.inside(stated, folder)
            except InputError as error:
                hint = "read the folder that holds both, or put the images next to their files"
                refusal = InputError(error.code, error.message, path=path, hint=hint)
                if not (absolute and _ABSOLUTE.match(stated)):
                    raise refusal from None
            if name is not None:
                for place in self._upwards(stated, name, folder):
                    if self._is_file(place):
                        return self._checker.inside(place)
        last = _last_part(stated or "")
        is_image = last.lower().endswith(SUFFIXES)
        # Of what is no image's path, another image than the one of that name is none of its.
        for candidate in self._candidates(stated, path, folder, own=refusal is None or is_image):
            if self._is_file(candidate):
                self._tally.note(_MOVED)
                return self._checker.inside(candidate)
        if refusal is not None and not is_image:
            raise refusal
        if refusal is not None:
            name = self._checker.inside(last, folder)
        if name is None:
            self._tally.note("no image named, the file's own name taken")
            return self._checker.inside(_stems(path)[-1], folder)
        self._tally.note("image not found where its file says")
        return name

    def size(self, name: str) -> tuple[int, int] | None:
        """Return width and height of an image in pixels, or None if it isn't there or can't be read."""
        return image_size(self._checker.root / name)

    def check_size(
        self, name: str, stated: tuple[int | None, int | None], path: Path, problems: Problems
    ) -> tuple[int, int]:
        """Return the size of a page: as its file says, which the image must confirm if it is there; else the image's.

        A problem is D007, no size anywhere, or D014, another size.
        """
        actual = self.size(name)
        width, height = stated
        if width is None or height is None:
            if actual is None:
                message = "no width and height of the page, and the image cannot be read"
                problems.add("D007", message, path=path, hint=f"put {name} in its place")
                return UNKNOWN_SIDE, UNKNOWN_SIDE
            self._tally.note("size of the page taken from its image")
            return actual
        # Who reads leniently compares all sizes, and tells more about them.
        if actual is not None and actual != (width, height) and hearer() is None:
            problems.add(
                "D014",
                f"the page is {width} × {height} pixels, its image {actual[0]} × {actual[1]}",
                path=path,
                hint="the image was scaled, or turned by its EXIF orientation"
                if actual[::-1] == (width, height)
                else None,
            )
        return width, height

    def _folder(self, path: Path) -> str:
        folder = path.parent.relative_to(self._checker.root).as_posix()
        return "" if folder == "." else folder

    def _upwards(self, stated: str, name: str, folder: str) -> Iterator[str]:
        """Yield the places that a relative name means if it is relative to the file's folder, or to one above."""
        yield name
        parts = folder.split("/") if folder else []
        if ".." not in stated.replace("\\", "/").split("/"):
            for depth in range(len(parts) - 1, -1, -1):
                yield lexical_inside(stated, "/".join(parts[:depth]))

    def _candidates(self, stated: str | None, path: Path, folder: str, *, own: bool) -> list[str]:
        """Return names, relative to the data folder, under which the image may be; `own`: also the file's own."""
        folders = [folder, folder.rpartition("/")[0]] if folder else [""]
        names = []
        if stated is not None and "\0" not in stated:
            names.append(_last_part(stated))
        if own:
            names += [stem + suffix for stem in _stems(path) for lower in SUFFIXES for suffix in (lower, lower.upper())]
        return [
            f"{place}/{name}" if place else name for place in folders for name in names if name not in {"", ".", ".."}
        ]

    def _is_file(self, name: str) -> bool:
        return os.path.isfile(self._checker.root / name)  # noqa: PTH113 (Path.is_file raises on long names)


def _last_part(path: str) -> str:
    return path.replace("\\", "/").rpartition("/")[2]


def _stems(path: Path) -> list[str]:
    """Return a file's name without suffix, and without a second one that names its format."""
    stem = path.stem
    plain = stem.rpartition(".")[0] if stem.lower().endswith((".alto", ".page", ".hocr")) else ""
    return [stem, plain] if plain else [stem]
