"""Files of a folder on any file system that fsspec knows: put in place, listed, read, deleted."""

from __future__ import annotations

import secrets
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from centernet_cli.core.errors import OutputError
from centernet_cli.core.safe_io import atomic_write_bytes
from centernet_cli.inference.fs_access import filesystem, is_whole, protocols, reason_of, retried

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

AT_ONCE = 500
"""Small files read together."""


def put(local: Path, folder: str, name: str) -> None:
    """Put a file, complete or not at all, into a folder.

    Raises:
        OutputError: O801.
    """
    fs, place = filesystem(folder)
    target = f"{place.rstrip('/')}/{name}"
    temporary = f"{place.rstrip('/')}/.{name}.{secrets.token_hex(4)}.tmp"

    def write() -> None:
        if is_whole(fs):
            fs.put_file(str(local), target)
            return
        fs.makedirs(place, exist_ok=True)
        fs.put_file(str(local), temporary)
        fs.mv(temporary, target)

    try:
        retried(write)
    except Exception as error:
        with suppress(Exception):
            fs.rm_file(temporary)
        raise _unwritable(error, folder, name) from error


def create(folder: str, name: str, content: bytes) -> bool:
    """Make a small file, unless there is one; return whether it was made.

    Of several programs that try at once, one succeeds: on this machine's disks, S3, Google Cloud and Azure for sure.

    Raises:
        OutputError: O801.
    """
    fs, place = filesystem(folder)
    target = f"{place.rstrip('/')}/{name}"
    try:
        if "file" in protocols(fs):
            Path(place).mkdir(parents=True, exist_ok=True)
            with Path(target).open("xb") as file:
                file.write(content)
            return True
        if not is_whole(fs):
            fs.makedirs(place, exist_ok=True)
        retried(lambda: fs.pipe_file(target, content, mode="create"))
    except FileExistsError:
        return False
    except Exception as error:
        raise _unwritable(error, folder, name) from error
    return True


def write_bytes(folder: str, name: str, content: bytes) -> None:
    """Write a small file over what is there.

    Raises:
        OutputError: O801.
    """
    fs, place = filesystem(folder)
    target = f"{place.rstrip('/')}/{name}"
    try:
        if "file" in protocols(fs):
            Path(place).mkdir(parents=True, exist_ok=True)
            atomic_write_bytes(Path(target), content)
            return
        if not is_whole(fs):
            fs.makedirs(place, exist_ok=True)
        retried(lambda: fs.pipe_file(target, content))
    except Exception as error:
        raise _unwritable(error, folder, name) from error


def listing(folder: str) -> list[str]:
    """Return the names of the files right in a folder; none if there is no folder.

    Raises:
        OutputError: O801, it cannot be listed.
    """
    fs, place = filesystem(folder)
    fs.invalidate_cache()
    try:
        return sorted(
            str(entry).rstrip("/").rsplit("/", 1)[-1] for entry in retried(lambda: fs.ls(place, detail=False))
        )
    except (FileNotFoundError, NotADirectoryError):
        return []
    except Exception as error:
        raise OutputError("O801", f"cannot be listed: {reason_of(error)}", path=folder) from error


def read_bytes(folder: str, name: str) -> bytes | None:
    """Return the content of a small file; None if there is none.

    Raises:
        OutputError: O801, it cannot be read.
    """
    fs, place = filesystem(folder)
    try:
        content: bytes = retried(lambda: fs.cat_file(f"{place.rstrip('/')}/{name}"))
    except FileNotFoundError:
        return None
    except Exception as error:
        raise OutputError("O801", f"cannot be read: {reason_of(error)}", path=f"{folder}/{name}") from error
    return content


def read_many(folder: str, names: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """Yield small files with their names; remote ones are read many at a time. Those that vanished are left out.

    Raises:
        OutputError: O801, one cannot be read.
    """
    fs, place = filesystem(folder)
    for start in range(0, len(names), AT_ONCE):
        some = names[start : start + AT_ONCE]
        paths = [f"{place.rstrip('/')}/{name}" for name in some]
        found = fs.cat(paths, on_error="omit") if len(paths) > 1 else {}
        by_name = {str(path).rsplit("/", 1)[-1]: content for path, content in found.items()}
        for name in some:
            content = by_name.get(name)
            content = read_bytes(folder, name) if content is None else content  # with its tries, or its error
            if content is not None:
                yield name, content


def remove(folder: str, names: Iterable[str]) -> None:
    """Delete files, as far as they are there.

    Raises:
        OutputError: O801, one cannot be deleted.
    """
    fs, place = filesystem(folder)
    for name in names:
        path = f"{place.rstrip('/')}/{name}"
        try:
            retried(lambda path=path: fs.rm_file(path))  # type: ignore[misc]
        except FileNotFoundError:
            continue
        except Exception as error:
            raise OutputError("O801", f"cannot be deleted: {reason_of(error)}", path=f"{folder}/{name}") from error


def _unwritable(error: Exception, folder: str, name: str) -> OutputError:
    return OutputError("O801", f"cannot be written: {reason_of(error)}", path=f"{folder.rstrip('/')}/{name}")
