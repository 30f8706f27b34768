"""Writing that never leaves half a file, JSON reading that trusts nothing, and paths that stay inside a folder."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import stat
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from centernet_cli.core.errors import InputError, OutputError
from centernet_cli.core.leftovers import sweep, temporary_name

if TYPE_CHECKING:
    from collections.abc import Iterator

_URL = re.compile(r"[a-z][a-z0-9+.-]*://|(?:file|data|https?|ftp|smb|javascript):", re.IGNORECASE)
_DRIVE = re.compile(r"[A-Za-z]:")


def _os_reason(error: OSError) -> str:
    return (error.strerror or str(error) or type(error).__name__).lower()


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Give a temporary path next to `path`; put it in place of `path` only if the block ends well.

    Missing parent folders are made. A symbolic link is followed, so the link itself stays. A device such as
    `/dev/stdout` is written to and never replaced.

    Args:
        path: Final name.

    Yields:
        A path in the same folder that does not exist yet; the block has to create it.

    Raises:
        OutputError: O801, for any `OSError` in the block or here; `path` is then as it was.
    """
    try:
        target = Path(os.path.realpath(path)) if path.is_symlink() else path
        if target.is_dir():
            raise OutputError("O801", "cannot be written: is a directory", path=path)
        if target.exists() and not target.is_file():
            with _through_device(target) as temporary:
                yield temporary
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        sweep(target.parent)
        # A name of our own instead of mkstemp: the file then gets the permissions that the umask asks for.
        temporary = target.with_name(temporary_name())
        try:
            yield temporary
            with temporary.open("rb+") as handle:
                os.fsync(handle.fileno())
            temporary.replace(target)
            _sync_folder(target.parent)
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError("O801", f"cannot be written: {_os_reason(error)}", path=path) from error


@contextmanager
def atomic_folder(folder: Path) -> Iterator[Path]:
    """Give an empty temporary folder inside `folder`; move what is in it to `folder` only if the block ends well.

    Files of the same name are replaced, others stay. Files are not forced to the disk one by one: for thousands of
    small ones that would take longer than writing them.

    Args:
        folder: Made if missing.

    Yields:
        The temporary folder.

    Raises:
        OutputError: O801, for any `OSError` in the block or here; new files are then taken back.
    """
    made = [parent for parent in (folder, *folder.parents) if not parent.exists()]
    stage = folder / temporary_name()
    moved: list[Path] = []
    done = False
    try:
        stage.mkdir(parents=True)
        sweep(folder)
        yield stage
        _move_into(stage, folder, moved)
        done = True
    except OSError as error:
        raise OutputError("O801", f"cannot be written: {_os_reason(error)}", path=folder) from error
    finally:
        shutil.rmtree(stage, ignore_errors=True)
        for path in [] if done else [*reversed(moved), *made]:
            with contextlib.suppress(OSError):
                path.unlink() if path.is_symlink() or not path.is_dir() else _remove_new(path, made)


def _move_into(stage: Path, folder: Path, moved: list[Path]) -> None:
    """Move what is in `stage` into `folder`; what is new there comes on the list: whole folders, if they are new."""
    for source in sorted(stage.iterdir()):
        target = folder / source.name
        existed = os.path.lexists(target)
        if existed and source.is_dir() and target.is_dir():
            _move_into(source, target, moved)
            continue
        source.replace(target)
        if not existed:
            moved.append(target)


def _remove_new(path: Path, made: list[Path]) -> None:
    """Remove a folder: with all that is in it if it was moved there, else only if it is empty."""
    if path in made:
        path.rmdir()
    else:
        shutil.rmtree(path, ignore_errors=True)


@contextmanager
def _through_device(device: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        temporary = Path(folder) / "output"
        yield temporary
        with temporary.open("rb") as source, device.open("wb") as sink:
            shutil.copyfileobj(source, sink)


def _sync_folder(folder: Path) -> None:
    """Make the renaming last through a power cut; folders of some systems cannot be opened, which is no error."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def atomic_write_bytes(path: Path, data: bytes) -> None:
    """Write `data` to `path` completely or not at all.

    Raises:
        OutputError: O801.
    """
    with atomic_path(path) as temporary:
        temporary.write_bytes(data)


def atomic_write_text(path: Path, text: str) -> None:
    r"""Write `text` as UTF-8 with its own line ends; lone surrogates of file names become `\udcXX`.

    Raises:
        OutputError: O801.
    """
    atomic_write_bytes(path, text.encode("utf-8", "backslashreplace"))


def dump_json(path: Path, obj: object) -> None:
    """Write `obj` as JSON (see `encode_json`), completely or not at all.

    Raises:
        OutputError: O801.
        ValueError: The object holds NaN, infinity or a cycle: a bug of the caller.
    """
    from centernet_cli.core.strict_json import encode_json

    atomic_write_text(path, encode_json(obj))


def read_json(path: Path, *, max_bytes: int = 2_000_000_000) -> object:
    """Read a JSON file strictly.

    Args:
        path: A regular file; a FIFO or device is refused without blocking.
        max_bytes: Larger files are refused unread.

    Returns:
        The value; every number in it is finite and fits a float.

    Raises:
        InputError: J401 cannot be read, J402 too large, or what `parse_json` raises, with line and column.
    """
    from centernet_cli.core.strict_json import parse_json  # takes msgspec, which page workers do without

    return parse_json(read_bytes(path, max_bytes=max_bytes), path=path)


def read_bytes(path: Path, *, max_bytes: int = 2_000_000_000) -> bytes:
    """Read a regular file of at most `max_bytes`.

    Raises:
        InputError: J401 cannot be read, J402 too large.
    """
    try:
        # Opening a FIFO in the usual way would wait for its other end.
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        try:
            status = os.fstat(handle)
            if not stat.S_ISREG(status.st_mode):
                kind = "a directory" if stat.S_ISDIR(status.st_mode) else "not a regular file"
                raise InputError("J401", f"cannot be read: {kind}", path=path)
            if status.st_size > max_bytes:
                message = f"{status.st_size:,} bytes are more than the limit of {max_bytes:,}"
                raise InputError("J402", message, path=path, hint="split the file")
            with open(handle, "rb", buffering=0, closefd=False) as file:
                return file.read()
        finally:
            os.close(handle)
    except OSError as error:
        raise InputError("J401", f"cannot be read: {_os_reason(error)}", path=path) from error
    except ValueError as error:  # a NUL byte in the name
        raise InputError("J401", f"cannot be read: {error}", path=path) from error


def lexical_inside(name: str, base: str = "") -> str:
    r"""Normalise a file name found in data, without looking at any disk.

    Args:
        name: Relative name; `\` counts as `/`.
        base: Folder that it is relative to, itself a normalised name in the data folder; empty for that folder.

    Returns:
        The name, relative to the data folder, with `/` separators and without `.` and `..` parts.

    Raises:
        InputError: X310, the name is absolute, climbs out with `..`, has a drive, is a URL, or holds NUL.
    """
    parts = base.split("/") if base else []
    slashed = name.replace("\\", "/")
    refused = "\0" in name or slashed.startswith("/") or _DRIVE.match(slashed) or _URL.match(slashed)
    for part in () if refused else slashed.split("/"):
        if part == "..":
            if not parts:
                refused = True
                break
            parts.pop()
        elif part not in {"", "."}:
            parts.append(part)
    if refused or not parts:
        raise InputError("X310", f"file name {_shortened(name)} is outside the data folder")
    return "/".join(parts)


def resolve_inside(root: Path, name: str) -> Path:
    """Find the file that data under `root` names; it need not exist.

    Args:
        root: The data folder.
        name: Relative name as in `lexical_inside`.

    Returns:
        `root / name`, normalised; symbolic links in it do not lead out of `root`.

    Raises:
        InputError: X310, the name leads out of `root`.
    """
    path = root / lexical_inside(name)
    try:
        inside = Path(os.path.realpath(path)).is_relative_to(os.path.realpath(root))
    except (OSError, ValueError):
        inside = False
    if not inside:
        raise InputError("X310", f"file name {_shortened(name)} is a link that leads outside the data folder")
    return path


def _shortened(name: str) -> str:
    return repr(name if len(name) <= 100 else f"{name[:97]}...")


def sha256_file(path: Path) -> str:
    """Return the SHA-256 of a file, as 64 hexadecimal digits.

    Raises:
        InputError: J401 cannot be read.
    """
    try:
        with path.open("rb") as handle:
            return hashlib.file_digest(handle, "sha256").hexdigest()
    except OSError as error:
        raise InputError("J401", f"cannot be read: {_os_reason(error)}", path=path) from error
