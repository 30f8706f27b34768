"""What `evaluate` says besides the scores: JSON, notices and the report folder."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

from centernet_cli import __version__
from centernet_cli.cli import console
from centernet_cli.core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from centernet_cli.core.records import Dataset
    from centernet_cli.evaluation.compare import Comparison
    from centernet_cli.evaluation.pairing import Pairing, TruthSource
    from centernet_cli.evaluation.summary import Summary

SHOWN_NAMES = 3
PAGE, SCORES, TABLE = "report.html", "scores.json", "pages.csv"
"""What is in the folder of a report."""


def score_document(
    what: str,
    model: dict[str, Any] | None,
    sources: Sequence[TruthSource],
    pairing: Pairing,
    predictions: Dataset,
    left_out: dict[str, list[str]],
    summary: Summary,
    gates: list[dict[str, Any]],
) -> dict[str, Any]:
    """Return everything there is to know about an evaluation, JSON-serialisable."""
    from centernet_cli.evaluation.summary_json import summary_to_json

    return {
        **summary_to_json(summary),
        "program": "centernet",
        "program_version": __version__,
        "what": what,
        "model": model if model is not None else predictions.info.get("model"),
        "classes_left_out": left_out,
        "sources": [
            {"name": source.name, "pages": len(source.dataset.pages), "classes": list(source.dataset.classes)}
            for source in sources
        ],
        "pages": {
            "truth": len(pairing.pairs),
            "missing": list(pairing.missing),
            "extra": len(pairing.extra),
            "rescaled": pairing.rescaled,
        },
        "failures": [
            {"source": one.source, "page": one.page, "code": one.code, "message": one.message}
            for one in predictions.failures
        ],
        "gates": gates,
    }


def tell(pairing: Pairing, predictions: Dataset, left_out: dict[str, list[str]], summary: Summary) -> None:
    """Say on stderr what the scores don't show."""
    for failure in predictions.failures:
        page = "" if failure.page is None else f"#{failure.page}"
        console.warn(str(InputError(failure.code, failure.message, path=f"{failure.source}{page}")))
    if pairing.missing:
        names = "; ".join(pairing.missing[:SHOWN_NAMES]) + ("; ..." if len(pairing.missing) > SHOWN_NAMES else "")
        console.warn(
            f"{len(pairing.missing)} of {len(pairing.pairs)} pages have no predictions and count as all missed: {names}"
        )
    if not any(page.annotations for page in predictions.pages):
        console.warn("no box was found on any page: all of the truth counts as missed")
    if pairing.extra:
        one = len(pairing.extra) == 1
        which = "page is not in the truth and doesn't" if one else "pages are not in the truth and don't"
        console.say(f"{len(pairing.extra)} predicted {which} count")
    if pairing.rescaled:
        console.say(f"predictions of {pairing.rescaled} pages are scaled to the size of the truth")
    if left_out["truth"]:
        console.warn(f"not scored, as nothing predicts them: {', '.join(left_out['truth'])}")
    if left_out["predictions"]:
        console.say(f"not scored, as the truth doesn't annotate them: {', '.join(left_out['predictions'])}")
    if summary.coco.over_max_dets:
        console.warn(
            f"{summary.coco.over_max_dets} pages have more boxes of a class than --max-dets {summary.coco.max_dets}"
        )


def check_report(path: Path, inputs: Sequence[Path], *, force: bool) -> None:
    """Refuse a report that could not or must not be written, before the work is done.

    A folder is ours, or has none of the report's files.

    Args:
        path: One HTML file, or a folder.
        inputs: Files and folders that are read.
        force: Replace whatever is there, but what is read.

    Raises:
        OutputError: O801 it cannot be written, O802 it is an input, O803 somebody else's files are there.
    """
    from centernet_cli.cli.data_reports import check_reports
    from centernet_cli.core.errors import OutputError
    from centernet_cli.inference.output import check_folder
    from centernet_cli.rendering.own_files import is_report

    if not is_page(path):
        check_folder(path)
    page = path if is_page(path) else path / PAGE
    files = [page] if is_page(path) else [page, path / SCORES, path / TABLE]
    check_reports([page], force=force)
    there = [file for file in files if file.is_file()]
    if not there or (page in there and is_report(page)):
        return
    real = {file.resolve(): file for file in there}
    for given in (one.resolve() for one in inputs if one.exists()):
        if found := next((file for place, file in real.items() if place.is_relative_to(given)), None):
            raise OutputError("O802", "the output is one of the inputs", path=found, hint="choose another name")
    if not force and page not in there:
        raise OutputError("O803", "exists, without a report beside it", path=there[0], hint="--force replaces it")


def is_page(path: Path) -> bool:
    """Tell a report that is one file from a folder."""
    return path.suffix.lower() in {".html", ".htm"}


def comparison_document(comparison: Comparison, models: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return everything there is to know about a comparison, JSON-serialisable.

    Args:
        comparison: What changed.
        models: Both models' own documents.
    """
    from centernet_cli.evaluation.compare_json import comparison_to_json

    shared = ("schema_version", "program", "program_version")
    return {
        **{key: models[1][key] for key in shared},
        **comparison_to_json(comparison),
        "models": [{key: value for key, value in one.items() if key not in shared} for one in models],
    }


def write_comparison(
    path: Path, document: dict[str, Any], comparison: Comparison, sources: Sequence[TruthSource], worst: int
) -> None:
    """Write the report of a comparison: one HTML file, or a folder of report.html, scores.json and pages.csv.

    Raises:
        OutputError: O801, it cannot be written.
    """
    from centernet_cli.cli.compare_html import comparison_page
    from centernet_cli.cli.compare_table import page_rows

    header, rows = page_rows(comparison, comparison.pages)
    table = [header, *([_cell(row[0]), _cell(row[1]), *(cell.replace(",", "") for cell in row[2:])] for row in rows)]
    _write(path, comparison_page(document, comparison, sources, worst), document, table)


def write_report(
    path: Path, document: dict[str, Any], summary: Summary, sources: Sequence[TruthSource], worst: int
) -> None:
    """Write the report: one HTML file, or a folder of report.html, scores.json, and pages.csv with the worst first.

    Raises:
        OutputError: O801, it cannot be written.
    """
    from centernet_cli.cli.evaluate_html import evaluation_page

    _write(path, evaluation_page(document, summary, sources, worst), document, _page_cells(summary))


def _write(path: Path, page: str, document: dict[str, Any], table: Sequence[Sequence[object]]) -> None:
    from centernet_cli.core.safe_io import atomic_folder, atomic_write_text, dump_json

    if is_page(path):
        atomic_write_text(path, page)
        return
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(table)
    with atomic_folder(path) as stage:
        atomic_write_text(stage / PAGE, page)
        dump_json(stage / SCORES, document)
        atomic_write_text(stage / TABLE, text.getvalue())


def _page_cells(summary: Summary) -> list[list[object]]:
    first = summary.boxes.at[0]
    pages = summary.table.pages(first.iou, first.threshold)
    pages.sort(key=lambda item: 2.0 if item[1].f1 is None else item[1].f1)
    table: list[list[object]] = [
        ["source", "page", "iou", "threshold", "boxes", "detections", "matched", "precision", "recall", "f1"]
    ]
    for index, scores in pages:
        pair = summary.pairs[index]
        shares = ("" if value is None else f"{value:.4f}" for value in (scores.precision, scores.recall, scores.f1))
        counts = (scores.truths, scores.detections, scores.matched)
        table.append([_cell(pair.source), _cell(pair.name), first.iou, first.threshold, *counts, *shares])
    return table


def _cell(text: str) -> str:
    """Keep spreadsheets from taking a file's name for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
