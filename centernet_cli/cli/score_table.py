"""Scores as text for people: a rich table on a terminal, aligned columns elsewhere."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from centernet_cli.cli import console
from centernet_cli.core.errors import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from centernet_cli.evaluation.bootstrap import Interval
    from centernet_cli.evaluation.coco_ap import CocoScores
    from centernet_cli.evaluation.counts import IouScores, SourceScores
    from centernet_cli.evaluation.deteval import DetEvalReport, DetEvalScores
    from centernet_cli.evaluation.summary import Summary

    Row = list[str]


def write_summary(summary: Summary) -> None:
    """Write all scores to stdout, with the threshold and maxDets they hold for."""
    chosen = "given" if summary.scoring.threshold is not None else "best mean F1 over sources"
    for scores in summary.boxes.at:
        title = f"Boxes one to one at IoU {scores.iou:g}; threshold {scores.threshold:.3f} ({chosen}); no maxDets"
        write_table(title, *box_rows(scores, summary))
    title = f"Judged by areas (DetEval): splits and merges count 0.8; threshold {summary.deteval.threshold:.3f}"
    write_table(title, *area_rows(summary))
    if len(summary.classes) > 1:
        first = summary.boxes.at[0]
        title = f"Classes at IoU {first.iou:g}, threshold {first.threshold:.3f}"
        write_table(title, *class_rows(summary))
    coco = summary.coco
    write_table(f"COCO AP; maxDets {coco.max_dets}; no threshold", *coco_rows(summary))


def write_sizes(summary: Summary) -> None:
    """Write the scores of thin and thick boxes to stdout."""
    first = summary.boxes.at[0]
    title = (
        f"By thickness (shorter side over the page's longer one); IoU {first.iou:g}, threshold {first.threshold:.3f}"
    )
    write_table(title, *size_rows(summary))


def box_rows(scores: IouScores, summary: Summary) -> tuple[Row, list[Row]]:
    """Return a row for each source, for all pages as one, for the mean over sources, and at the model's threshold."""
    found = summary.intervals
    at = f"@{scores.iou:g}"
    rows = [
        [
            name,
            f"{one.pages:,}",
            f"{one.truths:,}",
            *_three(one),
            *([span(found.per_source[scores.iou][name])] if found else []),
        ]
        for name, one in scores.per_source.items()
    ]
    if len(rows) > 1:
        whole = scores.pooled
        pooled = ["all pages as one", f"{whole.pages:,}", f"{whole.truths:,}", *_three(whole)]
        mean = ["mean over sources", "", "", *_three(scores)]
        rows += [
            [*pooled, *([span(found.pooled[scores.iou])] if found else [])],
            [*mean, *([span(found.f1[scores.iou])] if found else [])],
        ]
    if summary.own is not None:
        own = summary.own.at_iou(scores.iou)
        rows.append([f"at the model's {own.threshold:.3f}", "", "", *_three(own), *([""] if found else [])])
    return ["source", "pages", "boxes", f"P{at}", f"R{at}", f"F1{at}", *(["95 %"] if found else [])], rows


def area_rows(summary: Summary) -> tuple[Row, list[Row]]:
    """Return the same rows for splits and merges."""
    report = summary.deteval
    parts = {**report.per_source, **({"all pages as one": report.pooled} if len(report.per_source) > 1 else {})}
    rows = [
        [name, f"{one.truths:,}", f"{one.single:,}", f"{one.split:,}", f"{one.merged:,}", *_three(one)]
        for name, one in parts.items()
    ]
    if len(report.per_source) > 1:
        rows.append(["mean over sources", *[""] * 4, *_three(report)])
    return ["source", "boxes", "single", "split", "merged", "P", "R", "F1"], rows


def class_rows(summary: Summary) -> tuple[Row, list[Row]]:
    """Return a row for each class, with the threshold that is best for it alone and its F1 there."""
    first = summary.boxes.at[0]
    best = summary.table.best_of_classes(first.iou)
    header, rows = part_rows("class", summary.table.per_class(first.iou, first.threshold))
    alone = [best.get(row[0], (None, None)) for row in rows]
    more = [[number(value) for value in pair] for pair in alone]
    return [*header, "best at", "F1"], [[*row, *cells] for row, cells in zip(rows, more, strict=True)]


def size_rows(summary: Summary) -> tuple[Row, list[Row]]:
    """Return a row for each class of size that occurs."""
    first = summary.boxes.at[0]
    sizes = summary.table.per_size(first.iou, first.threshold)
    return part_rows("thickness", {name: one for name, one in sizes.items() if one.truths or one.detections})


def part_rows(kind: str, parts: dict[str, SourceScores]) -> tuple[Row, list[Row]]:
    """Return a row for each class, size or whatever `kind` says."""
    rows = [[name, f"{one.truths:,}", f"{one.detections:,}", *_three(one)] for name, one in parts.items()]
    return [kind, "boxes", "found", "P", "R", "F1"], rows


def coco_rows(summary: Summary) -> tuple[Row, list[Row]]:
    """Return a row for each class, for their mean and for each source."""
    found = summary.intervals
    rows: list[Row] = []
    for name, one in summary.coco.classes.items():
        interval = [span(found.per_class[name])] if found else []
        scores = [number(one.ap50), number(one.ap75), number(one.recall)]
        rows.append([name, f"{one.truths:,}", number(one.ap), *interval, *scores])
    if len(rows) > 1:
        rows.append(_coco_row("mean over classes", summary.coco, [span(found.ap)] if found else []))
    if len(summary.coco_per_source) > 1:
        blank = [""] if found else []
        rows += [_coco_row(f"  in {name}", scores, blank) for name, scores in summary.coco_per_source.items()]
    return ["class", "boxes", "AP", *(["95 %"] if found else []), "AP50", "AP75", "AR"], rows


def _coco_row(name: str, scores: CocoScores, interval: Row) -> Row:
    truths = sum(one.truths for one in scores.classes.values())
    more = [number(scores.ap50), number(scores.ap75), number(scores.recall)]
    return [name, f"{truths:,}", number(scores.ap), *interval, *more]


def _three(scores: SourceScores | IouScores | DetEvalScores | DetEvalReport) -> Row:
    return [number(scores.precision), number(scores.recall), number(scores.f1)]


def number(value: float | None) -> str:
    """Write a score; `-` where it's undefined."""
    return "-" if value is None else f"{value:.3f}"


def span(interval: Interval | None) -> str:
    """Write an interval; `-` where it's undefined."""
    return "-" if interval is None else f"{interval.low:.3f}-{interval.high:.3f}"


def aligned(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return lines with the first column to the left, the others to the right."""
    widths = [max(len(row[column]) for row in (header, *rows)) for column in range(len(header))]
    return [
        "  ".join(cell.ljust(width) if column == 0 else cell.rjust(width) for column, (cell, width) in enumerate(cells))
        for cells in (list(zip(row, widths, strict=True)) for row in (header, *rows))
    ]


def write_table(title: str, header: Row, rows: list[Row]) -> None:
    """Write a table to stdout: with lines on a terminal, else as aligned columns with an empty line after it."""
    rows = [[printable(cell) for cell in row] for row in rows]
    if not sys.stdout.isatty():
        console.write(title)
        for line in aligned(header, rows):
            console.write(line)
        console.write("")
        return
    from rich.table import Table

    table = Table(title=title, title_justify="left", title_style="bold")
    for index, name in enumerate(header):
        table.add_column(name, justify="left" if index == 0 else "right", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    console.out.print(table)
