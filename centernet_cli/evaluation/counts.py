"""Counts of boxes matched one to one, and precision, recall and F1 that follow from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceScores:
    """Counts of a source, class, size or page, and what follows from them.

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


class Scored(Protocol):
    """Precision, recall and F1 of a source; None where they have no meaning."""

    @property
    def precision(self) -> float | None: ...
    @property
    def recall(self) -> float | None: ...
    @property
    def f1(self) -> float | None: ...


S = TypeVar("S", bound=Scored)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoresBySource(Generic[S]):
    """Scores at one threshold, by source.

    Attributes:
        threshold: Detections with at least this score count, the same in every source.
        per_source: In the order the sources first appear.
        pooled: All sources as if they were one.
    """

    threshold: float
    per_source: dict[str, S]
    pooled: S

    @property
    def f1(self) -> float | None:
        """Mean over the sources that have any truth; None if none has."""
        return mean(scores.f1 for scores in self.per_source.values())

    def weighted_f1(self, weights: Mapping[str, float]) -> float | None:
        """Return the weighted mean over the sources that have any truth; None if none has, or none with a weight."""
        known = [(weights[name], scores.f1) for name, scores in self.per_source.items() if scores.f1 is not None]
        total = sum(weight for weight, _ in known)
        return sum(weight * value for weight, value in known) / total if total else None

    @property
    def precision(self) -> float | None:
        """Mean over the sources with detections."""
        return mean(scores.precision for scores in self.per_source.values())

    @property
    def recall(self) -> float | None:
        """Mean over the sources with truth."""
        return mean(scores.recall for scores in self.per_source.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class IouScores(ScoresBySource[SourceScores]):
    """Scores at one threshold and one IoU, the least overlap of a match."""

    iou: float


def pool(parts: Iterable[SourceScores]) -> SourceScores:
    """Return the sums of several counts."""
    listed = list(parts)
    return SourceScores(
        pages=sum(part.pages for part in listed),
        truths=sum(part.truths for part in listed),
        detections=sum(part.detections for part in listed),
        matched=sum(part.matched for part in listed),
    )


def mean(values: Iterable[float | None]) -> float | None:
    """Return the mean of the values that are defined; None if there is none."""
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
