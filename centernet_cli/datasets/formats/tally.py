"""The account of a conversion: what became of every shape, so that nothing is lost unseen."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

Outcome = Literal["converted", "reduced", "dropped"]


@dataclass(slots=True)
class Tally:
    """Counts of a conversion.

    Attributes:
        shapes: How often each kind of input shape of each label had which outcome, and why; the counts sum to the
            shapes read.
        notes: How often something happened that loses no shape, such as an ignored key.
        files: The files that were read, which no output may replace.
    """

    shapes: Counter[tuple[str, str, Outcome, str]] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)
    files: list[Path] = field(default_factory=list)

    def converted(self, shape: str, label: str) -> None:
        """Count a shape that is kept whole."""
        self.shapes[shape, label, "converted", ""] += 1

    def reduced(self, shape: str, label: str, why: str) -> None:
        """Count a shape of which less than all is kept, such as the box of a mask."""
        self.shapes[shape, label, "reduced", why] += 1

    def dropped(self, shape: str, label: str, why: str) -> None:
        """Count a shape that is not kept."""
        self.shapes[shape, label, "dropped", why] += 1

    def drop_labels(self, labels: Iterable[str], why: str) -> None:
        """Count the kept shapes of some labels as dropped after all."""
        gone = set(labels)
        for key in list(self.shapes):
            shape, label, outcome, _ = key
            if label in gone and outcome != "dropped":
                self.shapes[shape, label, "dropped", why] += self.shapes.pop(key)

    def note(self, text: str, count: int = 1) -> None:
        """Count something that loses no shape."""
        self.notes[text] += count

    def total(self, *outcomes: Outcome) -> int:
        """Return how many shapes had one of some outcomes, or any if none are named."""
        return sum(count for (_, _, was, _), count in self.shapes.items() if was in outcomes or not outcomes)

    def rows(self) -> list[tuple[str, Outcome, str, int]]:
        """Return shape, outcome, reason and count, over all labels; the most frequent of a shape first."""
        sums: Counter[tuple[str, Outcome, str]] = Counter()
        for (shape, _, outcome, why), count in self.shapes.items():
            sums[shape, outcome, why] += count
        return sorted(((*key, count) for key, count in sums.items()), key=lambda row: (row[0], -row[3], row[1:3]))
