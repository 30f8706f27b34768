"""How far scores would move with other pages of the same kinds: percentile bootstrap intervals.

Source: B. Efron and R. J. Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13. Whole documents are drawn
with replacement, within each source as many as it has: pages of a document resemble each other, and sources are what
the scores are about, not a sample of something. A page whose document isn't known is a document of its own. The
thresholds stay as they were chosen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from centernet_cli.evaluation.weighted_ap import WeightedAp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import numpy.typing as npt

    from centernet_cli.evaluation.match_table import MatchTable
    from centernet_cli.evaluation.pairs import PagePair

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]

LEVEL = 0.95
DEFAULT_DRAWS = 1000


class Interval(NamedTuple):
    """Where 95 of 100 draws lie."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Units:
    """Documents of pages.

    Attributes:
        page: `(pages,)` the document of each page.
        source: `(documents,)` the source of each document.
    """

    page: Ints
    source: Ints

    @classmethod
    def of(cls, pairs: Sequence[PagePair]) -> Units:
        """Tell documents apart by source and name; a page without one is its own."""
        numbers: dict[tuple[str, object], int] = {}
        sources = {name: place for place, name in enumerate(dict.fromkeys(pair.source for pair in pairs))}
        page, source = [], []
        for index, pair in enumerate(pairs):
            key = (pair.source, pair.document or index)
            if key not in numbers:
                numbers[key] = len(numbers)
                source.append(sources[pair.source])
            page.append(numbers[key])
        return cls(np.array(page, dtype=np.int64), np.array(source, dtype=np.int64))

    def draws(self, count: int, seed: int) -> Iterator[Floats]:
        """Yield `count` times how often each page counts, `(pages,)`."""
        rng = np.random.default_rng(seed)
        members = [np.flatnonzero(self.source == source) for source in range(int(self.source.max(initial=-1)) + 1)]
        for _ in range(count):
            often = np.zeros(len(self.source))
            for part in members:
                often[part] = np.bincount(rng.integers(0, len(part), len(part)), minlength=len(part))
            yield often[self.page]


class F1Scorer:
    """F1 at one IoU and threshold under any weights of the pages: each source's, their mean, and all pages as one."""

    def __init__(self, table: MatchTable, iou: float, threshold: float) -> None:
        self._counts = table.page_counts(iou, threshold).astype(np.float64)
        self._source = table.source
        self._sources = len(table.sources)

    def __call__(self, weights: Floats) -> Floats:
        """Return `(sources + 2,)`: F1 of each source, their mean, and of all pages as one; NaN where undefined."""
        sums = np.stack(
            [np.bincount(self._source, weights=weights * column, minlength=self._sources) for column in self._counts.T]
        )
        each, pooled = _f1(*sums), _f1(*sums.sum(axis=1, keepdims=True))
        known = each[np.isfinite(each)]
        return np.concatenate([each, [known.mean() if known.size else np.nan], pooled])


def _f1(truths: Floats, detections: Floats, matched: Floats) -> Floats:
    result: Floats = np.divide(2 * matched, truths + detections, out=np.full(len(truths), np.nan), where=truths > 0)
    return result


@dataclass(frozen=True, slots=True, kw_only=True)
class Intervals:
    """95 % intervals of the scores.

    Attributes:
        draws: How many.
        seed: Of the random numbers.
        documents: Units that were drawn.
        by_document: Whether some documents have several pages.
        f1: By IoU: mean over sources.
        pooled: By IoU: all pages as one.
        per_source: By IoU, then source.
        ap: Mean over classes, over IoU 0.5 to 0.95.
        ap50: At IoU 0.5.
        per_class: AP of each class.
    """

    draws: int
    seed: int
    documents: int
    by_document: bool
    f1: dict[float, Interval | None]
    pooled: dict[float, Interval | None]
    per_source: dict[float, dict[str, Interval | None]]
    ap: Interval | None
    ap50: Interval | None
    per_class: dict[str, Interval | None]


def intervals(
    pairs: Sequence[PagePair],
    table: MatchTable,
    coco_table: MatchTable,
    thresholds: dict[float, float],
    *,
    max_dets: int,
    draws: int = DEFAULT_DRAWS,
    seed: int = 0,
    tick: Callable[[], None] = lambda: None,
) -> Intervals:
    """Draw documents and score each draw.

    Args:
        pairs: The pages.
        table: Of these pages, for F1.
        coco_table: Of these pages at `weighted_ap.COCO_IOUS`, for AP.
        thresholds: By IoU of `table`.
        max_dets: For AP.
        draws: How many.
        seed: Equal seeds give equal intervals.
        tick: Called after each draw.
    """
    units = Units.of(pairs)
    scorers = {iou: F1Scorer(table, iou, threshold) for iou, threshold in thresholds.items()}
    ap_of = WeightedAp(coco_table, max_dets)
    drawn: dict[float, list[Floats]] = {iou: [] for iou in scorers}
    aps = []
    for weights in units.draws(draws, seed):
        for iou, scorer in scorers.items():
            drawn[iou].append(scorer(weights))
        aps.append(ap_of(weights))
        tick()
    f1 = {iou: np.array(values).reshape(draws, len(table.sources) + 2) for iou, values in drawn.items()}
    ap = np.array(aps).reshape(draws, len(coco_table.labels), -1)
    enough = len(units.source) > 1
    return Intervals(
        draws=draws,
        seed=seed,
        documents=len(units.source),
        by_document=len(units.source) < len(units.page),
        f1={iou: interval(values[:, -2], enough) for iou, values in f1.items()},
        pooled={iou: interval(values[:, -1], enough) for iou, values in f1.items()},
        per_source={
            iou: {
                name: interval(values[:, place], int((units.source == place).sum()) > 1)
                for place, name in enumerate(table.sources)
            }
            for iou, values in f1.items()
        },
        ap=interval(mean_ap(ap), enough),
        ap50=interval(mean_ap(ap[:, :, :1]), enough),
        per_class={name: interval(ap[:, place].mean(axis=1), enough) for place, name in enumerate(coco_table.labels)},
    )


def mean_ap(values: Floats) -> Floats:
    """Return the mean over classes and IoUs of each draw, `(draws, classes, IoUs)` to `(draws,)`, NaN if undefined."""
    each = values.mean(axis=2)
    known = np.isfinite(each)
    sums = np.where(known, each, 0.0).sum(axis=1)
    result: Floats = np.divide(sums, known.sum(axis=1), out=np.full(len(each), np.nan), where=known.any(axis=1))
    return result


def interval(values: Floats, enough: bool = True) -> Interval | None:
    """Return where the middle `LEVEL` of some values lies; None without values or with too few documents."""
    known = values[np.isfinite(values)]
    if not enough or not known.size:
        return None
    low, high = np.quantile(known, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(float(low), float(high))
