"""Label Studio's brush strokes: run-length masks of its own kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from centernet_cli.datasets.formats.mask_pixels import from_rows, page_row_runs

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from centernet_cli.core.records import Box, RunLengths

_CHANNELS, _ALPHA = 4, 3
"""Red, green, blue and opacity of each pixel in turn, row by row; the last one is the mask."""
_SIZES = (3, 4, 8, 16)
"""Bits for the lengths of runs that we write, as Label Studio does."""


def brush_mask(rle: object, width: int, height: int) -> tuple[Box, RunLengths | None] | None:
    """Return the box around a mask's pixels, and the mask if it isn't too large to be drawn.

    Time follows the length of the list, and memory the rows that the mask touches.

    Args:
        rle: Bytes, as numbers.
        width: Of the page in pixels.
        height: Of the page in pixels.

    Returns:
        None if the mask has no pixel.

    Raises:
        ValueError: The bytes are broken off, are none, or are not as many pixels as the page has.
    """
    if not isinstance(rle, list):
        message = "it is no list of bytes"
        raise ValueError(message)  # noqa: TRY004 (of the file, not of the caller)
    return from_rows(list(_opaque(rle, width * height)), width, 0, 0, (width, height))


def brush_rle(mask: RunLengths) -> list[int]:
    """Return a drawable mask as Label Studio's bytes: all four values of a pixel are 255 or 0."""
    bits = _Writer()
    bits.write(mask.width * mask.height * _CHANNELS, 32)
    bits.write(7, 5)
    for size in _SIZES:
        bits.write(size - 1, 4)
    for number, run in enumerate(page_row_runs(mask)):
        left = run * _CHANNELS
        while left:
            place = next((place for place, size in enumerate(_SIZES) if left <= 1 << size), len(_SIZES) - 1)
            length = min(left, 1 << _SIZES[place])
            bits.write(1, 1)
            bits.write(place, 2)
            bits.write(length - 1, _SIZES[place])
            bits.write(255 * (number % 2), 8)
            left -= length
    return bits.bytes()


class _Writer:
    """Writes whole numbers of a few bits each, high ones first."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._held = self._count = 0

    def write(self, value: int, count: int) -> None:
        self._held = self._held << count | value
        self._count += count
        while self._count >= 8:
            self._count -= 8
            self._bytes.append(self._held >> self._count & 255)
        self._held &= (1 << self._count) - 1

    def bytes(self) -> list[int]:
        """Return all bytes; what is missing of the last one is 0."""
        rest = [self._held << 8 - self._count] if self._count else []
        return [*self._bytes, *rest]


def _opaque(rle: Sequence[int], pixels: int) -> Iterator[tuple[int, int]]:
    """Yield first and last pixel (not included) of each run of values that are not 0."""
    bits = _Bits(rle)
    total, word = bits.read(32), bits.read(5) + 1
    sizes = [bits.read(4) + 1 for _ in range(4)]
    if total != pixels * _CHANNELS:
        message = f"it has {total / _CHANNELS:g} pixels, its page {pixels}"
        raise ValueError(message)
    at = 0
    while at < total:
        is_run = bits.read(1)
        end = at + bits.read(sizes[bits.read(2)]) + 1
        if is_run:
            # Of the values of the run, the first and the last that are opacities.
            first, last = (at - _ALPHA + _CHANNELS - 1) // _CHANNELS, (min(end, total) - 1 - _ALPHA) // _CHANNELS
            if bits.read(word) and first <= last:
                yield first, last + 1
        else:
            for place in range(at, min(end, total)):
                if bits.read(word) and place % _CHANNELS == _ALPHA:
                    yield place // _CHANNELS, place // _CHANNELS + 1
        at = end


class _Bits:
    """Reads whole numbers of a few bits each, high ones first."""

    def __init__(self, values: Sequence[int]) -> None:
        self._values = iter(values)
        self._held = self._count = 0

    def read(self, count: int) -> int:
        while self._count < count:
            value = next(self._values, None)
            if value is None:
                message = "it is broken off"
                raise ValueError(message)
            if type(value) is not int or not 0 <= value < 256:
                message = "it is no list of bytes"
                raise ValueError(message)
            self._held = self._held << 8 | value
            self._count += 8
        self._count -= count
        found = self._held >> self._count
        self._held &= (1 << self._count) - 1
        return found
