"""Which file a table means by the name of an image: also without its suffix, of another computer, or further down."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from centernet_cli.core.errors import InputError
from centernet_cli.datasets.formats.fields import MOVED, NameChecker
from centernet_cli.datasets.formats.image_header import SUFFIXES
from centernet_cli.datasets.formats.places import image_folder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from centernet_cli.datasets.formats.tally import Tally

BELOW = "image found in a folder below"
_BESIDE_IMAGES = {"annotations", "labels", "csv"}
"""Folders of tables, next to which images may be."""


class TableImages:
    """Finds the images of a table.

    Args:
        table: The file.
        names: Names of some images, by which the folder of all is found: that of the table, `images` in it, or the one
            above where the table is in `annotations`.
        tally: Notes where images are.
    """

    def __init__(self, table: Path, names: Sequence[str], tally: Tally) -> None:
        self.root = _root(table, names)
        self._tally = tally
        self._checker = NameChecker(self.root)
        self._words = set(re.split(r"[^a-z0-9]+", table.stem.casefold()))
        self._below: dict[str, list[str]] | None = None

    def find(self, name: str) -> str:
        """Return the name of an image, relative to the root, whether it is there or not.

        Raises:
            InputError: X310, it leads out.
        """
        moved = self._checker.moved(name)
        if moved is not None:
            self._tally.note(MOVED)
            return moved
        for candidate in (name, *_with_suffixes(name)):
            try:
                clean = self._checker.inside(candidate)
            except InputError:
                continue
            if self._checker.has_file(clean):
                return clean
        clean = self._checker.inside(name)
        found = self._find_below(clean)
        if found is None:
            return clean
        self._tally.note(BELOW)
        return self._checker.inside(found)

    def _find_below(self, name: str) -> str | None:
        """Return the only image below the root whose path ends so.

        Of several it is the only one in a folder the table is named after: `images/train/` of `train-boxes.csv`.
        """
        if self._below is None:
            self._below = _images_below(self.root)
        last = name.rpartition("/")[2]
        ends = (f"/{name}", *(f"/{name}{suffix}" for suffix in SUFFIXES))
        found = [place for place in self._below.get(_stem(last), ()) if f"/{place}".lower().endswith(_lower(ends))]
        if len(found) > 1:
            found = [place for place in found if self._words & set(place.casefold().split("/")[:-1])]
        return found[0] if len(found) == 1 else None


def _root(table: Path, names: Sequence[str]) -> Path:
    folder = table.parent
    places = [place for name in names for place in (name, *_with_suffixes(name))]
    root = image_folder(folder, places)
    if root == folder and folder.name.casefold() in _BESIDE_IMAGES and not _has_images(folder):
        return image_folder(folder.parent, places)
    return root


def _has_images(folder: Path) -> bool:
    return bool(_images_below(folder))


def _images_below(root: Path) -> dict[str, list[str]]:
    """Return the images below a folder by their names without suffix; links to folders aren't followed."""
    found: dict[str, list[str]] = defaultdict(list)
    for place, subfolders, names in os.walk(root):
        subfolders[:] = sorted(name for name in subfolders if not name.startswith("."))
        way = Path(place).relative_to(root).as_posix()
        for name in sorted(names):
            if name.lower().endswith(SUFFIXES) and not name.startswith("._"):
                found[_stem(name)].append(name if way == "." else f"{way}/{name}")
    return found


def _stem(name: str) -> str:
    """Return a name without the suffix of an image, in small letters."""
    low = name.lower()
    return next((low[: -len(suffix)] for suffix in SUFFIXES if low.endswith(suffix)), low)


def _with_suffixes(name: str) -> list[str]:
    return [] if name.lower().endswith(SUFFIXES) else [name + suffix for suffix in SUFFIXES]


def _lower(texts: Sequence[str]) -> tuple[str, ...]:
    return tuple(text.lower() for text in texts)
