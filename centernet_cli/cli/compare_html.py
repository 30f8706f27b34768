"""Two models side by side as one HTML file; the pages that got worse are drawn under both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from centernet_cli.cli import compare_table, score_table
from centernet_cli.cli.evaluate_html import SHARES
from centernet_cli.cli.evaluate_pictures import Pictures, caption, view_boxes
from centernet_cli.core.errors import printable
from centernet_cli.evaluation.curves import threshold_curve
from centernet_cli.evaluation.page_fates import page_fates
from centernet_cli.rendering import page_view
from centernet_cli.rendering.html_page import cards, contents, html_page, html_table, plots, section
from centernet_cli.rendering.plots import Bars, Line, histogram, line_plot

if TYPE_CHECKING:
    from collections.abc import Sequence

    from centernet_cli.evaluation.compare import Comparison, PageChange
    from centernet_cli.evaluation.pairing import TruthSource

LINKS = [("scores", "Scores"), ("curves", "Curves"), ("pages", "All pages"), ("worse", "Pages that changed most")]
NOTE = (
    "Pages that got worse, the worst first, then those that got better: A to the left, B to the right. "
    "Hold the mouse over a box."
)


def comparison_page(
    document: dict[str, Any], comparison: Comparison, sources: Sequence[TruthSource], worst: int
) -> str:
    """Return the page.

    Args:
        document: What `--json` gives.
        comparison: What changed.
        sources: Where the pages' pictures are.
        worst: Pages to draw at most; most of them got worse, if so many did.
    """
    worse = [page for page in comparison.pages if page.change < 0]
    better = [page for page in reversed(comparison.pages) if page.change > 0]
    kept = max(worst - worst // 4, worst - len(better))
    drawn = worse[:kept]
    drawn += better[: worst - len(drawn)]
    pictures = Pictures(sources)
    pictures.fetch([page.index for page in drawn])
    names = [printable(str(one["what"])) for one in document["models"]]
    return html_page(
        f"From {names[0]} to {names[1]}",
        [
            contents(LINKS),
            _head(document, comparison, names),
            section(
                "Scores",
                html_table(*compare_table.difference_rows(comparison.differences)),
                anchor="scores",
                note=compare_table.verdict(comparison),
            ),
            section("Curves", _curves(comparison), anchor="curves"),
            section("All pages", _page_table(comparison, {page.index for page in drawn}), anchor="pages"),
            section("Pages that changed most", *_views(comparison, drawn, pictures), anchor="worse", note=NOTE),
        ],
        style=page_view.STYLE,
        script=page_view.SCRIPT,
    )


def _head(document: dict[str, Any], comparison: Comparison, names: Sequence[str]) -> str:
    figures = [
        (
            one.measure,
            compare_table.signed(one.change),
            f"{compare_table.span(one.interval)}; p {compare_table.probability(one.p)}",
        )
        for one in comparison.differences
        if not one.part
    ]
    unit = "documents" if comparison.by_document else "pages"
    rows = [
        ["A", f"{names[0]}; threshold {compare_table.thresholds(comparison, 'a')}"],
        ["B", f"{names[1]}; threshold {compare_table.thresholds(comparison, 'b')}"],
        ["program", f"{document['program']} {document['program_version']}"],
        ["datasets", ", ".join(printable(name) for name in comparison.b.table.sources)],
        ["classes", ", ".join(printable(name) for name in comparison.b.classes)],
        ["pages", f"{len(comparison.pages):,}"],
        ["intervals and p", f"95 %, two-sided, {comparison.draws:,} paired draws of {unit}, seed {comparison.seed}"],
    ]
    for gate in document["models"][1]["gates"]:
        value = score_table.number(gate["value"])
        rows.append([f"{gate['name']} of B", f"{gate['required']:g}: {'met' if gate['met'] else 'not met'}, {value}"])
    return cards(figures) + html_table(["", ""], rows, words=True)


def _curves(comparison: Comparison) -> str:
    lines = []
    marks = []
    for name, summary in (("A", comparison.a), ("B", comparison.b)):
        first = summary.boxes.at[0]
        curve = threshold_curve(summary.table, first.iou)
        lines.append(Line(name=name, x=curve.threshold, y=curve.f1))
        marks.append((first.threshold, f"{name} {first.threshold:.2f}"))
    changes = [page.change for page in comparison.pages]
    reach = max(0.05, *(abs(change) for change in changes)) if changes else 0.05
    edges = np.linspace(-reach, reach, 42)
    counts = np.histogram(changes, edges)[0]
    middle = (edges[:-1] + edges[1:]) / 2
    return plots(
        line_plot(
            lines,
            title="F1 over thresholds, mean over sources",
            x_label="threshold",
            x_range=SHARES,
            y_range=SHARES,
            verticals=marks,
        ),
        histogram(
            edges,
            [
                Bars(name="better", values=np.where(middle > 1e-9, counts, 0)),
                Bars(name="worse", values=np.where(middle < -1e-9, counts, 0)),
                Bars(name="about equal", values=np.where(np.abs(middle) <= 1e-9, counts, 0)),
            ],
            title="Pages by the change of their F1",
            x_label="B - A",
            y_label="pages",
        ),
    )


def _page_table(comparison: Comparison, drawn: set[int]) -> str:
    header, rows = compare_table.page_rows(comparison, comparison.pages)
    links = [f"page-{page.index}" if page.index in drawn else None for page in comparison.pages]
    return html_table(header, rows, sortable=True, links=links, caption="Click on a column's name to sort by it")


def _views(comparison: Comparison, drawn: Sequence[PageChange], pictures: Pictures) -> list[str]:
    views = []
    for page in drawn:
        parts = []
        for name, summary, scores in (("A", comparison.a, page.a), ("B", comparison.b, page.b)):
            pair, first = summary.pairs[page.index], summary.boxes.at[0]
            wrong = f"{scores.truths - scores.matched} missed, {scores.detections - scores.matched} wrong"
            above = caption(pair, pictures.failures.get(page.index), f"F1 {score_table.number(scores.f1)}, {wrong}")
            parts.append(
                page_view.page_view(
                    f"{name} · {printable(above)}",
                    pictures.name(page.index),
                    (pair.width, pair.height),
                    view_boxes(page_fates(pair, summary.classes, first.iou, first.threshold)),
                )
            )
        views.append(f'<div class="views" id="page-{page.index}">{"".join(parts)}</div>')
    if not views:
        return ["<p>No page changed.</p>"]
    return [page_view.legend(), pictures.stock(), *views]
