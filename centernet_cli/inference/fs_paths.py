"""Files to read on any file system that fsspec knows (S3, Google Cloud, SSH, HTTP, local): found and fetched."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from centernet_cli.core.errors import InputError
from centernet_cli.inference.fs_access import filesystem, reason_of, retried
from centernet_cli.pages.inputs import KNOWN_SUFFIXES, expand_inputs, listed_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_VERSION_KEYS = ("ETag", "etag", "md5Hash", "mtime", "LastModified", "last_modified", "created")


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

    @property
    def place(self) -> str:
        """The name alone, in full."""
        return place_of(self.identity)


def place_of(identity: str) -> str:
    """Return the full name of a file by its identity."""
    return identity.rsplit("|", 2)[0]


def is_remote(name: str) -> bool:
    """Say whether a name is one of fsspec's, such as `s3://bucket/scans`."""
    return "://" in name


def find_files(inputs: Sequence[str], stdin: TextIO | None = None) -> list[InputFile]:
    """Return the files of inputs in a fixed order; first those on this machine, as `expand_inputs` finds them.

    A remote input is a file, a folder with all below it, or a pattern. Addresses in a list are files, and are not
    looked at before they are read.

    Raises:
        InputError: I110, a remote place cannot be listed; I111, nothing is there.
        UsageError: U112, from `expand_inputs`; U719.
    """
    here: list[str] = []
    remote: list[tuple[str, list[InputFile]]] = []
    for text in inputs:
        names = listed_names(text, stdin)
        if names is not None:
            for name in names:
                if is_remote(name):
                    remote.append((name, [_unseen(name)]))
                else:
                    here.append(name)
        elif is_remote(text):
            remote.append((text, list(_listed(text))))
        else:
            here.append(text)
    found: dict[str, InputFile] = {}
    if here or not remote:
        found |= {str(path): InputFile(str(path), _identity(path)) for path in expand_inputs(here)}
    misses = [name for name, files in remote if not files]
    for _, files in remote:
        found |= {file.name: file for file in files}
    if not found:
        raise InputError("I111", "no page images or PDFs found", path=misses[0])
    return [*found.values(), *(_unseen(name) for name in misses)]  # reading the last ones tells that there is nothing


def _unseen(name: str) -> InputFile:
    return InputFile(name, f"{name}||")


def fetch(name: str, folder: Path) -> Path:
    """Return where a file is on this machine; remote ones are copied into `folder`, with several tries.

    Raises:
        InputError: I110, it cannot be had.
    """
    if not is_remote(name):
        return Path(name)
    fs, place = filesystem(name)
    local = folder / f"{secrets.token_hex(8)}{Path(place).suffix}"
    try:
        retried(lambda: fs.get_file(place, str(local)))
    except Exception as error:
        raise InputError("I110", f"cannot be fetched: {reason_of(error)}", path=name) from error
    return local


def _listed(name: str) -> Iterable[InputFile]:
    fs, place = filesystem(name)
    try:
        if any(mark in place for mark in "*?["):
            entries = retried(lambda: fs.glob(place, detail=True))
        elif retried(lambda: fs.isfile(place)):
            entries = {place: fs.info(place)}
        else:
            entries = retried(lambda: fs.find(place, detail=True))
            entries = {key: info for key, info in entries.items() if Path(key).suffix.lower() in KNOWN_SUFFIXES}
    except Exception as error:
        raise InputError("I110", f"cannot be listed: {reason_of(error)}", path=name) from error
    files = sorted(key for key, info in entries.items() if info.get("type", "file") == "file")
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
