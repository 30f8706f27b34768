"""What the report of `predict` says of all pages together, counted while they come."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from centernet_cli.rendering.html_page import cards, html_table, plots
from centernet_cli.rendering.plots import Bars, histogram

if TYPE_CHECKING:
    from collections.abc import Sequence

    from centernet_cli.core.records import Annotation

BINS = 20


@dataclass(slots=True)
class ClassCounts:
    """Boxes of a class: how many, on how many pages, and how often which score."""

    boxes: int = 0
    pages: int = 0
    total: float = 0.0
    lowest: float = 1.0
    bins: list[int] = field(default_factory=lambda: [0] * BINS)

    @property
    def scored(self) -> int:
        return sum(self.bins)


@dataclass(slots=True)
class ReportCounts:
    """Counts of a run.

    Attributes:
        classes: In the model's order.
        pages: How many succeeded.
        empty: On how many of them nothing was found.
        capped: On how many of them boxes may be missing.
        failed: How many inputs failed.
        by_class: In the order of `classes`.
    """

    classes: tuple[str, ...]
    pages: int = 0
    empty: int = 0
    capped: int = 0
    failed: int = 0
    by_class: dict[str, ClassCounts] = field(init=False)

    def __post_init__(self) -> None:
        self.by_class = {name: ClassCounts() for name in self.classes}

    def add(self, annotations: Sequence[Annotation], *, capped: bool) -> None:
        """Count a page."""
        self.pages += 1
        self.empty += not annotations
        self.capped += capped
        for label in {found.label for found in annotations}:
            self.by_class[label].pages += 1
        for found in annotations:
            counts = self.by_class[found.label]
            counts.boxes += 1
            if found.score is not None:
                counts.total += found.score
                counts.lowest = min(counts.lowest, found.score)
                counts.bins[min(BINS - 1, max(0, int(found.score * BINS)))] += 1

    def figures(self) -> str:
        """Return the large figures at the top, as markup."""
        boxes = sum(counts.boxes for counts in self.by_class.values())
        values = [
            ("pages", f"{self.pages:,}", f"{self.empty:,} without boxes"),
            ("failed", f"{self.failed:,}", "see below" if self.failed else "nothing"),
            ("boxes", f"{boxes:,}", f"{boxes / max(1, self.pages):,.1f} a page"),
        ]
        if self.capped:
            values.append(("cut short", f"{self.capped:,}", "pages with more boxes than the model keeps"))
        return cards(values)

    def table(self) -> str:
        """Return a row for each class, as markup."""
        rows = [
            (
                name,
                f"{counts.boxes:,}",
                f"{counts.pages:,}",
                f"{counts.total / counts.scored:.3f}" if counts.scored else "",
                f"{counts.lowest:.3f}" if counts.scored else "",
            )
            for name, counts in self.by_class.items()
        ]
        return html_table(["class", "boxes", "on pages", "mean score", "lowest score"], rows, sortable=True)

    def scores(self) -> str:
        """Return the histogram of scores, as markup."""
        series = [Bars(name=name, values=counts.bins) for name, counts in self.by_class.items() if counts.scored]
        edges = [number / BINS for number in range(BINS + 1)]
        return plots(histogram(edges, series, title="Scores", x_label="score", y_label="boxes", size=(680, 300)))
