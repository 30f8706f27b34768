"""Datasets in ZIP files, unpacked into a temporary folder after everything about them has been checked."""

from __future__ import annotations

import stat
import tempfile
import zipfile
import zlib
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from centernet_cli.core.errors import InputError, OutputError
from centernet_cli.core.safe_io import lexical_inside
from centernet_cli.core.shown_paths import shown_as
from centernet_cli.datasets.formats.tally import Tally
from centernet_cli.datasets.zip_directory import has_more_entries

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_RATIO = 200
"""Times that a file may grow; images don't, and annotations seldom more than twentyfold."""
MAX_FILES = 200_000
"""More take minutes to unpack."""
MAX_BYTES = 200_000_000_000
_SMALL = 1_000_000
"""A small file may grow as it likes, such as a blank bitmap."""
_SMALL_SUM = 100_000_000
"""So may all of them together; beyond, the same bytes may be meant to be several files."""
_CHUNK = 1 << 20
_HINT = "unpack it yourself if you trust it"


def is_zip(path: Path) -> bool:
    """Tell whether a file is meant as a ZIP file."""
    return path.suffix.lower() == ".zip" and path.is_file()


@contextmanager
def unpacked(path: Path, tally: Tally | None = None) -> Iterator[Path]:
    """Unpack a ZIP file for the time of the block.

    Args:
        path: The file.
        tally: Its `watch` shows progress.

    Yields:
        A temporary folder with its content, or the only folder in that; errors name what is in it after the file.

    Raises:
        InputError: Z601, not a ZIP file, damaged, encrypted, or with entries that no honest dataset has: names that
            lead out or occur twice, links, contents that grow more than 200 times.
        OutputError: O801, no room for its content.
    """
    with tempfile.TemporaryDirectory(prefix="centernet-") as name:
        folder = Path(name)
        try:
            if has_more_entries(path, MAX_FILES):
                raise InputError("Z601", f"more than {MAX_FILES:,} entries", path=path, hint=_HINT)
            with zipfile.ZipFile(path) as archive:
                for entry, clean in (tally or Tally()).each("unpacking", _checked(archive, path)):
                    _extract(archive, entry, folder / clean, path)
        except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError) as error:
            raise InputError("Z601", f"not a ZIP file that can be read: {error}", path=path) from error
        except RuntimeError as error:  # an entry that says it is encrypted only in its own header
            raise InputError("Z601", f"cannot be unpacked: {error}", path=path) from error
        except (OSError, ValueError) as error:
            raise InputError("Z601", f"cannot be read: {error}", path=path) from error
        inside = list(folder.iterdir())
        with shown_as(folder, path):
            yield inside[0] if len(inside) == 1 and inside[0].is_dir() else folder


def _checked(archive: zipfile.ZipFile, path: Path) -> list[tuple[zipfile.ZipInfo, str]]:
    """Return the files in an archive with the names they will have; folders make themselves."""
    entries = archive.infolist()
    total = sum(entry.file_size for entry in entries)
    if total > MAX_BYTES:
        raise InputError("Z601", f"unpacks to more than {MAX_BYTES:,} bytes", path=path, hint=_HINT)
    if total > max(_SMALL_SUM, path.stat().st_size * MAX_RATIO):
        message = f"would grow more than {MAX_RATIO} times, to {total:,} bytes"
        raise InputError("Z601", message, path=path, hint=_HINT)
    found: dict[str, zipfile.ZipInfo] = {}
    for entry in entries:
        name = entry.filename
        mode = entry.external_attr >> 16
        if stat.S_IFMT(mode) not in {0, stat.S_IFREG, stat.S_IFDIR}:
            raise InputError("Z601", f"{name!r:.100} is a link or device", path=path, hint=_HINT)
        if entry.flag_bits & 1:
            raise InputError("Z601", f"{name!r:.100} is encrypted", path=path, hint="unpack it yourself")
        if entry.file_size > max(_SMALL, entry.compress_size * MAX_RATIO):
            message = f"{name!r:.100} would grow more than {MAX_RATIO} times, to {entry.file_size:,} bytes"
            raise InputError("Z601", message, path=path, hint=_HINT)
        try:
            clean = lexical_inside(name)
        except InputError:
            raise InputError("Z601", f"entry {name!r:.100} leads out of the folder", path=path, hint=_HINT) from None
        if clean != name.replace("\\", "/").rstrip("/").removeprefix("./"):
            raise InputError("Z601", f"entry {name!r:.100} has an unusual path", path=path, hint=_HINT)
        if entry.is_dir():
            continue
        if clean in found:
            raise InputError("Z601", f"entry {name!r:.100} is there twice", path=path, hint=_HINT)
        found[clean] = entry
    return [(entry, clean) for clean, entry in found.items()]


def _extract(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path, path: Path) -> None:
    """Write one file; its size may turn out to be another than the archive says."""
    left = entry.file_size
    if target.exists() or any(parent.is_file() for parent in target.parents):
        message = f"entry {entry.filename!r:.100} is a file and a folder, or twice in other letter case"
        raise InputError("Z601", message, path=path, hint=_HINT)
    with archive.open(entry) as source:
        for chunk in iter(partial(source.read, min(_CHUNK, left + 1)), b""):
            left -= len(chunk)
            if left < 0:
                raise InputError("Z601", f"{entry.filename!r:.100} is larger than it says", path=path, hint=_HINT)
            _append(target, chunk)
    if not entry.file_size:
        _append(target, b"")


def _append(target: Path, chunk: bytes) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("ab") as sink:
            sink.write(chunk)
    except OSError as error:
        raise OutputError(
            "O801", f"cannot be unpacked: {(error.strerror or str(error)).lower()}", path=target
        ) from error
