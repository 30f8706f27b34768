"""`centernet evaluate`: how good are these boxes, or the model that makes them?"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from centernet_cli.cli import console
from centernet_cli.cli.evaluate_inputs import get_predictions, read_truth, shared_classes
from centernet_cli.cli.evaluate_report import check_report, score_document, tell, write_report
from centernet_cli.cli.overrides import (
    FlipOption,
    InkOption,
    NmsOption,
    ResizeOption,
    ScalesOption,
    SizeOption,
    read_overrides,
)
from centernet_cli.core.errors import GateError, PartialError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from centernet_cli.core.records import Dataset
    from centernet_cli.evaluation.pairing import Pairing, TruthSource
    from centernet_cli.evaluation.summary import Scoring, Summary


def evaluate(
    what: Annotated[
        str, typer.Argument(metavar="MODEL|BOXES", help="A model's name, folder or file; or predictions (boxes.json).")
    ],
    dataset: Annotated[
        list[Path], typer.Argument(metavar="DATASET", help="Annotated pages; each one given is a source.")
    ],
    *,
    iou: Annotated[
        list[float] | None,
        typer.Option("--iou", help="Least overlap of a match; may be repeated. [default: 0.5 and 0.75]", metavar="F"),
    ] = None,
    threshold: Annotated[
        float | None,
        typer.Option("--threshold", help="Count boxes with this score; default: the best for each IoU.", metavar="F"),
    ] = None,
    max_dets: Annotated[
        int, typer.Option("--max-dets", help="Boxes of a class on a page that count for AP.", metavar="N", min=1)
    ] = 2000,
    only: Annotated[
        list[str] | None,
        typer.Option("--class", help="Score only this class; may be repeated.", metavar="NAME"),
    ] = None,
    min_ap: Annotated[
        float | None, typer.Option("--min-ap", help="Exit with 10 if the AP is lower.", metavar="F")
    ] = None,
    min_f1: Annotated[
        float | None,
        typer.Option("--min-f1", help="Exit with 10 if the mean F1 at the first IoU is lower.", metavar="F"),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(
            "--report",
            help="Write a page with curves and the worst pages: FILE.html, or a folder (plus scores.json, pages.csv).",
            metavar="PATH",
        ),
    ] = None,
    worst: Annotated[
        int, typer.Option("--worst", help="Pages that the report draws, the worst first.", metavar="N", min=0, max=1000)
    ] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="Write the scores as JSON.")] = False,
    errors: Annotated[
        bool, typer.Option("--errors", help="Also tell what is wrong: missed, split, merged, loose, by size.")
    ] = False,
    evaluator: Annotated[
        Literal["pycocotools", "fast"],
        typer.Option("--evaluator", help="Of AP. fast: the same numbers sooner; needs the extra fast-eval."),
    ] = "pycocotools",
    draws: Annotated[
        int, typer.Option("--bootstrap", help="Draws for 95 % intervals; 0: none.", metavar="N", min=0, max=100_000)
    ] = 1000,
    seed: Annotated[int, typer.Option("--seed", help="Of these draws.", metavar="N", min=0)] = 0,
    size: SizeOption = None,
    flip: FlipOption = None,
    scales: ScalesOption = None,
    resize: ResizeOption = None,
    nms: NmsOption = None,
    ink: InkOption = None,
    device: Annotated[str, typer.Option("--device", help="Where a model runs: auto, cpu, cuda, mps.")] = "auto",
    data_format: Annotated[str, typer.Option("--format", help="Of the datasets: auto, coco or labelme.")] = "auto",
) -> None:
    """Score a model, or boxes it found before, against annotated pages.

    Examples:
        centernet evaluate lines data/letters data/forms
        centernet evaluate boxes.json truth.json --threshold 0.3 --json
        centernet evaluate runs/lines-1 data/letters --min-f1 0.8 --report scores
        centernet evaluate runs/coco-1 coco/annotations/instances_val2017.json --max-dets 100 --flip

    Precision, recall and F1 match boxes one to one within a class. One threshold serves all datasets: the one with the
    best mean F1 over them, unless --threshold is given. AP is that of COCO, over all pages together.

    A class is judged only on datasets that list it. Pages without predictions count as all missed.
    """
    ious = _check_options(iou, {"--threshold": threshold, "--min-ap": min_ap, "--min-f1": min_f1})
    overrides = read_overrides(size=size, flip=flip, scales=scales, resize=resize, nms=nms, ink=ink)
    from centernet_cli.evaluation.summary import Scoring

    scoring = Scoring(ious=ious, max_dets=max_dets, threshold=threshold, evaluator=evaluator, draws=draws, seed=seed)
    if report is not None:
        check_report(report)
    sources = read_truth(dataset, data_format)
    predictions, model = get_predictions(what, sources, device, overrides)
    classes, left_out = shared_classes(sources, predictions.classes, only, what)
    summary, pairing = _score(sources, predictions, classes, scoring)
    gates = [
        {"name": name, "required": least, "value": value, "met": value is not None and value >= least}
        for name, least, value in (
            ("--min-ap", min_ap, summary.coco.ap),
            ("--min-f1", min_f1, summary.boxes.at[0].f1),
        )
        if least is not None
    ]
    document = score_document(what, model, sources, pairing, predictions, left_out, summary, gates)
    tell(pairing, predictions, left_out, summary)
    if report is not None:
        write_report(report, document, summary, sources, worst)
    if as_json:
        console.write_json(document)
    else:
        from centernet_cli.cli.score_table import write_sizes, write_summary

        write_summary(summary)
        if errors:
            from centernet_cli.cli.error_table import write_errors

            write_sizes(summary)
            write_errors(summary.errors)
    _end(gates, predictions if model else None)


def _check_options(iou: list[float] | None, shares: dict[str, float | None]) -> tuple[float, ...]:
    ious = tuple(dict.fromkeys(iou or (0.5, 0.75)))
    for value in ious:
        if not 0 < value <= 1:
            raise UsageError("U310", f"must be above 0 and at most 1, not {value:g}", path="--iou")
    for name, share in shares.items():
        if share is not None and not (math.isfinite(share) and 0 <= share <= 1):
            raise UsageError("U310", f"must be from 0 to 1, not {share:g}", path=name)
    return ious


def _score(
    sources: Sequence[TruthSource], predictions: Dataset, classes: Sequence[str], scoring: Scoring
) -> tuple[Summary, Pairing]:
    from centernet_cli.evaluation.pairing import pair_pages
    from centernet_cli.evaluation.summary import summarise

    pairing = pair_pages(sources, predictions)
    with console.progress("scoring", scoring.steps(len(pairing.pairs)), "steps") as progress:
        return summarise(pairing.pairs, classes, scoring, progress.advance), pairing


def _end(gates: Sequence[dict[str, Any]], predictions: Dataset | None) -> None:
    """Raise for gates that aren't met, or for pages that couldn't be read just now."""
    failed = []
    for gate in gates:
        if not gate["met"]:
            value = "undefined" if gate["value"] is None else f"{gate['value']:.4f}"
            failed.append(f"{gate['name']} {gate['required']:g} not met: {value}")
    if failed:
        raise GateError("G101", "; ".join(failed))
    if predictions is not None and predictions.failures:
        raise PartialError("D065", f"{len(predictions.failures)} pages could not be read; they count as all missed")
