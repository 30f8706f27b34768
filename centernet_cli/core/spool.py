"""Text that waits on disk until an output can be put together: memory doesn't grow with the number of pages."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from centernet_cli.core.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator

_CHUNK = 1 << 20


class Spool:
    """A temporary file without a name: gone when it is closed, or when the program ends in whatever way.

    Args:
        near: Output file or folder, on whose disk there must be room anyway; None: the system's place for such files.

    Raises:
        OutputError: O801, here and in all methods, where the disk doesn't take it.
    """

    def __init__(self, near: Path | None) -> None:
        self._near = near
        folder = None if near is None else _existing_folder(near)
        try:
            self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - open for the whole run
        except OSError as error:
            raise self._problem(error) from error

    def write(self, text: str) -> None:
        r"""Append text as UTF-8; lone surrogates of file names become `\udcXX`."""
        try:
            self._file.write(text.encode("utf-8", "backslashreplace"))
        except OSError as error:
            raise self._problem(error) from error

    def chunks(self) -> Iterator[bytes]:
        """Yield everything written, in pieces."""
        try:
            self._file.seek(0)
            while chunk := self._file.read(_CHUNK):
                yield chunk
        except OSError as error:
            raise self._problem(error) from error

    def lines(self) -> Iterator[str]:
        """Yield everything written line by line, with line ends."""
        try:
            self._file.seek(0)
            for line in self._file:
                yield line.decode()
        except OSError as error:
            raise self._problem(error) from error

    def close(self) -> None:
        """Give the room back; what the disk didn't take was told before, or isn't wanted any more."""
        with contextlib.suppress(OSError):
            self._file.close()

    def _problem(self, error: OSError) -> OutputError:
        reason = (error.strerror or str(error)).lower()
        return OutputError("O801", f"cannot be written: {reason}", path=self._near or tempfile.gettempdir())


def _existing_folder(path: Path) -> Path | None:
    """Return the nearest folder above `path`, or itself, that is there; None where that is none for files (`/dev`)."""
    if path.exists() and not path.is_file() and not path.is_dir():
        return None
    return next((folder for folder in (path, *path.absolute().parents) if folder.is_dir()), None)
