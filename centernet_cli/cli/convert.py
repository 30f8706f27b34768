"""`centernet convert`: annotations from one format to another, with an account of every shape."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from centernet_cli.cli.collector import collector_paused
from centernet_cli.cli.data_options import ForceOption, ImagesOption, LevelOption, SourcesArgument


def convert(
    from_: Annotated[
        str,
        typer.Argument(
            metavar="FROM",
            help="Format to read: coco, labelme, yolo, voc, cvat, label_studio, via, csv, jsonl, parquet, page, alto, "
            "hocr, or auto; voc_from_0 or voc_from_1 where voc would count pixels wrongly.",
        ),
    ],
    to: Annotated[
        str,
        typer.Argument(metavar="TO", help="Format to write: one of the same, or yolo_segment or yolo_obb."),
    ],
    src: SourcesArgument = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="PATH",
            help="File or folder to write. [default: a name for each format, such as annotations.json]",
        ),
    ] = None,
    class_map: Annotated[
        Path | None,
        typer.Option(
            "--class-map", metavar="FILE", help="YAML lines `old name: new name`; an empty new name drops the class."
        ),
    ] = None,
    level: LevelOption = None,
    images: ImagesOption = "none",
    strict: Annotated[
        bool, typer.Option("--strict", help="Write nothing if a shape would be reduced or dropped.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check and count; write nothing.")] = False,
    force: ForceOption = False,
    summary: Annotated[bool, typer.Option("--json", help="Print the account as JSON to stdout.")] = False,
) -> int:
    """Convert annotations from one format to another.

    Examples:
        centernet convert labelme coco
        centernet convert labelme coco scans/ --out dataset/ --images copy
        centernet convert coco yolo annotations.json --out dataset/ --images link
        centernet convert auto coco first.zip second/ --out both.json --class-map names.yaml

    A closing table accounts for every shape: converted, reduced (a mask to its box) or dropped, and why. Several
    sources are joined, with classes by name. File names in the output are relative to it where the images lie below
    it. If anything in the input is wrong, all of it is reported and nothing is written (exit code 4).
    """
    from centernet_cli.cli.convert_job import Job, run

    job = Job(
        source_format=from_.replace("-", "_"),
        target_format=to.replace("-", "_"),
        sources=tuple(src or [Path()]),
        out=out,
        class_map=class_map,
        level=level,
        images=images,
        strict=strict,
        dry_run=dry_run,
        force=force,
        summary=summary,
    )
    with collector_paused():
        return run(job)
