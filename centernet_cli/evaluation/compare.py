"""Two models on the same pages: what changed, where, and whether it can be luck."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from centernet_cli.evaluation.bootstrap import DEFAULT_DRAWS, F1Scorer, Units, interval, mean_ap
from centernet_cli.evaluation.match_table import MatchTable
from centernet_cli.evaluation.significance import bootstrap_p, sign_test, wilcoxon
from centernet_cli.evaluation.weighted_ap import COCO_IOUS, WeightedAp

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from centernet_cli.evaluation.bootstrap import Interval
    from centernet_cli.evaluation.counts import SourceScores
    from centernet_cli.evaluation.summary import Summary

    Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A score of both models.

    Attributes:
        measure: Its name: `F1@0.5`, `AP`, `AP50`.
        part: Of what: a source, a class, or empty for the headline.
        a: Of the first model; None where it's undefined.
        b: Of the second.
        interval: Of the difference b - a over paired draws; None without draws.
        p: Of no difference, two-sided, from the same draws.
    """

    measure: str
    part: str
    a: float | None
    b: float | None
    interval: Interval | None
    p: float | None

    @property
    def change(self) -> float | None:
        """Return b - a."""
        return None if self.a is None or self.b is None else self.b - self.a


@dataclass(frozen=True, slots=True, kw_only=True)
class PageChange:
    """A page under both models at the first IoU; `change` is that of its F1, 1 where nothing is to be found or was."""

    index: int
    a: SourceScores
    b: SourceScores
    change: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What changed from the first model to the second.

    Attributes:
        a: Scores of the first model.
        b: Of the second.
        differences: Headlines first, then sources and classes.
        pages: Worst regressions first, the best gains last.
        wins: Documents whose F1 rose.
        losses: Documents whose F1 fell.
        ties: Documents whose F1 stayed.
        by_document: Whether some documents have several pages.
        sign_p: Of the sign test over documents.
        wilcoxon_p: Of Wilcoxon's signed-rank test over documents.
        draws: How many for intervals and p.
        seed: Of the draws.
    """

    a: Summary
    b: Summary
    differences: tuple[Difference, ...]
    pages: tuple[PageChange, ...]
    wins: int
    losses: int
    ties: int
    by_document: bool
    sign_p: float
    wilcoxon_p: float
    draws: int
    seed: int


def compare(
    a: Summary,
    b: Summary,
    *,
    draws: int = DEFAULT_DRAWS,
    seed: int = 0,
    tick: Callable[[], None] = lambda: None,
) -> Comparison:
    """Compare two models by what `summarise` found out about them.

    Each is judged at its own thresholds. Draws of documents are the same for both, so that hard documents are hard for
    both and only the difference varies.

    Args:
        a: Scores of the first model.
        b: Of the second, for the same pages in the same order.
        draws: Of documents, for intervals and p.
        seed: Of the draws.
        tick: Called after each draw.

    Raises:
        ValueError: The pages aren't the same.
    """
    if [(pair.source, pair.name) for pair in a.pairs] != [(pair.source, pair.name) for pair in b.pairs]:
        msg = "two models can be compared on the same pages only"
        raise ValueError(msg)
    units = Units.of(b.pairs)
    scores = [_unit_scores(one, units) for one in (a, b)]
    changes = np.round(scores[1] - scores[0], 12)
    wins, losses = int((changes > 0).sum()), int((changes < 0).sum())
    return Comparison(
        a=a,
        b=b,
        differences=tuple(_differences(a, b, units, draws, seed, tick)),
        pages=_pages(a, b),
        wins=wins,
        losses=losses,
        ties=len(changes) - wins - losses,
        by_document=len(units.source) < len(units.page),
        sign_p=sign_test(wins, losses),
        wilcoxon_p=wilcoxon(changes),
        draws=draws,
        seed=seed,
    )


def _unit_scores(summary: Summary, units: Units) -> Floats:
    """Return the F1 of each document at the first IoU, 1 where nothing is to be found and nothing was."""
    first = summary.boxes.at[0]
    counts = np.zeros((len(units.source), 3))
    np.add.at(counts, units.page, summary.table.page_counts(first.iou, first.threshold))
    return _f1(counts)


def _f1(counts: Floats) -> Floats:
    boxes = counts[:, 0] + counts[:, 1]
    result: Floats = np.divide(2 * counts[:, 2], boxes, out=np.ones(len(counts)), where=boxes > 0)
    return result


def _pages(a: Summary, b: Summary) -> tuple[PageChange, ...]:
    parts = []
    for summary in (a, b):
        first = summary.boxes.at[0]
        f1 = _f1(summary.table.page_counts(first.iou, first.threshold).astype(np.float64))
        parts.append((summary.table.pages(first.iou, first.threshold), f1))
    (old, old_f1), (new, new_f1) = parts
    changes = [
        PageChange(index=index, a=one, b=other, change=float(new_f1[index] - old_f1[index]))
        for (index, one), (_, other) in zip(old, new, strict=True)
    ]
    return tuple(sorted(changes, key=lambda page: (page.change, page.b.matched - page.b.truths, page.index)))


def _differences(
    a: Summary, b: Summary, units: Units, draws: int, seed: int, tick: Callable[[], None]
) -> list[Difference]:
    scorers = [_Scorer(one) for one in (a, b)]
    names = scorers[0].names
    ones = np.ones(len(units.page))
    values = [scorer(ones) for scorer in scorers]
    drawn = np.empty((draws, len(names)))
    for row, weights in enumerate(units.draws(draws, seed)):
        drawn[row] = scorers[1](weights) - scorers[0](weights)
        tick()
    enough = len(units.source) > 1
    return [
        Difference(
            measure=measure,
            part=part,
            a=_defined(values[0][place]),
            b=_defined(values[1][place]),
            interval=interval(drawn[:, place], enough),
            p=bootstrap_p(drawn[:, place]) if enough else None,
        )
        for place, (measure, part) in enumerate(names)
    ]


class _Scorer:
    """All scores of a model under any weights of the pages, in the order of `names`."""

    def __init__(self, summary: Summary) -> None:
        self._f1 = [F1Scorer(summary.table, scores.iou, scores.threshold) for scores in summary.boxes.at]
        self._ap = WeightedAp(MatchTable(summary.pairs, summary.classes, COCO_IOUS), summary.scoring.max_dets)
        sources = summary.table.sources
        self.names = [(f"F1@{scores.iou:g}", "") for scores in summary.boxes.at]
        self.names += [("AP", ""), ("AP50", "")]
        self.names += [
            (f"F1@{scores.iou:g}", name) for scores in summary.boxes.at for name in (*sources, "all pages as one")
        ]
        self.names += [("AP", name) for name in self._ap.labels]

    def __call__(self, weights: Floats) -> Floats:
        f1 = [scorer(weights) for scorer in self._f1]
        ap = self._ap(weights)[None]
        parts = [values[[*range(len(values) - 2), -1]] for values in f1]
        heads = [values[-2] for values in f1]
        return np.concatenate([heads, mean_ap(ap), mean_ap(ap[:, :, :1]), *parts, ap[0].mean(axis=1)])


def _defined(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
