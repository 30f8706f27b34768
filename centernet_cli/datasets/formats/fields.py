"""Checks of single values that formats share, and the keys that keep a page's origin in JSON formats."""

from __future__ import annotations

import os
import re
from collections import Counter
from typing import TYPE_CHECKING, TypedDict, TypeGuard

from centernet_cli.core.errors import InputError
from centernet_cli.core.safe_io import lexical_inside, resolve_inside

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from centernet_cli.core.records import PageInfo

_NUMBER_TYPES = {int, float}
_ELSEWHERE = re.compile(r"[/\\]|[A-Za-z]:[/\\]|[A-Za-z][A-Za-z0-9+.-]*://")
"""A path from a root, a drive or another computer, or an address."""
MOVED = "image found under the end of its path, which names another place"
MAX_COORDINATE = 1e9
"""Far beyond any page, yet products of two coordinates stay finite."""
UNKNOWN_SIDE = int(MAX_COORDINATE)
"""Width and height of pages that no file and no image tells; only lenient reading returns such pages."""


ROUND = 1.5 * 2.0**52
"""`x + ROUND - ROUND` is the whole number next to x, if x is below 2^51: by far the fastest way to round millions."""


def short(value: float) -> float:
    """Return a coordinate (below 1e9) rounded to a ten-thousandth of a pixel, several times faster than by `round`."""
    return (value * 10_000 + ROUND - ROUND) / 10_000


def is_number(value: object) -> TypeGuard[float]:
    """Tell whether a JSON value is a number; booleans are none. `read_json` lets only finite ones pass."""
    return type(value) in _NUMBER_TYPES


def is_id(value: object) -> bool:
    """Tell whether a JSON value can be an id: a whole number, which tables write as 7.0, or a text."""
    return type(value) is int or type(value) is str or (type(value) is float and value.is_integer())


def are_numbers(values: object) -> TypeGuard[list[float]]:
    """Tell whether a JSON value is a list of numbers."""
    return type(values) is list and set(map(type, values)) <= _NUMBER_TYPES


def as_pixels(value: object) -> int | None:
    """Return a page's width or height, or None unless it is a whole number from 1 (640 or 640.0), below a billion."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 1 <= value < MAX_COORDINATE:
        return None
    if value != int(value):
        return None
    return int(value)


class PageExtras(TypedDict, total=False):
    """The part of `PageInfo` that formats for single images have no keys of their own for."""

    page: int | None
    dpi: float | None
    width_pt: float | None
    height_pt: float | None
    rotation: int
    orientation: int


def page_extras(info: PageInfo) -> PageExtras:
    """Return page number, resolution, size in points, rotation and orientation of a page, all of them."""
    return {
        "page": info.page,
        "dpi": info.dpi,
        "width_pt": info.width_pt,
        "height_pt": info.height_pt,
        "rotation": info.rotation,
        "orientation": info.orientation,
    }


DEFAULT_EXTRAS: PageExtras = {
    "page": None,
    "dpi": None,
    "width_pt": None,
    "height_pt": None,
    "rotation": 0,
    "orientation": 1,
}


def read_page_extras(data: Mapping[str, object]) -> PageExtras:
    """Read what `page_extras` returned; absent keys have their defaults.

    Raises:
        ValueError: A value has the wrong type or range; the message names the key.
    """
    extras: PageExtras = {}
    page = data.get("page")
    if page is not None:
        if type(page) is not int or page < 1:
            raise ValueError("page is not a whole number from 1")
        extras["page"] = page
    for key in ("dpi", "width_pt", "height_pt"):
        value = data.get(key)
        if value is not None:
            if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
                raise ValueError(f"{key} is not a number above 0")
            extras[key] = float(value)
    rotation = data.get("rotation", 0)
    if type(rotation) is not int or rotation not in {0, 90, 180, 270}:
        raise ValueError("rotation is not 0, 90, 180 or 270")
    extras["rotation"] = rotation
    orientation = data.get("orientation", 1)
    if type(orientation) is not int or not 1 <= orientation <= 8:
        raise ValueError("orientation is not 1 to 8")
    extras["orientation"] = orientation
    return extras


class NameChecker:
    """Checks many file names of one data folder; resolves each of its folders only once."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._folders: set[str] = set()
        self._listings: dict[str, set[str]] = {}
        self._stems: dict[str, Counter[str]] = {}

    def has_file(self, name: str) -> bool:
        """Tell whether there is a file of a normalised name; what isn't listed in its folder is not asked for."""
        return self._is_listed(name) and os.path.isfile(f"{self.root}/{name}")  # noqa: PTH113 (much faster than Path's)

    def moved(self, name: str) -> str | None:
        """Return where the file of an absolute path or address is in the data folder: the longest end that is there.

        Nothing but the data folder is looked at.
        """
        if "\0" in name or not _ELSEWHERE.match(name):
            return None
        path = name.partition("?")[0] if "://" in name else name
        parts = path.replace("\\", "/").split("/")
        for start in range(1, len(parts)):
            try:
                clean = self.inside("/".join(parts[start:]))
            except InputError:
                continue
            if self.has_file(clean):
                return clean
        return None

    def has_stem(self, stem: str, folder: str) -> bool:
        """Tell whether a folder seems to have a file of a name without its suffix; what it is has to be looked at."""
        stems = self._stems.get(folder)
        if stems is None:
            stems = self._stems[folder] = Counter(name.rpartition(".")[0] for name in self._listing(folder))
        # The annotations' own file is one.
        return stems[stem.casefold()] > 1

    def _is_listed(self, name: str) -> bool:
        folder, _, last = name.rpartition("/")
        return last.casefold() in self._listing(folder)

    def _listing(self, folder: str) -> set[str]:
        """Return the names in a folder: whatever the system makes of letter case, other letters are another name."""
        names = self._listings.get(folder)
        if names is None:
            try:
                names = {entry.casefold() for entry in os.listdir(self.root / folder)}  # noqa: PTH208 (much faster)
            except (OSError, ValueError):
                names = set()
            self._listings[folder] = names
        return names

    def inside(self, name: str, base: str = "") -> str:
        """Return `name`, relative to `base` in the data folder, as a normalised name relative to the data folder.

        Raises:
            InputError: X310, it leads out of the folder, by itself or through a link.
        """
        clean = lexical_inside(name, base)
        folder = clean.rpartition("/")[0]
        if folder not in self._folders:
            if folder:
                resolve_inside(self.root, folder)
            self._folders.add(folder)
        if self._is_listed(clean) and os.path.islink(f"{self.root}/{clean}"):  # noqa: PTH114 (much faster than Path's)
            resolve_inside(self.root, clean)
        return clean
