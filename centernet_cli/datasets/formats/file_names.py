"""The files of formats with one for each page: their names, and writing all of them or none."""

from __future__ import annotations

import os
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from centernet_cli.core.safe_io import atomic_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from centernet_cli.core.records import Dataset
    from centernet_cli.datasets.formats.tally import Tally

_NAME_BYTES = 200
"""Leaves room for a suffix within the 255 bytes of a file name."""


def page_files(dataset: Dataset, suffix: str) -> list[str]:
    """Return the name, relative to the output's folder, of the file of each page, in the order of the pages.

    The file of image `a/b.png` is `a/b.json` for the suffix `.json`, a second image `a/b.jpg` has `a/b.jpg.json`, page
    3 of `c.pdf` has `c-p003.json`, or `c.pdf-p003.json` if another page has that already. Predictions on files
    anywhere (no root) are written side by side.
    """
    return unique_names(
        (page.info.source if dataset.root else Path(page.info.source).name, page.info.page, suffix)
        for page in dataset.pages
    )


def unique_names(pages: Iterable[tuple[str, int | None, str]]) -> list[str]:
    """Return a file name for each source, page number and suffix, no two alike."""
    names = FileNames()
    return [names.name(*page) for page in pages]


class FileNames:
    """Gives pages file names, no two alike, and none of `taken`."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = set(taken)
        # Where the search for a free name goes on: thousands of pages may have the same name.
        self._next_numbers: dict[str, Iterator[int]] = {}

    def name(self, source: str, page: int | None, suffix: str) -> str:
        """Return the file name of a page of `source`."""
        folder, slash, last = source.rpartition("/")
        stem = last.rpartition(".")[0] or last
        number = "" if page is None else f"-p{page:03d}"
        start = f"{folder}{slash}{writable(stem)}{number}"
        name = f"{start}{suffix}"
        if name in self._taken:
            start = f"{folder}{slash}{writable(last)}{number}"
            name = f"{start}{suffix}"
        if name in self._taken:
            numbers = self._next_numbers.setdefault(start, count(2))
            name = next(text for number in numbers if (text := f"{start}~{number}{suffix}") not in self._taken)
        self._taken.add(name)
        return name


def writable(stem: str) -> str:
    """Shorten a name to what file systems take, and replace what they cannot encode."""
    try:
        raw = os.fsencode(stem)
    except UnicodeEncodeError:
        raw = stem.encode("utf-8", "replace")
    if len(raw) <= _NAME_BYTES:
        return os.fsdecode(raw)
    return raw[:_NAME_BYTES].decode("utf-8", "ignore")


def way_to(source: str, folder: Path) -> str:
    """Return the way from `folder` to a file given relative to the current folder, with `/` separators."""
    try:
        return Path(os.path.relpath(source, folder)).as_posix()
    except ValueError:  # another drive of Windows
        return Path(source).absolute().as_posix()


def write_files(
    folder: Path,
    files: Sequence[str],
    texts: Iterable[str],
    tally: Tally,
    also: Callable[[Path], None] | None = None,
) -> None:
    r"""Write files, given by name and text, to a folder: all of them or none; lone surrogates become `\udcXX`.

    Args:
        folder: Made if missing.
        files: Their names, relative to the folder.
        texts: Their contents, in the same order.
        tally: Is told how many are done.
        also: Puts further files into the folder that it is given.

    Raises:
        OutputError: O801.
    """
    made: set[str] = set()
    with atomic_folder(folder) as stage:
        for name, text in zip(tally.each("writing", files), texts, strict=True):
            parent = name.rpartition("/")[0]
            if parent not in made:
                (stage / parent).mkdir(parents=True, exist_ok=True)
                made.add(parent)
            _write_new(f"{stage}/{name}", text.encode("utf-8", "backslashreplace"))
        if also is not None:
            also(stage)


def _write_new(path: str, content: bytes) -> None:
    """Write a file in as few calls of the system as there can be: others take as long as the writing itself."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o666)
    try:
        while content:
            content = content[os.write(handle, content) :]
    finally:
        os.close(handle)
