"""Axes of plots: where a value lies on the picture, and which values get a tick."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]


MOST = 1e300
"""Larger values, infinite ones among them, have no place on an axis: differences of theirs overflow."""


@dataclass(frozen=True, slots=True)
class Axis:
    """A linear or logarithmic axis from `low` to `high`, drawn from pixel `start` to pixel `end`."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def at(self, values: npt.ArrayLike) -> Floats:
        """Return pixels of values; NaN where a value is not finite or, on a logarithmic axis, not positive."""
        array = np.asarray(values, dtype=np.float64)
        low, high = self.low, self.high
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            if self.log:
                array, low, high = np.log10(array), math.log10(low), math.log10(high)
            places = self.start + (array - low) / (high - low) * (self.end - self.start)
        pixels: Floats = np.where(np.isfinite(places), places, np.nan)
        return pixels

    def ticks(self, count: int = 5) -> list[float]:
        """Return about `count` round values within the axis."""
        return _log_ticks(self.low, self.high, count) if self.log else round_ticks(self.low, self.high, count)


def round_ticks(low: float, high: float, count: int) -> list[float]:
    """Return multiples of 1, 2 or 5 times a power of ten in `[low, high]`, about `count` of them."""
    raw = (high - low) / max(count, 1)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw * 0.999)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(index * step, 12) for index in range(first, last + 1)]


def _log_ticks(low: float, high: float, count: int) -> list[float]:
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    if last - first < 1:
        # Less than two powers of ten in view: 1, 2 and 5 times them say more, and within one linear ticks.
        steps = [float(f"{factor}e{power}") for power in range(first - 1, last + 1) for factor in (1, 2, 5)]
        within = [tick for tick in steps if low * (1 - 1e-9) <= tick <= high * (1 + 1e-9)]
        return within if len(within) > 2 else [tick for tick in round_ticks(low, high, count) if tick > 0]
    step = max(1, round((last - first) / count))
    return [10.0**power for power in range(first, last + 1, step)]


def bounds(values: Iterable[npt.ArrayLike], *, log: bool = False) -> tuple[float, float]:
    """Return the least and the largest value within `MOST` of all arrays, apart even if there is only one.

    Args:
        values: Arrays of any shape.
        log: Look at positive values only.
    """
    low, high = math.inf, -math.inf
    for one in values:
        array = np.asarray(one, dtype=np.float64)
        known = array[np.abs(array) <= MOST]
        known = known[known > 0] if log else known
        if known.size:
            low, high = min(low, float(known.min())), max(high, float(known.max()))
    if low > high:
        return (0.1, 1.0) if log else (0.0, 1.0)
    if high - low <= abs(high) * 1e-9:
        return (low / 2, high * 2) if log else (low - max(abs(low), 1.0) / 2, high + max(abs(high), 1.0) / 2)
    return low, high


def number(value: float) -> str:
    """Write a tick or a value in few characters: `0.25`, `1,200`, `3e-5`; `-` for what isn't finite."""
    if not math.isfinite(value):
        return "-"
    if value == 0:
        return "0"
    size = abs(value)
    if size >= 1e7 or size < 1e-3:
        return f"{value:.3g}".replace("e+0", "e").replace("e+", "e").replace("e-0", "e-")
    if value == int(value):
        return f"{int(value):,}"
    return f"{value:.4g}"
