"""Decoded images on disk, shared by all data workers, processes and runs of a user."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import PIL

from centernet_cli.core.errors import OutputError
from centernet_cli.core.safe_io import atomic_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from centernet_cli.datasets.resize import Pixels

FORMAT = 1
"""Goes up when the same file would be decoded to other pixels."""
ABANDONED = 3600
"""Seconds after which a temporary file is that of a process that was killed."""


class DiskCache:
    """Uint8 arrays in `.npy` files, those that nobody used for longest out first, bounded in bytes.

    Entries appear complete or not at all, named by all that they depend on. Room for one is taken under a lock
    before it is written, so that several writers stay within the bound together. What cannot be written, or not
    be read again, costs decoding and is no error.

    Args:
        folder: Made if missing.
        megabytes: Bound of all that is in it.

    Raises:
        OutputError: O801, the folder cannot be written to.
    """

    def __init__(self, folder: Path, megabytes: int) -> None:
        self.folder = folder
        self._limit = megabytes * 2**20
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with self._locked():
                pass
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise OutputError(
                "O801", f"cannot be written: {reason}", path=folder, hint="data.cache_dir names another folder"
            ) from error

    def get(self, path: Path, frame: int | None, shape: tuple[int, ...]) -> Pixels | None:
        """Return a read-only image of that shape, mapped: only what is looked at gets read. None if there is none."""
        entry = self._entry(path, frame)
        if entry is None:
            return None
        try:
            found = np.load(entry, mmap_mode="r", allow_pickle=False)
            if found.shape != shape or found.dtype != np.uint8 or not found.flags.c_contiguous:
                return None
            if entry.stat().st_size != found.offset + found.nbytes:
                return None
            # Some systems don't note reading, or only once a day.
            os.utime(entry)
        except (OSError, ValueError, EOFError, SyntaxError):
            return None
        return np.asarray(found)

    def put(self, path: Path, frame: int | None, pixels: Pixels) -> None:
        """Keep an image if there can be room for it."""
        entry = self._entry(path, frame)
        if entry is None:
            return
        pixels = np.ascontiguousarray(pixels)
        head = io.BytesIO()
        np.lib.format.write_array_header_1_0(head, np.lib.format.header_data_from_array_1_0(pixels))
        size = len(head.getvalue()) + pixels.nbytes
        if size > self._limit:
            return
        # A full or vanished disk slows training down; it doesn't end it.
        with contextlib.suppress(OutputError), atomic_path(entry) as temporary:
            with self._locked():
                if not self._make_room(size):
                    raise OSError("no room")
                with temporary.open("wb") as file:
                    file.truncate(size)
            with temporary.open("rb+") as file:
                file.write(head.getvalue())
                file.write(pixels.data)

    def _entry(self, path: Path, frame: int | None) -> Path | None:
        try:
            status = path.stat()
        except OSError:
            return None
        facts = (FORMAT, PIL.__version__, os.path.realpath(path), status.st_size, status.st_mtime_ns, frame)
        return self.folder / f"{hashlib.sha256(repr(facts).encode()).hexdigest()[:40]}.npy"

    def _make_room(self, size: int) -> bool:
        """Remove entries until `size` more bytes fit; False if they don't."""
        now = time.time()
        held, entries = 0, []
        for each in os.scandir(self.folder):
            with contextlib.suppress(OSError):
                status = each.stat(follow_symlinks=False)
                held += status.st_size
                if each.name.endswith(".npy") or (each.name.endswith(".tmp") and now - status.st_mtime > ABANDONED):
                    entries.append((status.st_mtime_ns, each.path, status.st_size))
        for _, name, bytes_ in sorted(entries):
            if held + size <= self._limit:
                break
            with contextlib.suppress(OSError):  # Windows doesn't remove what is mapped
                Path(name).unlink()
                held -= bytes_
        return held + size <= self._limit

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Keep other processes from making room; where a file system has no locks, the bound is only nearly kept."""
        from filelock import FileLock

        with contextlib.ExitStack() as stack:
            with contextlib.suppress(NotImplementedError):
                # A new one each time: what holds a lock could not be handed to data workers.
                stack.enter_context(FileLock(self.folder / ".lock"))
            yield
