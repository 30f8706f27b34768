"""Two models side by side, as tables for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from centernet_cli.cli import console
from centernet_cli.cli.score_table import number, write_table
from centernet_cli.core.errors import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from centernet_cli.evaluation.bootstrap import Interval
    from centernet_cli.evaluation.compare import Comparison, Difference, PageChange

    Row = list[str]

SHOWN = 10
"""Pages in each of the two tables of pages."""


def write_comparison_tables(comparison: Comparison, first: str, second: str) -> None:
    """Write differences, wins and losses, and the pages that changed most, to stdout."""
    console.write(printable(f"A: {first} (threshold {thresholds(comparison, 'a')})"))
    console.write(printable(f"B: {second} (threshold {thresholds(comparison, 'b')})"))
    console.write("")
    unit = "documents" if comparison.by_document else "pages"
    title = f"From A to B; 95 % interval and p by {comparison.draws:,} paired draws of {unit}"
    write_table(title, *difference_rows(comparison.differences))
    console.write(verdict(comparison))
    console.write("")
    worse = [page for page in comparison.pages if page.change < 0]
    better = [page for page in reversed(comparison.pages) if page.change > 0]
    for name, pages in (("Pages that got worse", worse), ("Pages that got better", better)):
        if pages:
            shown = f"the worst {SHOWN}" if pages is worse else f"the best {SHOWN}"
            more = f"; {shown} of {len(pages):,}" if len(pages) > SHOWN else ""
            write_table(
                f"{name} (F1 at IoU {comparison.b.boxes.at[0].iou:g}){more}", *page_rows(comparison, pages[:SHOWN])
            )


def thresholds(comparison: Comparison, side: str) -> str:
    """Write a model's thresholds, one for each IoU."""
    summary = comparison.a if side == "a" else comparison.b
    return ", ".join(f"{scores.threshold:.3f} for IoU {scores.iou:g}" for scores in summary.boxes.at)


def difference_rows(differences: Sequence[Difference]) -> tuple[Row, list[Row]]:
    """Return a row for each score."""
    rows = [
        [
            f"  {one.part}: {one.measure}" if one.part else one.measure,
            number(one.a),
            number(one.b),
            signed(one.change),
            span(one.interval),
            probability(one.p),
        ]
        for one in differences
    ]
    return ["score", "A", "B", "B - A", "95 %", "p"], rows


def verdict(comparison: Comparison) -> str:
    """Return wins and losses with their tests, in words."""
    unit = "documents" if comparison.by_document else "pages"
    return (
        f"B is better on {comparison.wins:,} {unit}, worse on {comparison.losses:,}, equal on {comparison.ties:,}; "
        f"sign test p {probability(comparison.sign_p)}, "
        f"Wilcoxon signed-rank test p {probability(comparison.wilcoxon_p)}"
    )


def page_rows(comparison: Comparison, pages: Sequence[PageChange]) -> tuple[Row, list[Row]]:
    """Return a row for each page."""
    rows = []
    for page in pages:
        pair = comparison.b.pairs[page.index]
        wrong = [one.truths + one.detections - 2 * one.matched for one in (page.a, page.b)]
        rows.append(
            [
                printable(pair.name),
                printable(pair.source),
                f"{page.b.truths:,}",
                *(f"{count:,}" for count in wrong),
                number(page.a.f1),
                number(page.b.f1),
                signed(page.change),
            ]
        )
    return ["page", "source", "boxes", "errors A", "errors B", "F1 A", "F1 B", "B - A"], rows


def signed(value: float | None) -> str:
    """Write a difference; `-` where it's undefined."""
    return "-" if value is None else f"{value:+.3f}"


def span(interval: Interval | None) -> str:
    """Write an interval of differences."""
    return "-" if interval is None else f"{interval.low:+.3f} to {interval.high:+.3f}"


def probability(value: float | None) -> str:
    """Write a p; the smallest are only called small."""
    return "-" if value is None else "<0.001" if value < 0.001 else f"{value:.3f}"
