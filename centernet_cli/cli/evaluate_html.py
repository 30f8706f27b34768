"""An evaluation as one HTML file: figures, tables, curves, and the worst pages with truth and detections drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from centernet_cli.cli import error_table, score_table
from centernet_cli.cli.evaluate_pictures import Pictures, caption, view_boxes
from centernet_cli.core.errors import printable
from centernet_cli.evaluation.curves import RECALLS, calibration, precision_recall, score_histogram, threshold_curve
from centernet_cli.evaluation.page_fates import page_fates
from centernet_cli.rendering import page_view
from centernet_cli.rendering.html_page import cards, contents, html_page, html_table, plots, section
from centernet_cli.rendering.plots import Bars, Line, bar_plot, histogram, line_plot, matrix_plot

if TYPE_CHECKING:
    from collections.abc import Sequence

    from centernet_cli.evaluation.counts import SourceScores
    from centernet_cli.evaluation.pairing import TruthSource
    from centernet_cli.evaluation.summary import Summary

LINKS = [
    ("scores", "Scores"),
    ("errors", "What is wrong"),
    ("curves", "Curves"),
    ("pages", "All pages"),
    ("worst", "Worst pages"),
]


def evaluation_page(document: dict[str, Any], summary: Summary, sources: Sequence[TruthSource], worst: int) -> str:
    """Return the page.

    Args:
        document: What `--json` gives.
        summary: The scores.
        sources: Where the pages' pictures are.
        worst: Pages to draw at most.
    """
    first = summary.boxes.at[0]
    pages = sorted(summary.table.pages(first.iou, first.threshold), key=lambda item: badness(item[1]))
    drawn = [index for index, scores in pages if scores.matched < max(scores.truths, scores.detections)][:worst]
    pictures = Pictures(sources)
    pictures.fetch(drawn)
    what = printable(str(document["what"]))
    return html_page(
        f"Evaluation of {what}",
        [
            contents(LINKS),
            _head(document, summary),
            section("Scores", *score_tables(summary), anchor="scores"),
            section("What is wrong", *_errors(summary), anchor="errors", note=ERRORS),
            section("Curves", curve_plots(summary), anchor="curves", note=f"At IoU {first.iou:g}."),
            section("All pages", _page_table(summary, pages, set(drawn)), anchor="pages"),
            section("Worst pages", *_worst(summary, pages, drawn, pictures), anchor="worst", note=WORST),
        ],
        style=page_view.STYLE,
        script=page_view.SCRIPT,
    )


SHARES = (0.0, 1.0)
ERRORS = (
    "Truths: tight (matched at IoU 0.75), loose (at 0.5), merged (inside a detection with others), split (covered by "
    "several), off (only touched), missed. Detections without a match, in percent of the truths: part of a truth, "
    "double, false."
)
WORST = "The pages with the lowest F1; the number of errors decides between equals. Hold the mouse over a box."


def badness(scores: SourceScores) -> tuple[float, int]:
    """Order pages: lowest F1 first, then most errors; pages with nothing to find after those with an F1 of 0."""
    errors = scores.truths + scores.detections - 2 * scores.matched
    f1 = scores.f1 if scores.f1 is not None else (0.0 if errors else 2.0)
    return f1, -errors


def _head(document: dict[str, Any], summary: Summary) -> str:
    found = summary.intervals
    figures = []
    for scores in summary.boxes.at:
        span = score_table.span(found.f1[scores.iou]) if found else ""
        figures.append((f"F1 at IoU {scores.iou:g}", score_table.number(scores.f1), span))
    figures.append(("AP", score_table.number(summary.coco.ap), score_table.span(found.ap) if found else ""))
    figures.append(("DetEval F1", score_table.number(summary.deteval.f1), "splits and merges 0.8"))
    threshold = "given" if summary.scoring.threshold is not None else "best mean F1"
    figures.append(("threshold", f"{summary.boxes.at[0].threshold:.3f}", threshold))
    rows = [
        ["program", f"{document['program']} {document['program_version']}"],
        ["model", printable(str((document["model"] or {}).get("name", "not told")))],
        ["datasets", ", ".join(printable(name) for name in summary.table.sources)],
        ["classes", ", ".join(printable(name) for name in summary.classes)],
        ["pages", f"{len(summary.pairs):,}; {len(document['pages']['missing']):,} without predictions"],
        ["counted by", f"{summary.coco.evaluator}; at most {summary.coco.max_dets:,} detections of a class a page"],
    ]
    if found:
        unit = "documents" if found.by_document else "pages"
        rows.append(["intervals", f"95 %, {found.draws:,} draws of {found.documents:,} {unit}, seed {found.seed}"])
    for gate in document["gates"]:
        value = score_table.number(gate["value"])
        rows.append([gate["name"], f"{gate['required']:g}: {'met' if gate['met'] else 'not met'}, {value}"])
    return cards(figures) + html_table(["", ""], rows, words=True)


def score_tables(summary: Summary) -> list[str]:
    """Return the tables that the command prints, as markup."""
    tables = [
        html_table(*score_table.box_rows(scores, summary), sortable=True, caption=_at(scores))
        for scores in summary.boxes.at
    ]
    first = summary.boxes.at[0]
    tables.append(html_table(*score_table.coco_rows(summary), caption="COCO AP; no threshold"))
    tables.append(html_table(*score_table.class_rows(summary), sortable=True, caption=f"Classes; {_at(first)}"))
    sizes = score_table.size_rows(summary)
    tables.append(html_table(*sizes, caption=f"By thickness, shorter side over the page's longer one; {_at(first)}"))
    areas = f"Judged by areas (DetEval); threshold {summary.deteval.threshold:.3f}"
    tables.append(html_table(*score_table.area_rows(summary), sortable=True, caption=areas))
    return tables


def _at(scores: Any) -> str:
    return f"IoU {scores.iou:g}, threshold {scores.threshold:.3f}"


def _errors(summary: Summary) -> list[str]:
    report = summary.errors
    parts = error_table.with_whole(report)
    sides = "Sides of matched boxes, in box heights; + too large, - too small; then the mean size of the error"
    fates = {name: counts for name, counts in report.per_thickness.items() if sum(counts.truths.values())}
    shares = [
        Bars(
            name=fate,
            values=[100 * counts.truths[fate] / sum(counts.truths.values()) for counts in fates.values()],
        )
        for fate in ("loose", "merged", "split", "off", "missed")
    ]
    return [
        html_table(*error_table.fate_rows(parts), sortable=True, caption=f"In %; threshold {report.threshold:.3f}"),
        plots(bar_plot(list(fates), shares, title="Fates by thickness", y_label="% of truths", size=(760, 320))),
        html_table(*error_table.side_rows(parts), sortable=True, caption=sides),
    ]


def curve_plots(summary: Summary) -> str:
    """Return the plots of curves, scores, calibration and confusion, as markup."""
    table, first = summary.table, summary.boxes.at[0]
    over, scores = threshold_curve(table, first.iou), score_histogram(table, first.iou)
    belief = calibration(table, first.iou)
    error = "" if belief.error is None else f"; error {belief.error:.3f}"
    names = [*summary.classes, "background"]
    return plots(
        line_plot(
            [Line(name=name, x=over.threshold, y=getattr(over, name)) for name in ("precision", "recall", "f1")],
            title="Over thresholds, mean over sources",
            x_label="threshold",
            verticals=[(first.threshold, f"{first.threshold:.2f}")],
            x_range=SHARES,
            y_range=SHARES,
        ),
        line_plot(
            [Line(name=name, x=RECALLS, y=y) for name, y in precision_recall(table, first.iou).items()],
            title="Precision at recall, by class",
            x_label="recall",
            y_label="precision",
            x_range=SHARES,
            y_range=SHARES,
        ),
        histogram(
            scores.edges,
            [Bars(name="right", values=scores.right), Bars(name="wrong", values=scores.wrong)],
            title="Detections by score",
            x_label="score",
        ),
        line_plot(
            [Line(name="share that is right", x=belief.score, y=belief.precision, markers=True)],
            title=f"Calibration: how often a score is right{error}",
            x_label="score",
            y_label="share that is right",
            diagonal=True,
            x_range=SHARES,
            y_range=SHARES,
        ),
        matrix_plot(
            _without_corner(summary),
            names,
            names,
            title=f"Confusion at IoU {first.iou:g}, threshold {first.threshold:.3f}",
            row_label="truth",
            column_label="detected as",
        ),
    )


def _without_corner(summary: Summary) -> Any:
    counts = summary.confusion.astype(np.float64)
    counts[-1, -1] = np.nan  # what isn't there and wasn't found has no number
    return counts


def _page_table(summary: Summary, pages: Sequence[tuple[int, SourceScores]], drawn: set[int]) -> str:
    rows, links = [], []
    for index, scores in pages:
        pair = summary.pairs[index]
        counts = (scores.truths, scores.detections, scores.matched)
        errors = scores.truths + scores.detections - 2 * scores.matched
        shares = map(score_table.number, (scores.precision, scores.recall, scores.f1))
        rows.append([printable(pair.name), printable(pair.source), *(f"{n:,}" for n in (*counts, errors)), *shares])
        links.append(f"page-{index}" if index in drawn else None)
    header = ["page", "source", "boxes", "found", "matched", "errors", "P", "R", "F1"]
    return html_table(header, rows, sortable=True, links=links, caption="Click on a column's name to sort by it")


def _worst(
    summary: Summary, pages: Sequence[tuple[int, SourceScores]], drawn: Sequence[int], pictures: Pictures
) -> list[str]:
    first, scores = summary.boxes.at[0], dict(pages)
    views = []
    for index in drawn:
        pair, one = summary.pairs[index], scores[index]
        text = (
            f"F1 {score_table.number(one.f1)}, {one.truths - one.matched} missed, {one.detections - one.matched} wrong"
        )
        boxes = view_boxes(page_fates(pair, summary.classes, first.iou, first.threshold))
        above = printable(caption(pair, pictures.failures.get(index), text))
        view = page_view.page_view(above, pictures.name(index), (pair.width, pair.height), boxes)
        views.append(f'<div id="page-{index}">{view}</div>')
    if not views:
        return ["<p>Every box is right on every page.</p>"]
    return [page_view.legend(), pictures.stock(), f'<div class="views">{"".join(views)}</div>']
