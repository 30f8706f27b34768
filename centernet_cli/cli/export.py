"""`centernet export`: a model as a graph for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from centernet_cli.cli import console
from centernet_cli.core.errors import InputError, OutputError, UsageError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


def export(
    model: Annotated[str, typer.Argument(help="Name of a shipped model, a run folder or a weights file.")],
    target: Annotated[Literal["onnx", "openvino", "torchscript"], typer.Option("--to", help="Kind of file.")],
    *,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="PATH", help="File to write. [default: the model's name, here]"),
    ] = None,
    page: Annotated[
        Path | None,
        typer.Option("--page", metavar="FILE", help="Page to compare on. [default: one that comes with the program]"),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace OUT.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON to stdout.")] = False,
) -> None:
    """Write a model as one graph, pixels in and boxes out, for other programs or `predict --model`.

    Examples:
        centernet export lines --to onnx
        centernet export runs/letters --to openvino --out letters.xml
        centernet predict scans/ --model letters.xml --out boxes.json

    The graph is compared with torch on a page at several sizes before it is kept. It takes pages of any size (sides
    that are multiples of 32) and any number of them at once; docs/runtimes.md tells what goes in and comes out.
    OpenVINO's graph is two files, .xml and .bin.
    """
    from centernet_cli.inference.export import SUFFIXES, export_model
    from centernet_cli.models.zoo import load_model

    loaded = load_model(model)
    suffix = SUFFIXES[target]
    path = Path(f"{Path(loaded.meta.name).name}{suffix}") if out is None else out
    if path.suffix.lower() != suffix and target != "torchscript":
        raise UsageError("U710", f"a file of {target} ends in {suffix}, not in '{path.suffix}'", path=path)
    parts = [path, path.with_suffix(".bin")] if target == "openvino" else [path]
    for part in parts:
        if part.exists() and not force:
            raise OutputError("O803", "exists already", path=part, hint="--force replaces it")
    console.say(f"exporting {loaded.meta.name} with torch and comparing it, which may take a minute or two")
    parity = export_model(loaded, target, path, read_page(page))
    size = sum(part.stat().st_size for part in parts)
    console.say(f"{loaded.meta.name}: {size / 1e6:.1f} MB, {parity}")
    if as_json:
        found = {"boxes": parity.boxes, "score": parity.score, "pixels": parity.pixels, "sizes": parity.sizes}
        facts = {"path": str(path), "bytes": size, "sha256": loaded.meta.sha256, "parity": found}
        console.write_json({"schema_version": 1, **facts})
    else:
        console.write(str(path))


def read_page(path: Path | None) -> npt.NDArray[np.uint8]:
    """Read the first page of a file; None: the page that comes with the program.

    Raises:
        InputError: It cannot be read.
    """
    from centernet_cli.core.records import Failure
    from centernet_cli.models.shelf import PARITY_PAGE
    from centernet_cli.pages.options import PageOptions
    from centernet_cli.pages.source import read_pages

    source = PARITY_PAGE if path is None else path
    first = next(iter(read_pages(source, PageOptions(pages=((1, 1),)))), None)
    if first is None or isinstance(first, Failure):
        code, message = ("I111", "has no page") if first is None else (first.code, first.message)
        raise InputError(code, message, path=source)
    return first.pixels
