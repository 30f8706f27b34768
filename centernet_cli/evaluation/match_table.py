"""All pages matched once, as flat arrays: every score at any threshold, over any part, is then a look-up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from centernet_cli.evaluation.counts import IouScores, SourceScores, pool
from centernet_cli.evaluation.matching import IGNORED, MATCHED, NOT_COUNTED, match_truths, overlaps
from centernet_cli.evaluation.pairs import box_set, by_label
from centernet_cli.evaluation.sizes import size_classes, size_names

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    import numpy.typing as npt

    from centernet_cli.evaluation.pairs import PagePair

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]

DEFAULT_IOUS = (0.5, 0.75)


@dataclass(frozen=True, slots=True)
class Found:
    """Every detection, best score first; equal scores in the order of their pages.

    Attributes:
        page: `(D,)` index of its page in the list given.
        label: `(D,)` index of its class.
        size: `(D,)` its class of size.
        score: `(D,)`.
        status: `(IoUs, D)` MATCHED, MISSED or IGNORED.
        truth: `(IoUs, D)` the truth it was matched to, an index into `Wanted`, else -1.
    """

    page: Ints
    label: Ints
    size: Ints
    score: Floats
    status: npt.NDArray[np.int8]
    truth: Ints


@dataclass(frozen=True, slots=True)
class Wanted:
    """Every truth that counts (no crowds), in the order of pages: `page`, `label` and `size`, `(T,)` each."""

    page: Ints
    label: Ints
    size: Ints


class MatchTable:
    """All pages matched once.

    Args:
        pairs: The pages, in any order.
        classes: Count only these; boxes match within their class only. None: all.
        ious: Least overlaps of a match, each in (0, 1].
        tick: Called after each page.

    Attributes:
        ious: As given.
        labels: Names of the classes.
        sources: Names, in the order they first appear.
        source: `(pages,)` index of each page's source.
        found: The detections.
        wanted: The truths.

    Raises:
        ValueError: An IoU is outside (0, 1] or none is given, or a score isn't finite.
    """

    def __init__(
        self,
        pairs: Sequence[PagePair],
        classes: Collection[str] | None = None,
        ious: Sequence[float] = DEFAULT_IOUS,
        tick: Callable[[], None] = lambda: None,
    ) -> None:
        if not ious or not all(0 < iou <= 1 for iou in ious):
            msg = f"IoUs must be above 0 and at most 1, not {list(ious)}"
            raise ValueError(msg)
        self.ious = tuple(ious)
        names = dict.fromkeys(pair.source for pair in pairs)
        self.sources = tuple(names)
        places = {name: place for place, name in enumerate(self.sources)}
        self.source = np.array([places[pair.source] for pair in pairs], dtype=np.int64)
        self._judges = [pair.annotates for pair in pairs]
        builder = _Builder(self.ious, list(classes) if classes is not None else [])
        for index, pair in enumerate(pairs):
            builder.add(index, pair, classes)
            tick()
        self.labels = tuple(builder.labels)
        self.found, self.wanted = builder.finish()
        self._of_source = [np.flatnonzero(self.source[self.found.page] == k) for k in range(len(self.sources))]

    def best_threshold(self, iou: float, weights: Mapping[str, float] | None = None) -> float:
        """Return the threshold with the largest mean F1 over sources, the highest of equals; 0 if nothing matches.

        Args:
            iou: Least overlap of a match.
            weights: Of sources in the mean; None: all alike.
        """
        row = self.ious.index(iou)
        # F1 only grows where a match is added, so only scores of matches can be best.
        candidates = np.unique(self.found.score[self.found.status[row] == MATCHED])[::-1]
        if not len(candidates):
            return 0.0
        total = np.zeros(len(candidates))
        truths = np.bincount(self.source[self.wanted.page], minlength=len(self.sources))
        for name, wanted, places in zip(self.sources, truths.tolist(), self._of_source, strict=True):
            if not wanted:
                continue
            status = self.found.status[row, places]
            kept = np.searchsorted(-self.found.score[places], -candidates, side="right")
            matched = np.concatenate([[0], np.cumsum(status == MATCHED)])[kept]
            counted = np.concatenate([[0], np.cumsum(status != IGNORED)])[kept]
            total += 2 * matched / (wanted + counted) * (1.0 if weights is None else weights[name])
        return float(candidates[np.argmax(total)])

    def best_of_classes(self, iou: float) -> dict[str, tuple[float, float]]:
        """Return for each class the threshold with its largest F1 over all pages, the highest of equals, and that F1.

        Classes without a match are left out.

        Args:
            iou: Least overlap of a match.
        """
        row = self.ious.index(iou)
        best: dict[str, tuple[float, float]] = {}
        for index, name in enumerate(self.labels):
            places = np.flatnonzero(self.found.label == index)
            status, score = self.found.status[row, places], self.found.score[places]
            candidates = np.unique(score[status == MATCHED])[::-1]
            if not len(candidates):
                continue
            kept = np.searchsorted(-score, -candidates, side="right")
            matched = np.cumsum(status == MATCHED)[kept - 1]
            counted = np.cumsum(status != IGNORED)[kept - 1]
            f1 = 2 * matched / (np.count_nonzero(self.wanted.label == index) + counted)
            place = int(np.argmax(f1))
            best[name] = float(candidates[place]), float(f1[place])
        return best

    def at(self, iou: float, threshold: float) -> IouScores:
        """Return the scores of detections with at least `threshold`."""
        pages = self.page_counts(iou, threshold)
        sums = np.zeros((len(self.sources), 3), np.int64)
        np.add.at(sums, self.source, pages)
        sizes = np.bincount(self.source, minlength=len(self.sources))
        parts = [_scores(size, row) for size, row in zip(sizes.tolist(), sums.tolist(), strict=True)]
        per_source = dict(zip(self.sources, parts, strict=True))
        return IouScores(iou=iou, threshold=threshold, per_source=per_source, pooled=pool(per_source.values()))

    def page_counts(self, iou: float, threshold: float) -> Ints:
        """Return truths, detections and matches of each page, `(pages, 3)`."""
        status, kept = self._kept(iou, threshold)
        page, size = self.found.page[:kept], len(self.source)
        return np.stack(
            [
                np.bincount(self.wanted.page, minlength=size),
                np.bincount(page[status != IGNORED], minlength=size),
                np.bincount(page[status == MATCHED], minlength=size),
            ],
            axis=1,
        )

    def pages(self, iou: float, threshold: float) -> list[tuple[int, SourceScores]]:
        """Return each page's index in the list given and its scores, in that list's order."""
        return [(index, _scores(1, row)) for index, row in enumerate(self.page_counts(iou, threshold).tolist())]

    def per_class(self, iou: float, threshold: float) -> dict[str, SourceScores]:
        """Return the scores of each class over all pages that annotate it."""
        counts = self._grouped(iou, threshold, self.wanted.label, self.found.label, len(self.labels))
        pages = [sum(known is None or name in known for known in self._judges) for name in self.labels]
        return {name: _scores(page, row) for name, page, row in zip(self.labels, pages, counts, strict=True)}

    def per_size(self, iou: float, threshold: float) -> dict[str, SourceScores]:
        """Return the scores of each class of size, thin boxes first.

        A detection that found a truth has the size of the truth, others have their own.
        """
        truth = self.found.truth[self.ious.index(iou)]
        size = np.where(truth >= 0, self.wanted.size[truth] if len(self.wanted.size) else 0, self.found.size)
        counts = self._grouped(iou, threshold, self.wanted.size, size, len(size_names()))
        return {name: _scores(len(self.source), row) for name, row in zip(size_names(), counts, strict=True)}

    def _grouped(self, iou: float, threshold: float, wanted: Ints, found: Ints, size: int) -> list[list[int]]:
        status, kept = self._kept(iou, threshold)
        part = found[:kept]
        columns: Ints = np.stack(
            [
                np.bincount(wanted, minlength=size),
                np.bincount(part[status != IGNORED], minlength=size),
                np.bincount(part[status == MATCHED], minlength=size),
            ],
            axis=1,
        )
        rows: list[list[int]] = columns.tolist()
        return rows

    def _kept(self, iou: float, threshold: float) -> tuple[npt.NDArray[np.int8], int]:
        kept = int(np.searchsorted(-self.found.score, -threshold, side="right"))
        return self.found.status[self.ious.index(iou), :kept], kept


class _Builder:
    """Collects pages into arrays."""

    def __init__(self, ious: tuple[float, ...], labels: Sequence[str]) -> None:
        self.ious = ious
        self.labels = list(labels)
        self.truths = 0
        self.wanted: list[tuple[Ints, ...]] = [(np.empty(0, np.int64),) * 3]
        self.found: list[tuple[Ints, ...]] = [(np.empty(0, np.int64),) * 3]
        self.scores: list[Floats] = [np.empty(0)]
        self.fates: list[Ints] = [np.empty((len(ious), 0), np.int64)]

    def add(self, page: int, pair: PagePair, classes: Collection[str] | None) -> None:
        truth_groups = by_label(pair.truth, pair, classes)
        pred_groups = by_label(pair.predictions, pair, classes)
        for label in sorted({*truth_groups, *pred_groups}):
            if label not in self.labels:
                self.labels.append(label)
            truth, pred = box_set(truth_groups.get(label, [])), box_set(pred_groups.get(label, []))
            near = overlaps(pred.boxes, truth.boxes, truth.crowd, min(self.ious) - 1e-9)
            counts = ~truth.crowd
            # Index among all truths that count; crowds are never matched to.
            numbers = self.truths + np.cumsum(counts) - 1
            fates = np.stack([match_truths(near, iou) for iou in self.ious])
            matched = fates >= 0
            fates[matched] = numbers[fates[matched]]
            place = self.labels.index(label)
            for boxes, parts in ((truth.boxes[counts], self.wanted), (pred.boxes, self.found)):
                sizes = size_classes(boxes, pair.width, pair.height)
                parts.append((np.full(len(boxes), page), np.full(len(boxes), place), sizes))
            self.scores.append(pred.scores)
            self.fates.append(fates)
            self.truths += int(counts.sum())

    def finish(self) -> tuple[Found, Wanted]:
        score = np.concatenate(self.scores)
        order = np.argsort(-score, kind="stable")
        page, label, size = (np.concatenate(parts)[order] for parts in zip(*self.found, strict=True))
        fates = np.concatenate(self.fates, axis=1)[:, order]
        status = np.where(fates >= 0, MATCHED, np.where(fates == NOT_COUNTED, IGNORED, 0)).astype(np.int8)
        found = Found(page, label, size, score[order], status, np.where(fates >= 0, fates, -1))
        return found, Wanted(*(np.concatenate(parts) for parts in zip(*self.wanted, strict=True)))


def _scores(pages: int, counts: Sequence[int]) -> SourceScores:
    truths, detections, matched = counts
    return SourceScores(pages=pages, truths=truths, detections=detections, matched=matched)
