"""Run-length masks of COCO files: their runs, the box and the number of their pixels, found without drawing them."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from centernet_cli.core.records import Box


def mask_box(counts: str | Sequence[float], size: Sequence[float]) -> Box | None:
    """Return the box around a mask's pixels, the same as pycocotools' `toBbox` for masks that have any.

    Memory and time follow the length of the text, not the size of the mask.

    Args:
        counts: Lengths of runs outside and inside the mask in turn, down the columns from the left; as numbers, or
            compressed to a text.
        size: Height and width in pixels.

    Returns:
        None if the mask has no pixel.

    Raises:
        ValueError: The runs are broken off or negative, or are not as many pixels as `size` says.
    """
    height, width = (int(side) if side == int(side) and side > 0 else 0 for side in _pair(size))
    x0, y0, x1, y1 = width, height, 0, 0
    ends = [0, *accumulate(runs_of(counts))]
    if not height * width or ends[-1] != height * width:
        message = f"its runs are {ends[-1]} pixels, its size says {height} x {width}"
        raise ValueError(message)
    for start, end in zip(ends[1::2], ends[2::2], strict=False):
        if start == end:
            continue
        first, top = divmod(start, height)
        last, bottom = divmod(end - 1, height)
        x0, x1 = min(x0, first), max(x1, last + 1)
        y0, y1 = (min(y0, top), max(y1, bottom + 1)) if first == last else (0, height)
    return (float(x0), float(y0), float(x1), float(y1)) if x0 < x1 else None


def mask_area(counts: str) -> int:
    """Return how many pixels a mask has."""
    return sum(list(runs_of(counts))[1::2])


def _pair(size: Sequence[float]) -> Sequence[float]:
    if len(size) != 2:
        message = "its `size` is not a height and a width"
        raise ValueError(message)
    return size


def runs_of(counts: str | Sequence[float]) -> Iterator[int]:
    """Yield the lengths of the runs outside and inside a mask in turn.

    Raises:
        ValueError: They are broken off or negative.
    """
    for run in _uncompressed(counts) if isinstance(counts, str) else counts:
        if run < 0 or run != int(run):
            message = f"a run of {run:g} pixels"
            raise ValueError(message)
        yield int(run)


def compressed(runs: Sequence[int]) -> str:
    """Return runs as COCO's text: five bits a character, low ones first; from the fourth on, differences.

    Each is the difference to the run two before it.
    """
    characters: list[int] = []
    for place, run in enumerate(runs):
        value = run - runs[place - 2] if place > 2 else run
        more = True
        while more:
            bits = value & 31
            value >>= 5
            # The rest is only the sign, which the fifth bit says.
            more = value != (-1 if bits & 16 else 0)
            characters.append((bits | 32 if more else bits) + 48)
    return bytes(characters).decode("ascii")


def _uncompressed(text: Iterable[str]) -> Iterator[int]:
    """Read COCO's compressed runs, as `compressed` writes them."""
    runs: list[int] = []
    value = shift = 0
    for character in text:
        bits = ord(character) - 48
        if not 0 <= bits < 64 or shift > 60:
            message = "its text has a character or number that no mask has"
            raise ValueError(message)
        value |= (bits & 31) << shift
        shift += 5
        if bits & 32:
            continue
        if bits & 16:
            value -= 1 << shift
        if len(runs) > 2:
            value += runs[-2]
        runs.append(value)
        value = shift = 0
        yield runs[-1]
    if shift:
        message = "its text is broken off"
        raise ValueError(message)
