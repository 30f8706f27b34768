"""From what was typed (files, folders, patterns, lists) to the files to read."""

from __future__ import annotations

import codecs
import glob
import io
import os
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO, TextIO, cast

from centernet_cli.core.errors import InputError, UsageError
from centernet_cli.pages.files import access_error, open_regular
from centernet_cli.pages.sniff import SUFFIXES

KNOWN_SUFFIXES = SUFFIXES | {".pdf"}
"""Names that are looked for in folders; a file named by itself may be called anything."""

_CHUNK = 1 << 16


def expand_inputs(inputs: Sequence[str], stdin: TextIO | None = None) -> Iterator[Path]:
    """Yield the files that `inputs` name, each once, lazily and in a fixed order: that of `inputs`, sorted in folders.

    An input is a file; a folder (searched with all below it for names with a known suffix, hidden ones left out); a
    pattern such as `scans/*.pdf` or `**/*.png`, for systems and quotes that keep the shell from expanding it; `@list`,
    a file with one path a line (or NUL-separated, or UTF-16); or `-`, the same on `stdin`.

    Files that do not exist are yielded too, so that reading them reports them; patterns and folders without a file
    come last for the same reason.

    Raises:
        InputError: I111, when there is nothing to read at all; I110, when a list cannot be opened.
        UsageError: U112, for `-` without `stdin`.
    """
    seen: set[tuple[str, str]] = set()
    found_any = False
    misses: list[Path] = []
    for path in _expand(inputs, stdin, misses):
        key = _identity(path)
        if key not in seen:
            seen.add(key)
            found_any = True
            yield path
    if not found_any:
        where = misses[0] if misses else "-" if "-" in inputs else None
        suffixes = ", ".join(sorted(suffix.lstrip(".") for suffix in KNOWN_SUFFIXES))
        raise InputError("I111", "no page images or PDFs found", path=where, hint=f"files ending in {suffixes}")
    yield from misses


def listed_names(text: str, stdin: TextIO | None) -> Iterator[str] | None:
    """Yield the names that an input such as `@list` or `-` stands for; return None for any other input.

    Raises:
        InputError: I110, the list cannot be opened.
        UsageError: U112, for `-` without `stdin`.
    """
    if text == "-":
        if stdin is None:
            raise UsageError("U112", "standard input is not available", path="-")
        return _names(_bytes_of(stdin))
    if text.startswith("@") and len(text) > 1:
        return _list_file(Path(text[1:]))
    return None


def _identity(path: Path) -> tuple[str, str]:
    """Return what two spellings of the same file share; a symlink to it is a file of its own."""
    return _real_folder(str(path.parent), os.getcwd()), path.name  # noqa: PTH109 - a plain string


@lru_cache(maxsize=1024)
def _real_folder(folder: str, _working_folder: str) -> str:
    try:
        return os.path.realpath(folder)
    except (OSError, ValueError):
        return folder


def _expand(inputs: Sequence[str], stdin: TextIO | None, misses: list[Path]) -> Iterator[Path]:
    for text in inputs:
        names = listed_names(text, stdin)
        if names is not None:
            pass
        elif glob.has_magic(text) and not os.path.lexists(text):
            matches = sorted(glob.iglob(text, recursive=True))  # noqa: PTH207 - absolute patterns, and names as typed
            if not matches:
                misses.append(Path(text))
            names = iter(matches)
        else:
            names = iter((text,))
        for name in names:
            yield from _walk(Path(name), misses)


def _walk(path: Path, misses: list[Path]) -> Iterator[Path]:
    """Yield `path`, or the pages in it and below when it is a folder; its links to folders are followed, once each."""
    try:
        is_folder = path.is_dir()
    except ValueError:  # NUL in the name: reported when it is read
        is_folder = False
    if not is_folder:
        yield path
        return
    empty = True
    visited: set[str] = set()
    unreadable: list[Path] = []
    for folder, folders, files in os.walk(
        path, followlinks=True, onerror=lambda e: unreadable.append(Path(e.filename))
    ):
        real = os.path.realpath(folder)
        if real in visited:
            folders.clear()
            continue
        visited.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if not name.startswith(".") and Path(name).suffix.lower() in KNOWN_SUFFIXES:
                empty = False
                yield Path(folder, name)
    # Yielded as if they were pages: reading them says that access is denied.
    yield from unreadable
    if empty and not unreadable:
        misses.append(path)


def _list_file(path: Path) -> Iterator[str]:
    with open_regular(path) as stream:
        try:
            yield from _names(stream)
        except OSError as error:
            raise access_error(error, path) from error


def _bytes_of(stream: TextIO) -> BinaryIO:
    # Names need not be valid text; the bytes below a text stream are what they are.
    buffer = getattr(stream, "buffer", None)
    return cast("BinaryIO", buffer) if buffer is not None else io.BytesIO(os.fsencode(stream.read()))


def _names(stream: BinaryIO) -> Iterator[str]:
    """Yield the names in a list as they arrive: one a line, or NUL-separated (`find -print0`), or UTF-16 text."""
    read = getattr(stream, "read1", stream.read)
    chunk: bytes = read(_CHUNK)
    if chunk.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        text = (chunk + stream.read()).decode("utf-16", "replace")
        yield from (line for line in text.splitlines() if line.strip())
        return
    chunk = chunk.removeprefix(codecs.BOM_UTF8)
    separator = b"\0" if b"\0" in chunk else b"\n"
    rest = b""
    while chunk:
        *records, rest = (rest + chunk).split(separator)
        yield from _decoded(records, separator)
        chunk = read(_CHUNK)
    yield from _decoded([rest], separator)


def _decoded(records: list[bytes], separator: bytes) -> Iterator[str]:
    for record in records:
        name = record.removesuffix(b"\r") if separator == b"\n" else record
        if name.strip():
            yield os.fsdecode(name)
