"""Label Studio's brush strokes, run-length masks of its own kind: the box of their pixels, without drawing them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from centernet_cli.core.records import Box

_CHANNELS, _ALPHA = 4, 3
"""Red, green, blue and opacity of each pixel in turn, row by row; the last one is the mask."""


def brush_box(rle: object, width: int, height: int) -> Box | None:
    """Return the box around a mask's pixels.

    Memory and time follow the length of the list, not the size of the page.

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
    x0, y0, x1, y1 = width, height, 0, 0
    for start, end in _opaque(rle, width * height):
        (top, left), (bottom, right) = divmod(start, width), divmod(end - 1, width)
        y0, y1 = min(y0, top), max(y1, bottom + 1)
        x0, x1 = (min(x0, left), max(x1, right + 1)) if top == bottom else (0, width)
    return (float(x0), float(y0), float(x1), float(y1)) if x0 < x1 else None


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
