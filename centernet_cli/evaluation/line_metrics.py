"""Precision, recall and F1 of boxes matched one to one, per source and averaged over sources.

The headline is the mean over sources of the F1 at one threshold common to all of them, so that a source with many
pages doesn't drown the others, and so that no source is flattered by a threshold of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from centernet_cli.evaluation.matching import IGNORED, MATCHED, match, overlaps
from centernet_cli.evaluation.pairs import box_set, by_label

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    import numpy.typing as npt

    from centernet_cli.evaluation.pairs import PagePair

DEFAULT_IOUS = (0.5, 0.75)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceScores:
    """Counts and what follows from them.

    Attributes:
        pages: Pages counted.
        truths: Boxes to find (crowds not counted).
        detections: Boxes found above the threshold (those on crowds not counted).
        matched: Detections matched to a truth.
    """

    pages: int
    truths: int
    detections: int
    matched: int

    @property
    def precision(self) -> float | None:
        """Share of detections that are right; None without detections."""
        return self.matched / self.detections if self.detections else None

    @property
    def recall(self) -> float | None:
        """Share of truths that were found; None without truths."""
        return self.matched / self.truths if self.truths else None

    @property
    def f1(self) -> float | None:
        """Harmonic mean of precision and recall, 2·matched / (truths + detections); None without truths."""
        return 2 * self.matched / (self.truths + self.detections) if self.truths else None


@dataclass(frozen=True, slots=True, kw_only=True)
class IouScores:
    """Scores at one IoU and one threshold.

    Attributes:
        iou: Least overlap of a match.
        threshold: Detections with at least this score count, the same in every source.
        per_source: In the order the sources first appear.
        pooled: All sources as if they were one.
    """

    iou: float
    threshold: float
    per_source: dict[str, SourceScores]
    pooled: SourceScores

    @property
    def f1(self) -> float | None:
        """Mean over the sources that have any truth; None if none has."""
        return _mean(scores.f1 for scores in self.per_source.values())

    @property
    def precision(self) -> float | None:
        """Mean over the sources with detections."""
        return _mean(scores.precision for scores in self.per_source.values())

    @property
    def recall(self) -> float | None:
        """Mean over the sources with truth."""
        return _mean(scores.recall for scores in self.per_source.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class LineReport:
    """Scores at several IoUs, by falling importance; each IoU has its own threshold unless one was given."""

    at: tuple[IouScores, ...]

    def at_iou(self, iou: float) -> IouScores:
        """Return the scores at one of the IoUs asked for.

        Raises:
            KeyError: This IoU wasn't asked for.
        """
        for scores in self.at:
            if scores.iou == iou:
                return scores
        raise KeyError(iou)

    @property
    def f1_50(self) -> float | None:
        """Mean F1 at IoU 0.5; None if no source has any truth."""
        return self.at_iou(0.5).f1

    @property
    def f1_75(self) -> float | None:
        """Mean F1 at IoU 0.75, at the best threshold for that IoU unless one was given."""
        return self.at_iou(0.75).f1

    @property
    def threshold(self) -> float:
        """The threshold at the first IoU: a good default for predictions."""
        return self.at[0].threshold

    @property
    def per_source(self) -> dict[str, SourceScores]:
        """Scores of each source at the first IoU."""
        return self.at[0].per_source


@dataclass(slots=True)
class _SourceTable:
    """Every detection of a source, best first, with its fate at each IoU."""

    pages: list[int] = field(default_factory=list)
    """Index of each page in the list given."""
    truths: list[int] = field(default_factory=list)
    """Truths of each page."""
    scores: npt.NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    page: npt.NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    status: npt.NDArray[np.int8] = field(default_factory=lambda: np.empty((0, 0), np.int8))
    """`(IoUs, detections)`."""


class MatchTable:
    """All pages matched once; scores at any threshold are then look-ups.

    Args:
        pairs: The pages, in any order.
        classes: Count only these; boxes match within their class only. None: all.
        ious: Least overlaps of a match, each in (0, 1].

    Raises:
        ValueError: An IoU is outside (0, 1] or none is given, or a score isn't finite.
    """

    def __init__(
        self,
        pairs: Sequence[PagePair],
        classes: Collection[str] | None = None,
        ious: Sequence[float] = DEFAULT_IOUS,
    ) -> None:
        if not ious or not all(0 < iou <= 1 for iou in ious):
            msg = f"IoUs must be above 0 and at most 1, not {list(ious)}"
            raise ValueError(msg)
        self.ious = tuple(ious)
        self._sources: dict[str, _SourceTable] = {}
        found: dict[str, list[tuple[int, npt.NDArray[np.float64], npt.NDArray[np.int8]]]] = {}
        for index, pair in enumerate(pairs):
            table = self._sources.setdefault(pair.source, _SourceTable())
            truths = 0
            for count, scores, status in _match_page(pair, classes, self.ious):
                truths += count
                found.setdefault(pair.source, []).append((len(table.pages), scores, status))
            table.pages.append(index)
            table.truths.append(truths)
        for name, table in self._sources.items():
            parts = found.get(name, [])
            if not parts:
                table.status = np.empty((len(self.ious), 0), np.int8)
                continue
            scores = np.concatenate([part[1] for part in parts])
            order = np.argsort(-scores, kind="stable")
            table.scores = scores[order]
            table.page = np.concatenate([np.full(len(part[1]), part[0]) for part in parts])[order]
            table.status = np.concatenate([part[2] for part in parts], axis=1)[:, order]

    def best_threshold(self, iou: float) -> float:
        """Return the threshold with the largest mean F1 over sources, the highest of equals; 0 if nothing matches."""
        row = self.ious.index(iou)
        # F1 only grows where a match is added, so only scores of matches can be best.
        candidates = np.unique(
            np.concatenate(
                [np.empty(0), *(table.scores[table.status[row] == MATCHED] for table in self._sources.values())]
            )
        )[::-1]
        if not len(candidates):
            return 0.0
        total = np.zeros(len(candidates))
        for table in self._sources.values():
            truths = sum(table.truths)
            if not truths:
                continue
            kept = np.searchsorted(-table.scores, -candidates, side="right")
            matched = np.concatenate([[0], np.cumsum(table.status[row] == MATCHED)])[kept]
            counted = np.concatenate([[0], np.cumsum(table.status[row] != IGNORED)])[kept]
            total += 2 * matched / (truths + counted)
        return float(candidates[np.argmax(total)])

    def at(self, iou: float, threshold: float) -> IouScores:
        """Return the scores of detections with at least `threshold`."""
        row = self.ious.index(iou)
        per_source: dict[str, SourceScores] = {}
        for name, table in self._sources.items():
            status = table.status[row][: _kept(table, threshold)]
            per_source[name] = SourceScores(
                pages=len(table.pages),
                truths=sum(table.truths),
                detections=int((status != IGNORED).sum()),
                matched=int((status == MATCHED).sum()),
            )
        return IouScores(iou=iou, threshold=threshold, per_source=per_source, pooled=_pool(per_source.values()))

    def pages(self, iou: float, threshold: float) -> list[tuple[int, SourceScores]]:
        """Return each page's index in the list given and its scores, in that list's order."""
        row = self.ious.index(iou)
        result: list[tuple[int, SourceScores]] = []
        for table in self._sources.values():
            kept = _kept(table, threshold)
            status, page = table.status[row][:kept], table.page[:kept]
            size = len(table.pages)
            detections = np.bincount(page[status != IGNORED], minlength=size).tolist()
            matched = np.bincount(page[status == MATCHED], minlength=size).tolist()
            result += [
                (index, SourceScores(pages=1, truths=truths, detections=found, matched=right))
                for index, truths, found, right in zip(table.pages, table.truths, detections, matched, strict=True)
            ]
        return sorted(result, key=lambda item: item[0])

    def report(self, threshold: float | None = None) -> LineReport:
        """Return the scores at every IoU, at `threshold` or else at the best one of each IoU."""
        return LineReport(
            at=tuple(self.at(iou, self.best_threshold(iou) if threshold is None else threshold) for iou in self.ious)
        )


def line_scores(
    pairs: Sequence[PagePair],
    classes: Collection[str] | None = None,
    *,
    ious: Sequence[float] = DEFAULT_IOUS,
    threshold: float | None = None,
) -> LineReport:
    """Score pages at one threshold, given or chosen to maximise the mean F1 over sources.

    Args:
        pairs: The pages, in any order.
        classes: Count only these; boxes match within their class only. None: all.
        ious: Least overlaps of a match, each in (0, 1]; the first is the headline.
        threshold: Count detections with at least this score; None: the best one for each IoU.

    Raises:
        ValueError: An IoU is outside (0, 1], or a score isn't finite.
    """
    return MatchTable(pairs, classes, ious).report(threshold)


def _match_page(
    pair: PagePair, classes: Collection[str] | None, ious: tuple[float, ...]
) -> list[tuple[int, npt.NDArray[np.float64], npt.NDArray[np.int8]]]:
    """Return for each class on the page: truths, scores `(M,)` and fate `(IoUs, M)` of its detections."""
    truth_groups = by_label(pair.truth, pair, classes)
    pred_groups = by_label(pair.predictions, pair, classes)
    result = []
    for label in sorted({*truth_groups, *pred_groups}):
        truth, pred = box_set(truth_groups.get(label, [])), box_set(pred_groups.get(label, []))
        pairs = overlaps(pred.boxes, truth.boxes, truth.crowd, min(ious) - 1e-9)
        status = np.stack([match(pairs, iou) for iou in ious])
        result.append((int((~truth.crowd).sum()), pred.scores, status))
    return result


def _kept(table: _SourceTable, threshold: float) -> int:
    return int(np.searchsorted(-table.scores, -threshold, side="right"))


def _pool(parts: Iterable[SourceScores]) -> SourceScores:
    listed = list(parts)
    return SourceScores(
        pages=sum(part.pages for part in listed),
        truths=sum(part.truths for part in listed),
        detections=sum(part.detections for part in listed),
        matched=sum(part.matched for part in listed),
    )


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
