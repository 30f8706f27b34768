"""Memory that this process shares with a worker process: a file without a name, mapped by both.

It has no name, so nothing is left behind however the processes end. (`multiprocessing.shared_memory` has names, and
a process of its own to remove them.)
"""

from __future__ import annotations

import math
import mmap
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import numpy.typing as npt

    Pixels = npt.NDArray[np.uint8]

_ALIGNMENT = 64
_KEPT_BYTES = 64 << 20
"""Larger buffers, of giant pages, are given back when the next page comes."""


def create_shared_file() -> int:
    """Return the descriptor of a new, empty file in memory, which child processes may inherit."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("centernet-page", os.MFD_CLOEXEC)
    import tempfile

    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


class SharedBuffer:
    """One page's pixels, and what the network is shown of it, in a file that both sides map.

    Args:
        descriptor: From `create_shared_file`.
    """

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self._map: mmap.mmap | None = None

    def write(self, arrays: Sequence[Pixels], start: int = 0) -> tuple[list[int], int]:
        """Copy arrays one behind the other.

        Args:
            arrays: RGB uint8 `(H, W, 3)` each.
            start: What lies before stays.

        Returns:
            Where each of them begins, and where the last one ends.

        Raises:
            MemoryError: There is not enough memory.
        """
        places = []
        end = start
        for array in arrays:
            end = -(-end // _ALIGNMENT) * _ALIGNMENT
            places.append(end)
            end += array.nbytes
        self._grow(end, shrink=start == 0)
        for place, array in zip(places, arrays, strict=True):
            self.array(place, array.shape)[:] = array
        return places, end

    def array(self, place: int, shape: tuple[int, ...]) -> Pixels:
        """Return the array at a place, as a view that stays valid for as long as it is held."""
        import numpy as np  # later than workers are started, who import it at the same time

        count = math.prod(shape)
        if self._map is None or len(self._map) < place + count:
            # The old mapping lives on while arrays refer to it.
            self._map = mmap.mmap(self.descriptor, 0)
        return np.frombuffer(self._map, np.uint8, count, place).reshape(shape)

    def _grow(self, size: int, *, shrink: bool) -> None:
        there = os.fstat(self.descriptor).st_size
        try:
            if shrink and there > max(size, _KEPT_BYTES):
                self._map = None
                os.ftruncate(self.descriptor, 0)
                there = 0
            if there < size:
                if hasattr(os, "posix_fallocate"):
                    # Says now, rather than by a bus error later, that memory is short.
                    os.posix_fallocate(self.descriptor, 0, size)
                else:
                    os.ftruncate(self.descriptor, size)
        except OSError as error:
            raise MemoryError(str(error)) from error

    def close(self) -> None:
        """Give the file back; arrays that are still held stay valid."""
        self._map = None
        os.close(self.descriptor)
