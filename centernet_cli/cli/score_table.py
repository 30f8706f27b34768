"""Scores as text for people: a rich table on a terminal, aligned columns elsewhere."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from centernet_cli.cli import console
from centernet_cli.core.errors import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from centernet_cli.evaluation.coco_ap import CocoScores
    from centernet_cli.evaluation.line_metrics import SourceScores
    from centernet_cli.evaluation.summary import Summary

    Row = list[str]


def write_summary(summary: Summary) -> None:
    """Write all scores to stdout, with the threshold and maxDets they hold for."""
    headline = summary.boxes.at
    chosen = "given" if summary.threshold is not None else "best mean F1 over sources"
    at = ", ".join(f"{scores.threshold:.3f} for IoU {scores.iou:g}" for scores in headline)
    _write_table(f"Boxes one to one; threshold ({chosen}) {at}; no maxDets", *_box_rows(summary))
    coco = summary.coco
    _write_table(f"COCO AP; maxDets {coco.max_dets}; no threshold", *_coco_rows(summary))


def _box_rows(summary: Summary) -> tuple[Row, list[Row]]:
    header = ["source", "pages", "boxes"]
    for scores in summary.boxes.at:
        header += [f"P@{scores.iou:g}", f"R@{scores.iou:g}", f"F1@{scores.iou:g}"]
    first = summary.boxes.at[0]
    rows: list[Row] = []
    for name, counts in first.per_source.items():
        rows.append([name, f"{counts.pages:,}", f"{counts.truths:,}"])
        for scores in summary.boxes.at:
            rows[-1] += _three(scores.per_source[name])
    if len(first.per_source) > 1:
        mean, pooled = ["mean over sources", "", ""], ["all pages as one", f"{first.pooled.pages:,}"]
        pooled.append(f"{first.pooled.truths:,}")
        for scores in summary.boxes.at:
            mean += [number(scores.precision), number(scores.recall), number(scores.f1)]
            pooled += _three(scores.pooled)
        rows += [pooled, mean]
    return header, rows


def _coco_rows(summary: Summary) -> tuple[Row, list[Row]]:
    rows: list[Row] = []
    for name, one in summary.coco.classes.items():
        scores = [number(one.ap), number(one.ap50), number(one.ap75), number(one.recall)]
        rows.append([name, f"{one.truths:,}", *scores])
    if len(rows) > 1:
        rows.append(_coco_row("mean over classes", summary.coco))
    if len(summary.coco_per_source) > 1:
        rows += [_coco_row(f"  in {name}", scores) for name, scores in summary.coco_per_source.items()]
    return ["class", "boxes", "AP", "AP50", "AP75", "AR"], rows


def _coco_row(name: str, scores: CocoScores) -> Row:
    truths = sum(one.truths for one in scores.classes.values())
    return [name, f"{truths:,}", number(scores.ap), number(scores.ap50), number(scores.ap75), number(scores.recall)]


def _three(scores: SourceScores) -> Row:
    return [number(scores.precision), number(scores.recall), number(scores.f1)]


def number(value: float | None) -> str:
    """Write a score; `-` where it's undefined."""
    return "-" if value is None else f"{value:.3f}"


def aligned(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return lines with the first column to the left, the others to the right."""
    widths = [max(len(row[column]) for row in (header, *rows)) for column in range(len(header))]
    return [
        "  ".join(cell.ljust(width) if column == 0 else cell.rjust(width) for column, (cell, width) in enumerate(cells))
        for cells in (list(zip(row, widths, strict=True)) for row in (header, *rows))
    ]


def _write_table(title: str, header: Row, rows: list[Row]) -> None:
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
