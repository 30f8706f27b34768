"""Files on any file system that fsspec knows (S3, Google Cloud, SSH, HTTP, local): found, fetched, put in place."""

from __future__ import annotations

import secrets
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from centernet_cli.core.errors import InputError, OutputError, UsageError
from centernet_cli.pages.inputs import KNOWN_SUFFIXES, expand_inputs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

_VERSION_KEYS = ("ETag", "etag", "md5Hash", "mtime", "LastModified", "last_modified", "created")
TRIES = 4
FIRST_PAUSE = 0.5
"""Seconds; doubled after each try."""


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file to read.

    Attributes:
        name: As the user named it: `source` of its pages.
        identity: Name, size and version (ETag, else the time of its last change): what has none of them changed is the
            same file. Hashing the content would mean to read every remote file twice.
    """

    name: str
    identity: str


def is_remote(name: str) -> bool:
    """Say whether a name is one of fsspec's, such as `s3://bucket/scans`."""
    return "://" in name


def find_files(inputs: Sequence[str], stdin: TextIO | None = None) -> list[InputFile]:
    """Return the files of inputs in a fixed order; first those on this machine, as `expand_inputs` finds them.

    A remote input is a file, a folder with all below it, or a pattern.

    Raises:
        InputError: I110, a remote place cannot be listed; I111, nothing is there.
        UsageError: U112, from `expand_inputs`.
    """
    found: dict[str, InputFile] = {}
    here = [name for name in inputs if not is_remote(name)]
    if here:
        found |= {str(path): InputFile(str(path), _identity(path)) for path in expand_inputs(here, stdin)}
    for name in inputs:
        if is_remote(name):
            found |= {file.name: file for file in _listed(name)}
    return list(found.values())


def fetch(name: str, folder: Path) -> Path:
    """Return where a file is on this machine; remote ones are copied into `folder`, with several tries.

    Raises:
        InputError: I110, it cannot be had.
    """
    if not is_remote(name):
        return Path(name)
    fs, place = _filesystem(name)
    local = folder / f"{secrets.token_hex(8)}{Path(place).suffix}"
    try:
        retried(lambda: fs.get_file(place, str(local)))
    except Exception as error:
        raise InputError("I110", f"cannot be fetched: {_reason(error)}", path=name) from error
    return local


def put(local: Path, folder: str, name: str) -> None:
    """Put a file, complete or not at all, into a folder.

    Raises:
        OutputError: O801.
    """
    fs, place = _filesystem(folder)
    target = f"{place.rstrip('/')}/{name}"
    temporary = f"{place.rstrip('/')}/.{name}.{secrets.token_hex(4)}.tmp"

    def write() -> None:
        fs.makedirs(place, exist_ok=True)
        fs.put_file(str(local), temporary)
        fs.mv(temporary, target)

    try:
        retried(write)
    except Exception as error:
        with suppress(Exception):
            fs.rm_file(temporary)
        raise OutputError("O801", f"cannot be written: {_reason(error)}", path=target) from error


def listing(folder: str) -> list[str]:
    """Return the names of the files right in a folder; none if there is no folder.

    Raises:
        OutputError: O801, it cannot be listed.
    """
    fs, place = _filesystem(folder)
    try:
        return sorted(str(entry).rstrip("/").rsplit("/", 1)[-1] for entry in fs.ls(place, detail=False))
    except FileNotFoundError:
        return []
    except Exception as error:
        raise OutputError("O801", f"cannot be listed: {_reason(error)}", path=folder) from error


def read_bytes(folder: str, name: str) -> bytes:
    """Return the content of a small file."""
    fs, place = _filesystem(folder)
    content: bytes = retried(lambda: fs.cat_file(f"{place.rstrip('/')}/{name}"))
    return content


def remove(folder: str, name: str) -> None:
    """Delete a file."""
    fs, place = _filesystem(folder)
    fs.rm_file(f"{place.rstrip('/')}/{name}")


def retried(work: Callable[[], Any]) -> Any:
    """Do something that may fail for reasons that pass: up to four times, with growing pauses.

    What isn't there, or may not be touched, is not tried again.
    """
    for left in range(TRIES - 1, -1, -1):
        try:
            return work()
        except (FileNotFoundError, PermissionError, IsADirectoryError, NotADirectoryError):
            raise
        except Exception:
            if not left:
                raise
            time.sleep(FIRST_PAUSE * 2 ** (TRIES - 1 - left))
    return None  # pragma: no cover - the last try returns or raises


def _filesystem(name: str) -> tuple[Any, str]:
    from fsspec.core import url_to_fs

    try:
        fs, place = url_to_fs(name)
    except (ImportError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise UsageError("U719", f"no such file system: {reason}", path=name) from error
    return fs, str(place)


def _listed(name: str) -> Iterable[InputFile]:
    fs, place = _filesystem(name)
    try:
        if any(mark in place for mark in "*?["):
            entries = retried(lambda: fs.glob(place, detail=True))
        elif retried(lambda: fs.isfile(place)):
            entries = {place: fs.info(place)}
        else:
            entries = retried(lambda: fs.find(place, detail=True))
            entries = {key: info for key, info in entries.items() if Path(key).suffix.lower() in KNOWN_SUFFIXES}
    except Exception as error:
        raise InputError("I110", f"cannot be listed: {_reason(error)}", path=name) from error
    files = sorted(key for key, info in entries.items() if info.get("type", "file") == "file")
    if not files:
        raise InputError("I111", "no page images or PDFs found", path=name)
    for key in files:
        info = entries[key]
        version = next((str(info[field]) for field in _VERSION_KEYS if info.get(field) is not None), "")
        full = str(fs.unstrip_protocol(key))
        yield InputFile(full, f"{full}|{info.get('size')}|{version}")


def _identity(path: Path) -> str:
    try:
        facts = path.stat()
    except OSError:
        return f"{path}||"  # reading it will tell what is wrong
    return f"{path.absolute()}|{facts.st_size}|{facts.st_mtime_ns}"


def _reason(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
