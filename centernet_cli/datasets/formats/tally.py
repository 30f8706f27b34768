"""The account of a conversion: what became of every shape, so that nothing is lost unseen."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

Outcome = Literal["converted", "reduced", "dropped"]


@dataclass(slots=True)
class Tally:
    """Counts of a conversion.

    Attributes:
        shapes: How often each kind of input shape had which outcome, and why; the counts sum to the shapes read.
        notes: How often something happened that loses no shape, such as an ignored key.
    """

    shapes: Counter[tuple[str, Outcome, str]] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)

    def converted(self, shape: str) -> None:
        """Count a shape that is kept whole."""
        self.shapes[shape, "converted", ""] += 1

    def reduced(self, shape: str, why: str) -> None:
        """Count a shape of which less than all is kept, such as the box of a mask."""
        self.shapes[shape, "reduced", why] += 1

    def dropped(self, shape: str, why: str) -> None:
        """Count a shape that is not kept."""
        self.shapes[shape, "dropped", why] += 1

    def note(self, text: str, count: int = 1) -> None:
        """Count something that loses no shape."""
        self.notes[text] += count

    def total(self, outcome: Outcome) -> int:
        """Return how many shapes had an outcome."""
        return sum(count for (_, was, _), count in self.shapes.items() if was == outcome)
