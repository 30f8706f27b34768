"""Files of any file system, brought to this machine a few ahead of the one that is being read."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Self

from centernet_cli.core.errors import InputError
from centernet_cli.inference.fs_paths import fetch, is_remote

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from centernet_cli.inference.fs_paths import InputFile

AHEAD = 6
"""Files fetched before they are needed; while one is being read, others arrive."""
_THREADS = 3


class FetchAhead:
    """Fetches files; use it in a `with` block.

    Args:
        files: In the order in which they are read.
        folder: For copies.
        base: Names of files on this machine are relative to it.

    Attributes:
        failures: Why files could not be had.
    """

    def __init__(self, files: Sequence[InputFile], folder: Path, base: Path) -> None:
        self._files = files
        self._folder = folder
        self._base = base
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="fetch")
        self._coming: dict[int, Future[Path]] = {}
        self._file_at: dict[Path, InputFile] = {}
        self.failures: dict[InputFile, InputError] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._threads.shutdown(cancel_futures=True)

    def paths(self) -> Iterator[Path]:
        """Yield where files are, as they are asked for; those that cannot be had are left out.

        Several readers may ask, each for all of them, in one thread.
        """
        for index, file in enumerate(self._files):
            for ahead in range(index, min(index + AHEAD, len(self._files))):
                if ahead not in self._coming:
                    self._coming[ahead] = self._threads.submit(self._fetch, self._files[ahead])
            try:
                path = self._coming[index].result()
            except InputError as error:
                self.failures[file] = error
                continue
            self._file_at[path] = file
            yield path

    def file_at(self, path: Path) -> InputFile:
        """Return which file is at a place."""
        return self._file_at[path]

    def drop(self, path: Path) -> None:
        """Delete a copy: it has been read."""
        if is_remote(self._file_at[path].name):
            with suppress(OSError):
                path.unlink()

    def _fetch(self, file: InputFile) -> Path:
        if is_remote(file.name):
            return fetch(file.name, self._folder)
        return self._base / file.name
