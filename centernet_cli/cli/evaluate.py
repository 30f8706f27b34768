"""`centernet evaluate`: how good are these boxes, or the model that makes them?"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Literal

import typer

from centernet_cli.cli.data_options import LevelOption, ReplaceOption
from centernet_cli.cli.evaluate_classes import Renaming
from centernet_cli.cli.evaluate_inputs import read_truth
from centernet_cli.cli.evaluate_job import EvaluateJob, compare_two, score_one
from centernet_cli.cli.evaluate_report import check_report
from centernet_cli.cli.overrides import (
    FlipOption,
    InkOption,
    NmsOption,
    ResizeOption,
    ScalesOption,
    SizeOption,
    read_overrides,
)
from centernet_cli.core.errors import UsageError


def evaluate(
    what: Annotated[
        str, typer.Argument(metavar="MODEL|BOXES", help="A model's name, folder or file; or predictions (boxes.json).")
    ],
    dataset: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="DATASET", help="Annotated pages; each is a source. With --truth: another model to compare with."
        ),
    ] = None,
    *,
    truth: Annotated[
        list[Path] | None,
        typer.Option(
            "--truth", help="Annotated pages, when two models are compared; may be repeated.", metavar="DATASET"
        ),
    ] = None,
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
    class_map: Annotated[
        Path | None,
        typer.Option(
            "--class-map",
            metavar="FILE",
            help="YAML lines `old name: new name` for classes of the datasets and of the boxes found; an empty new "
            "name leaves the class out.",
        ),
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
        int,
        typer.Option("--bootstrap", help="Draws for 95 % intervals and p; 0: none.", metavar="N", min=0, max=100_000),
    ] = 1000,
    seed: Annotated[int, typer.Option("--seed", help="Of these draws.", metavar="N", min=0)] = 0,
    size: SizeOption = None,
    flip: FlipOption = None,
    scales: ScalesOption = None,
    resize: ResizeOption = None,
    nms: NmsOption = None,
    ink: InkOption = None,
    runtime: Annotated[
        Literal["auto", "torch", "openvino", "onnx"],
        typer.Option("--runtime", help="What runs a model; auto: torch on a GPU, openvino on the CPU."),
    ] = "auto",
    device: Annotated[
        str, typer.Option("--device", metavar="NAME", help="Where a model runs: auto, cpu, cuda, cuda:1, mps.")
    ] = "auto",
    precision: Annotated[
        Literal["auto", "fp32", "bf16", "fp16"],
        typer.Option("--precision", help="Of a model's arithmetic; auto: as `predict`."),
    ] = "auto",
    data_format: Annotated[str, typer.Option("--format", help="Of the datasets; auto finds out.")] = "auto",
    level: LevelOption = None,
    force: ReplaceOption = False,
) -> None:
    """Score a model, or boxes it found before, against annotated pages.

    Examples:
        centernet evaluate lines data/letters data/forms
        centernet evaluate boxes.json truth.json --threshold 0.3 --json
        centernet evaluate runs/lines-1 data/letters --min-f1 0.8 --report scores
        centernet evaluate old.json new.json --truth data/letters --report changes.html
        centernet evaluate lines data/letters --precision fp32
        centernet evaluate runs/coco-1 coco/annotations/instances_val2017.json --max-dets 100 --flip

    Precision, recall and F1 match boxes one to one within a class. One threshold serves all datasets: the one with the
    best mean F1 over them, unless --threshold is given. AP is that of COCO, over all pages together.

    A class is judged only on datasets that list it; --class-map makes names the same that aren't. Pages without
    predictions count as all missed.

    With --truth, two models or files of boxes are compared page by page; --min-ap and --min-f1 then judge the second.
    """
    from centernet_cli.inference.runtime import RuntimeOptions

    ious = _check_options(iou, {"--threshold": threshold, "--min-ap": min_ap, "--min-f1": min_f1})
    models, datasets = _sides(what, dataset or [], truth or [])
    if report is not None:
        check_report(report, [*map(Path, models), *datasets], force=force)
    renaming = Renaming.read(class_map)
    job = EvaluateJob(
        sources=tuple(read_truth(datasets, data_format, level, renaming)),
        renaming=renaming,
        scoring={"ious": ious, "max_dets": max_dets, "threshold": threshold, "evaluator": evaluator},
        draws=draws,
        seed=seed,
        only=only,
        runtime=RuntimeOptions(runtime=runtime, device=device, precision=precision),
        overrides=read_overrides(size=size, flip=flip, scales=scales, resize=resize, nms=nms, ink=ink),
        gates={"--min-ap": min_ap, "--min-f1": min_f1},
        report=report,
        worst=worst,
        as_json=as_json,
        errors=errors,
    )
    if len(models) == 1:
        score_one(job, models[0])
    else:
        compare_two(job, models[0], models[1])


def _sides(what: str, others: list[Path], truth: list[Path]) -> tuple[list[str], list[Path]]:
    """Return what to judge, and by which datasets."""
    if not truth:
        if not others:
            raise UsageError("U313", "no dataset to judge by", path="DATASET", hint="name one, or use --truth")
        return [what], others
    if len(others) > 1:
        hint = "repeat --truth before each dataset"
        raise UsageError("U313", f"{1 + len(others)} models or files of boxes; two can be compared", hint=hint)
    return [what, *map(str, others)], truth


def _check_options(iou: list[float] | None, shares: dict[str, float | None]) -> tuple[float, ...]:
    ious = tuple(dict.fromkeys(iou or (0.5, 0.75)))
    for value in ious:
        if not 0 < value <= 1:
            raise UsageError("U310", f"must be above 0 and at most 1, not {value:g}", path="--iou")
    for name, share in shares.items():
        if share is not None and not (math.isfinite(share) and 0 <= share <= 1):
            raise UsageError("U310", f"must be from 0 to 1, not {share:g}", path=name)
    return ious
