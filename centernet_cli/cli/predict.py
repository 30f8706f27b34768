"""`centernet predict`: pages in, boxes out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, cast

import typer

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

MAX_WORKERS = 512
MIN_TILE, MAX_TILE = 256, 8192
if TYPE_CHECKING:
    from centernet_cli.inference.tiles import TileOption

_PAGES, _SPEED, _OUTPUT = "Pages", "Speed", "Output"


def predict(
    inputs: Annotated[
        list[str],
        typer.Argument(metavar="INPUTS", help="Files, folders, globs, @list.txt, or - for names on stdin."),
    ],
    out: Annotated[
        str | None,
        typer.Option(
            "--out",
            "-o",
            metavar="PATH",
            help="File, or folder (name it with a / at its end), to write. [default: stdout]",
            rich_help_panel=_OUTPUT,
        ),
    ] = None,
    model: Annotated[
        str,
        typer.Option(
            "--model",
            "-m",
            metavar="NAME|PATH",
            help="lines, regions, both (lines,regions), a run folder, weights or an exported graph.",
        ),
    ] = "lines",
    output_format: Annotated[
        Literal["auto", "coco", "jsonl", "csv", "parquet", "labelme", "yolo", "voc", "page", "alto", "hocr"],
        typer.Option(
            "--format",
            help="auto: by the suffix of --out, labelme for a folder, else COCO.",
            rich_help_panel=_OUTPUT,
        ),
    ] = "auto",
    right_to_left: Annotated[
        bool,
        typer.Option(
            "--right-to-left",
            help="With page, alto or hocr: the reading order of Arabic, Hebrew, upright Japanese.",
            rich_help_panel=_OUTPUT,
        ),
    ] = False,
    overlay: Annotated[
        Path | None,
        typer.Option(
            "--overlay",
            metavar="DIR",
            help="Folder for pictures of the pages with their boxes.",
            rich_help_panel=_OUTPUT,
        ),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(
            "--report",
            metavar="FILE",
            help="HTML file with all pages, counts, scores and failures.",
            rich_help_panel=_OUTPUT,
        ),
    ] = None,
    annotate_pdf: Annotated[
        str | None,
        typer.Option(
            "--annotate-pdf",
            metavar="DIR|FILE.pdf",
            help="Copies of the PDFs with the boxes as annotations.",
            rich_help_panel=_OUTPUT,
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace an --out that predict did not write.", rich_help_panel=_OUTPUT)
    ] = False,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume", help="Go on where an earlier run with the same --out was cut off.", rich_help_panel=_OUTPUT
        ),
    ] = False,
    shard: Annotated[
        str | None,
        typer.Option(
            "--shard",
            metavar="I/N",
            help="Only the I-th of N parts of the inputs, for several machines.",
            rich_help_panel=_PAGES,
        ),
    ] = None,
    summary: Annotated[
        bool, typer.Option("--json", help="With --out: print counts as JSON to stdout.", rich_help_panel=_OUTPUT)
    ] = False,
    threshold: Annotated[
        float | None,
        typer.Option("--threshold", "-t", min=0.0, max=1.0, help="Least score of a box. [default: the model's]"),
    ] = None,
    size: SizeOption = None,
    flip: FlipOption = None,
    scales: ScalesOption = None,
    resize: ResizeOption = None,
    nms: NmsOption = None,
    ink: InkOption = None,
    tile: Annotated[
        str,
        typer.Option(
            "--tile",
            metavar="auto|on|off|N",
            help="Look at pages in tiles: where text is very small (auto), always, never, or always and N pixels wide.",
        ),
    ] = "auto",
    pages: Annotated[
        str | None,
        typer.Option(
            "--pages",
            metavar="RANGES",
            help="Pages of PDFs and multi-page images, such as 1-5,9.",
            rich_help_panel=_PAGES,
        ),
    ] = None,
    dpi: Annotated[
        float | None,
        typer.Option(
            "--dpi",
            help="Resolution for PDFs. [default: as much as the network needs]",
            rich_help_panel=_PAGES,
        ),
    ] = None,
    pdf_backend: Annotated[
        Literal["auto", "pdfium", "poppler"],
        typer.Option("--pdf-backend", help="What renders PDFs; auto is pdfium.", rich_help_panel=_PAGES),
    ] = "auto",
    password_file: Annotated[
        Path | None,
        typer.Option(
            "--password-file",
            metavar="FILE",
            help="File whose first line opens encrypted PDFs.",
            rich_help_panel=_PAGES,
        ),
    ] = None,
    max_megapixels: Annotated[
        float,
        typer.Option("--max-megapixels", help="Pages with more are refused before decoding.", rich_help_panel=_PAGES),
    ] = 250.0,
    page_timeout: Annotated[
        float,
        typer.Option(
            "--page-timeout", metavar="SECONDS", help="A page that takes longer fails.", rich_help_panel=_PAGES
        ),
    ] = 120.0,
    fail_fast: Annotated[
        bool,
        typer.Option(
            "--fail-fast", help="Stop at the first page that fails, and write no boxes.", rich_help_panel=_PAGES
        ),
    ] = False,
    batch_size: Annotated[
        int,
        typer.Option(
            "--batch-size",
            min=1,
            max=1024,
            help="Pages of equal shape run together; helps GPUs.",
            rich_help_panel=_SPEED,
        ),
    ] = 1,
    workers: Annotated[
        str,
        typer.Option(
            "--workers",
            metavar="auto|N",
            help="Processes that read pages, and run the network in long runs on the CPU; 0: none besides this one.",
            rich_help_panel=_SPEED,
        ),
    ] = "auto",
    runtime: Annotated[
        Literal["auto", "torch", "openvino", "onnx"],
        typer.Option(
            "--runtime",
            help="What runs the network; auto: torch on a GPU, openvino on the CPU.",
            rich_help_panel=_SPEED,
        ),
    ] = "auto",
    engine: Annotated[
        Literal["local", "ray"],
        typer.Option(
            "--engine",
            help="ray: many machines, files of any fsspec file system, --out a folder of parts.",
            rich_help_panel=_SPEED,
        ),
    ] = "local",
    ray_address: Annotated[
        str | None,
        typer.Option(
            "--ray-address",
            metavar="ADDRESS",
            help="Of a running Ray cluster. [default: Ray on this machine]",
            rich_help_panel=_SPEED,
        ),
    ] = None,
    device: Annotated[
        str, typer.Option("--device", metavar="NAME", help="auto, cpu, cuda, cuda:1, mps.", rich_help_panel=_SPEED)
    ] = "auto",
    precision: Annotated[
        Literal["auto", "fp32", "bf16", "fp16"],
        typer.Option("--precision", help="auto: the fastest that the device has in hardware.", rich_help_panel=_SPEED),
    ] = "auto",
    compiled: Annotated[
        bool,
        typer.Option("--compile", help="With --runtime torch: compile the network first.", rich_help_panel=_SPEED),
    ] = False,
) -> int:
    """Find text lines or regions on pages and write their boxes.

    Examples:
        centernet predict scans/ --out boxes.json --overlay overlays
        centernet predict thesis.pdf --pages 1-5,9 --model regions > regions.json
        centernet predict photos/ --model runs/coco-1 --flip --scales 0.5,0.75,1,1.25,1.5 --out boxes.json
        find archive -name '*.tif' | centernet predict - --out boxes.json

    The boxes are in pixels of the page as shown, in a COCO file that pycocotools and annotation tools read as it is. A
    page that fails is reported and recorded in the file; the others go on, and the exit code is then 5 (4 if none
    succeeded: nothing is written).
    """
    from centernet_cli.cli.predict_job import PredictJob
    from centernet_cli.inference.runtime import RuntimeOptions
    from centernet_cli.inference.worker_pool import WorkerPool
    from centernet_cli.pages.options import PageOptions, parse_page_ranges

    overrides = read_overrides(size=size, flip=flip, scales=scales, resize=resize, nms=nms, ink=ink)
    options = PageOptions(
        dpi=dpi,
        pages=None if pages is None else parse_page_ranges(pages),
        pdf_backend=pdf_backend,
        password=None if password_file is None else _password(password_file),
        max_megapixels=max_megapixels,
        timeout=page_timeout,
        **({} if size is None else {"target_long_side": max(size, PageOptions().target_long_side)}),
    )
    chosen: dict[str, object] = {
        **overrides.options(),
        "tile": tile,
        "dpi": dpi,
        "pages": pages,
        "pdf_backend": pdf_backend,
        "max_megapixels": max_megapixels,
    }
    job = PredictJob(
        model=model,
        runtime=RuntimeOptions(runtime=runtime, device=device, precision=precision, compiled=compiled),
        threshold=threshold,
        overrides=overrides,
        batch_size=batch_size,
        workers=_workers(workers),
        tile=_tile(tile),
        fail_fast=fail_fast,
        options=chosen,
    )
    if engine == "ray":
        from centernet_cli.cli.predict_ray import predict_ray

        extras_asked = {"--overlay": overlay, "--report": report, "--annotate-pdf": annotate_pdf}
        return predict_ray(
            job,
            inputs,
            options,
            out=out,
            output_format=output_format,
            shard=shard,
            address=ray_address,
            summary=summary,
            resume=resume,
            force=force,
            unusable={
                **extras_asked,
                "--password-file": password_file,
                "--fail-fast": fail_fast,
                "--right-to-left": right_to_left,
            },
        )
    if ray_address is not None:
        raise UsageError("U707", "needs --engine ray", path="--ray-address")
    with WorkerPool(page_timeout) as pool:
        if job.workers != 0:
            pool.grow(job.workers or 1, batch_size)  # they start while this process imports the rest
            job.pool = pool
        from centernet_cli.cli.predict_local import Outputs, predict_local

        outputs = Outputs(
            out=out,
            output_format=output_format,
            right_to_left=right_to_left,
            overlay=overlay,
            report=report,
            annotate_pdf=annotate_pdf,
            force=force,
            resume=resume,
            summary=summary,
        )
        return predict_local(job, inputs, options, outputs, shard)


def _password(path: Path) -> str:
    """Return the first line of a file; passwords on the command line would be seen by everybody on the machine."""
    try:
        with path.open(encoding="utf-8") as file:
            return file.readline().rstrip("\r\n")
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UsageError("U706", f"cannot be read: {reason}", path=path, hint="see --password-file") from error
    except UnicodeDecodeError as error:
        raise UsageError("U706", "is not UTF-8 text", path=path, hint="see --password-file") from error


def _tile(text: str) -> TileOption:
    """Return what `--tile` asks for."""
    if text in {"auto", "on", "off"}:
        return cast("TileOption", text)
    if not text.isascii() or not text.isdigit() or not MIN_TILE <= int(text) <= MAX_TILE:
        message = f"must be auto, on, off or a number from {MIN_TILE} to {MAX_TILE}, not '{text}'"
        raise UsageError("U111", message, path="--tile")
    return int(text)


def _workers(text: str) -> int | None:
    """Return the number of worker processes, None for `auto`."""
    if text == "auto":
        return None
    if not text.isascii() or not text.isdigit() or int(text) > MAX_WORKERS:
        raise UsageError("U111", f"must be auto or a number from 0 to {MAX_WORKERS}, not '{text}'", path="--workers")
    return int(text)
