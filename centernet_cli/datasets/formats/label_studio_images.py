"""Which file an image's address in Label Studio means: uploads, local storage, buckets and web addresses."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit

from centernet_cli.core.errors import InputError
from centernet_cli.core.safe_io import lexical_inside
from centernet_cli.datasets.formats.fields import NameChecker

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_HASH = re.compile(r"[0-9a-f]{8}-(?=.)")
"""What an upload gets in front of its name."""
_FOLDERS = ("", "images/")


class ImageFinder:
    """Finds images by their addresses, in the folder of the export or its `images`.

    The path in an address counts, as much of its end as is there: `/data/local-files/?d=scans/a.jpg` may be
    `scans/a.jpg` or `a.jpg`. Uploads are looked for with and without what Label Studio put in front of their names.
    Where nothing is there, it is the path of local storage and of plain names, and the last part of others.

    Args:
        root: Folder of the export.
        addresses: All of them, since a name that two would share is not shortened.
    """

    def __init__(self, root: Path, addresses: Sequence[str]) -> None:
        self.root = root
        self._checker = NameChecker(root)
        short = {address: _short(address) for address in dict.fromkeys(addresses)}
        self._clashes = {name for name, count in Counter(short.values()).items() if count > 1}

    def find(self, address: str) -> str:
        """Return the name of an image, relative to the root.

        Raises:
            InputError: X310, it would lead out.
        """
        path = _path(address)
        parts = path.split("/")
        ends = ["/".join(parts[start:]) for start in range(len(parts))]
        bare = _HASH.sub("", parts[-1], count=1) if _is_upload(address) else parts[-1]
        for end in [*ends, bare]:
            for folder in _FOLDERS:
                try:
                    name = lexical_inside(f"{folder}{end}")
                    if (self.root / name).is_file():
                        return self._checker.inside(name)
                except (InputError, OSError, ValueError):
                    continue
        if _is_remote(address):
            short = _short(address)
            return self._checker.inside(parts[-1] if short in self._clashes else short)
        return self._checker.inside(path)


def _is_upload(address: str) -> bool:
    return "/upload/" in address


def _is_remote(address: str) -> bool:
    return "://" in address or address.startswith("/data/upload/") or _is_upload(address)


def _short(address: str) -> str:
    last = _path(address).rpartition("/")[2]
    return _HASH.sub("", last, count=1) if _is_upload(address) else last


def _path(address: str) -> str:
    """Return the path that an address names, without server and query."""
    address = address.replace("\\", "/")
    if "?d=" in address:
        try:
            found = parse_qs(address.partition("?")[2], keep_blank_values=True, max_num_fields=100).get("d", [""])[0]
        except ValueError:
            found = ""
        return found.lstrip("/") or address
    if "://" in address:
        try:
            return unquote(urlsplit(address).path).lstrip("/") or address
        except ValueError:  # such as a broken IPv6 address
            return address.rpartition("/")[2]
    if address.startswith("/data/"):
        return unquote(address.partition("?")[0]).lstrip("/")
    return address
