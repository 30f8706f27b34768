"""Which score suits each class best, where the validation pages can tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from centernet_cli.evaluation.match_table import MatchTable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from centernet_cli.evaluation.counts import SourceScores
    from centernet_cli.evaluation.pairs import PagePair

LEAST = 20
"""Boxes on the validation pages from which a class may have a threshold of its own."""
RIGHT = 0.5
"""IoU from which a box counts as right."""


def class_thresholds(pairs: Sequence[PagePair], classes: Sequence[str], common: float) -> dict[str, float]:
    """Return thresholds of classes that do better with their own than with the common one.

    A threshold chosen on the pages that it is judged on always looks better. So a class has its own only if that
    proves right on other pages: chosen on one half of the documents and judged on the other, both ways.

    Args:
        pairs: Validation pages.
        classes: Of the model.
        common: The threshold of all classes.

    Returns:
        The thresholds with the best F1 at IoU 0.5 over all pages, by class; classes with fewer than `LEAST` boxes, and
        those that the common threshold suits as well, are left out.
    """
    halves = _halves(pairs)
    if not 0 < common < 1 or not all(halves):
        return {}
    tables = [MatchTable(half, classes, (RIGHT,)) for half in halves]
    own, usual = ({label: _Tally() for label in classes} for _ in range(2))
    for here, there in (tables, tables[::-1]):
        chosen = here.best_of_classes(RIGHT)
        alike = there.per_class(RIGHT, common)
        for label in classes:
            usual[label].add(alike[label])
            threshold, _ = chosen.get(label, (common, 0.0))
            own[label].add(there.per_class(RIGHT, threshold)[label])
    best = MatchTable(pairs, classes, (RIGHT,)).best_of_classes(RIGHT)
    return {
        label: best[label][0]
        for label in classes
        if usual[label].truths >= LEAST and label in best and 0 < best[label][0] < 1 and own[label].f1 > usual[label].f1
    }


@dataclass(slots=True)
class _Tally:
    """Counts of a class over both halves."""

    truths: int = 0
    detections: int = 0
    matched: int = 0

    def add(self, scores: SourceScores) -> None:
        self.truths += scores.truths
        self.detections += scores.detections
        self.matched += scores.matched

    @property
    def f1(self) -> float:
        return 2 * self.matched / max(self.truths + self.detections, 1)


def _halves(pairs: Sequence[PagePair]) -> tuple[list[PagePair], list[PagePair]]:
    """Deal out the documents of each source by turns, or the pages of a source that is one document."""
    documents: dict[str, dict[str, int]] = {}
    for pair in pairs:
        mine = documents.setdefault(pair.source, {})
        mine.setdefault(pair.document, len(mine))
    halves: tuple[list[PagePair], list[PagePair]] = ([], [])
    for number, pair in enumerate(pairs):
        known = documents[pair.source]
        place = known[pair.document] if pair.document and len(known) > 1 else number
        halves[place % 2].append(pair)
    return halves
