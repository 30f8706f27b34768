"""Precision, recall and F1 of boxes matched one to one, per source and averaged over sources.

The headline is the mean over sources of the F1 at one threshold common to all of them, so that a source with many
pages doesn't drown the others, and so that no source is flattered by a threshold of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from centernet_cli.evaluation.counts import IouScores, SourceScores
from centernet_cli.evaluation.match_table import DEFAULT_IOUS, MatchTable

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from centernet_cli.evaluation.pairs import PagePair

__all__ = ["DEFAULT_IOUS", "IouScores", "LineReport", "MatchTable", "SourceScores", "line_report", "line_scores"]


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


def line_report(
    table: MatchTable, threshold: float | None = None, weights: Mapping[str, float] | None = None
) -> LineReport:
    """Return the scores at every IoU of a table, at `threshold` or else at the best one of each IoU.

    Args:
        table: The matches.
        threshold: Of all scores.
        weights: Of sources, for the mean F1 that decides which threshold is best; None: all alike.
    """
    return LineReport(
        at=tuple(
            table.at(iou, table.best_threshold(iou, weights) if threshold is None else threshold) for iou in table.ious
        )
    )


def line_scores(
    pairs: Sequence[PagePair],
    classes: Collection[str] | None = None,
    *,
    ious: Sequence[float] = DEFAULT_IOUS,
    threshold: float | None = None,
    weights: Mapping[str, float] | None = None,
) -> LineReport:
    """Score pages at one threshold, given or chosen to maximise the mean F1 over sources.

    Args:
        pairs: The pages, in any order.
        classes: Count only these; boxes match within their class only. None: all.
        ious: Least overlaps of a match, each in (0, 1]; the first is the headline.
        threshold: Count detections with at least this score; None: the best one for each IoU.
        weights: Of sources, for the mean F1 that decides which threshold is best; None: all alike.

    Raises:
        ValueError: An IoU is outside (0, 1], or a score isn't finite.
    """
    return line_report(MatchTable(pairs, classes, ious), threshold, weights)
