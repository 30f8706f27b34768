"""What a page looks like, in 32 bytes and a thumbnail: equal for copies saved at another size or quality.

A perceptual hash (Zauner, 2010): the page in 64 x 64 grey values, of which the lowest frequencies of the cosine
transform are above or below their median. Pages of one book have much in common there, so pairs with close hashes
are also compared by their thumbnails, or by those frequencies themselves, which are all that blurred and tiny copies
have. Of pictures that are smooth the hash is noise: the frequencies decide alone, and have to agree the better. (The
library imagehash would bring scipy and PyWavelets along for this.)
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from centernet_cli.core.errors import InputError
from centernet_cli.datasets.formats.image_header import FORMATS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import numpy.typing as npt

SIDE = 64
"""Pixels of a thumbnail's sides."""
_LOW = 16
"""Frequencies that count, along each axis."""
MAX_BITS = 28
"""Bits, of 256, in which hashes of one page may differ."""
MIN_CORRELATION = 0.96
"""Of the thumbnails of one page."""
MIN_LOW = 0.99
"""Correlation of the low frequencies of one page; of two pages with hashes as close it was at most 0.984."""
MIN_LOW_ALONE = 0.998
"""The same where hashes differ; of two pages it was at most 0.995."""
_FINE = 4 * SIDE
"""Pixels that a side should have before it becomes a thumbnail: of fewer the sampling would show."""
_ROWS = 512


class Fingerprint(NamedTuple):
    """Of a page: `bits` 256 in 4 uint64; `thumbnail` uint8 `(64, 64)`; `low` float32 `(255,)`, its low frequencies.

    `low` has the length 1, or 0 where the page is blank: has no contrast.
    """

    bits: npt.NDArray[np.uint64]
    thumbnail: npt.NDArray[np.uint8]
    low: npt.NDArray[np.float32]
    blank: bool


def fingerprint(path: Path) -> Fingerprint:
    """Decode an image, as small as its format allows, and return what it looks like.

    Raises:
        InputError: I101, it is damaged.
    """
    grey = _thumbnail(path)
    low = (_COSINES @ grey @ _COSINES.T).ravel()[1:]
    above = np.append(low > np.median(low), False)
    bits = np.packbits(above).view(np.uint64)
    blank = bool(grey.std() < 2)
    unit = low / np.linalg.norm(low) if not blank else np.zeros_like(low)
    return Fingerprint(bits, grey.round().astype(np.uint8), unit.astype(np.float32), blank)


def alike(prints: Sequence[Fingerprint]) -> Iterator[tuple[int, int]]:
    """Yield pairs of pages that look the same, earlier number first; blank ones look like nothing."""
    if len(prints) < 2:
        return
    bits = np.stack([each.bits for each in prints])
    lows = np.stack([each.low for each in prints])
    for start in range(0, len(prints), _ROWS):
        part = bits[start : start + _ROWS]
        distance = np.zeros((len(part), len(bits)), dtype=np.uint16)
        for word in range(bits.shape[1]):
            distance += np.bitwise_count(part[:, None, word] ^ bits[None, :, word])
        close = distance <= MAX_BITS
        same = lows[start : start + _ROWS] @ lows.T
        for row, column in zip(*np.nonzero(close | (same >= MIN_LOW_ALONE)), strict=True):
            one, other = int(row) + start, int(column)
            if one >= other:
                continue
            least = MIN_LOW if close[row, column] else MIN_LOW_ALONE
            if same[row, column] >= least or _correlation(prints[one], prints[other]) >= MIN_CORRELATION:
                yield one, other


def _correlation(one: Fingerprint, other: Fingerprint) -> float:
    if one.blank or other.blank:
        return 0.0
    a = one.thumbnail - one.thumbnail.mean()
    b = other.thumbnail - other.thumbnail.mean()
    return float((a * b).sum() / np.sqrt((a**2).sum() * (b**2).sum()))


def _thumbnail(path: Path) -> npt.NDArray[np.float64]:
    """Return the page as it is shown, in `(64, 64)` grey values from 0 to 255."""
    from PIL import Image, ImageOps

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(path, formats=FORMATS) as file:
                file.draft("L", (4 * SIDE, 4 * SIDE))
                file.load()
                image: Image.Image = file
                if file.mode.startswith(("I", "F")):  # 16 bits and more
                    values = np.asarray(file, dtype=np.float64)
                    image = Image.fromarray((values * (255 / max(float(values.max()), 1.0))).astype(np.uint8))
                grey = ImageOps.exif_transpose(image).convert("L")
    except Exception as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise InputError("I101", f"damaged: {reason}", path=path) from error
    if min(grey.size) < _FINE:
        grey = grey.resize([max(side, _FINE) for side in grey.size], Image.Resampling.BICUBIC)
    small = grey.resize((SIDE, SIDE), Image.Resampling.BOX)
    return np.asarray(small, dtype=np.float64)


def _cosines() -> npt.NDArray[np.float64]:
    """Return the first rows of the matrix of the discrete cosine transform (II), orthonormal, `(16, 64)`."""
    frequency, position = np.arange(_LOW)[:, None], np.arange(SIDE)[None, :]
    matrix: npt.NDArray[np.float64] = np.cos(np.pi * frequency * (2 * position + 1) / (2 * SIDE)) * np.sqrt(2 / SIDE)
    matrix[0] /= np.sqrt(2)
    return matrix


_COSINES = _cosines()
