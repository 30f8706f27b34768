"""Tests of paired differences: is one model better than another, or was it luck?"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

EXACT_UP_TO = 50
"""Pairs up to which Wilcoxon's test counts all signs instead of using the normal distribution."""


def sign_test(wins: int, losses: int) -> float:
    """Return the two-sided p of so many wins and losses if both were equally likely; ties are left out.

    Source: W. J. Dixon and A. M. Mood, "The Statistical Sign Test", 1946.
    """
    count, fewer = wins + losses, min(wins, losses)
    if not count:
        return 1.0
    tail = sum(math.comb(count, k) for k in range(fewer + 1))
    return min(1.0, 2.0 * float(tail / (1 << count)) if count <= 1000 else 2.0 * _normal_tail(count, fewer))


def _normal_tail(count: int, fewer: int) -> float:
    return _normal((fewer + 0.5 - count / 2) / math.sqrt(count / 4))


def wilcoxon(differences: Floats) -> float:
    """Return the two-sided p of Wilcoxon's signed-rank test; differences of 0 are left out.

    Equal sizes share their mean rank. Up to `EXACT_UP_TO` pairs all signs of these ranks are counted, above the normal
    distribution is used, corrected for ties.

    Source: F. Wilcoxon, "Individual Comparisons by Ranking Methods", 1945.

    Args:
        differences: `(N,)`, finite.
    """
    known = differences[differences != 0]
    count = len(known)
    if not count:
        return 1.0
    ranks, ties = _ranks(np.abs(known))
    up = float(ranks[known > 0].sum())
    lower = min(up, count * (count + 1) / 2 - up)
    if count <= EXACT_UP_TO:
        return min(1.0, 2.0 * _share_of_signs(ranks, lower))
    variance = count * (count + 1) * (2 * count + 1) / 24 - float((ties**3 - ties).sum()) / 48
    if variance <= 0:
        return 1.0
    return min(1.0, 2.0 * _normal((lower + 0.5 - count * (count + 1) / 4) / math.sqrt(variance)))


def bootstrap_p(differences: Floats) -> float | None:
    """Return the two-sided p of no difference from differences of paired draws; None if none is defined.

    Twice the share of draws on the other side of 0, with one draw added to both (A. C. Davison and D. V. Hinkley,
    "Bootstrap Methods and their Application", 1997, section 4.2), so that it's never 0.
    """
    known = differences[np.isfinite(differences)]
    if not known.size:
        return None
    tail = min(int((known <= 0).sum()), int((known >= 0).sum()))
    return min(1.0, 2.0 * (tail + 1) / (len(known) + 1))


def _ranks(sizes: Floats) -> tuple[Floats, Floats]:
    """Return mean ranks `(N,)` from 1, and how many share each distinct size."""
    _, place, often = np.unique(np.round(sizes, 12), return_inverse=True, return_counts=True)
    last = np.cumsum(often)
    means = last - (often - 1) / 2
    return means[place.ravel()].astype(np.float64), often.astype(np.float64)


def _share_of_signs(ranks: Floats, lower: float) -> float:
    """Return the share of all signs whose positive ranks add up to at most `lower`."""
    # Mean ranks are halves: twice of them are whole numbers.
    doubled = np.round(2 * ranks).astype(np.int64)
    ways = np.zeros(int(doubled.sum()) + 1)
    ways[0] = 1.0
    for rank in doubled.tolist():
        ways[rank:] += ways[: len(ways) - rank].copy()
        ways /= 2
    return float(ways[: round(2 * lower) + 1].sum())


def _normal(value: float) -> float:
    return 0.5 * math.erfc(-value / math.sqrt(2))
