"""What `predict` writes, and whether it may: checked before the long work, written after it."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from centernet_cli import __version__
from centernet_cli.core.errors import OutputError, UsageError

if TYPE_CHECKING:
    from collections.abc import Collection

    from centernet_cli.inference.runtime import Runtime
    from centernet_cli.inference.sinks.sink import PageSink

SCHEMA_VERSION = 1
"""Of boxes.json; raised when a reader of the old form would misread the new one."""
OutputFormat = Literal["coco", "jsonl", "labelme"]
FOLDERS: frozenset[OutputFormat] = frozenset({"labelme"})
"""Formats that are folders of files."""
_JSON_LINES = frozenset({".jsonl", ".ndjson"})
_OURS = re.compile(rb'"program"\s*:\s*"centernet"|^{"(file_name|source)": .*"status": "(ok|failed)"')
_HEAD = 2048


def pick_format(name: str, out: Path | None) -> OutputFormat:
    """Return the format that `--format` and `--out` ask for.

    `auto` is labelme for a folder (one that exists, or a name that ends with a separator), JSON Lines for a file
    named `.jsonl` or `.ndjson`, else COCO.

    Raises:
        UsageError: A folder of files to stdout.
    """
    if name == "auto":
        if out is None:
            return "coco"
        if out.is_dir() or str(out).endswith(os.sep):
            return "labelme"
        return "jsonl" if out.suffix.lower() in _JSON_LINES else "coco"
    kind: OutputFormat = next(known for known in get_args(OutputFormat) if known == name)
    if kind in FOLDERS and out is None:
        raise UsageError("U704", f"{kind} is a folder of files", path="--format", hint="name it with --out")
    return kind


def check_output(out: Path, kind: OutputFormat, inputs: Collection[str], *, force: bool) -> None:
    """Find out before the long work whether `out` can and may be written.

    Args:
        out: File or folder, whichever the format is.
        kind: Format.
        inputs: Real paths of the input files.
        force: Replace what is there, unless it is an input.

    Raises:
        OutputError: O801 it cannot be written; O802 it is an input; O803 it would replace somebody else's data.
    """
    if os.path.realpath(out) in inputs:
        raise OutputError("O802", "the output is one of the inputs", path=out, hint="choose another --out")
    if kind in FOLDERS:
        if out.exists() and not out.is_dir():
            raise OutputError("O801", "cannot be written: not a folder", path=out)
        check_folder(out)
        if not force and out.is_dir() and next(out.iterdir(), None) is not None:
            raise OutputError("O803", "the folder is not empty", path=out, hint="--force writes into it all the same")
        return
    if out.is_dir():
        raise OutputError("O801", "cannot be written: is a directory", path=out, hint="name a file in it")
    if out.exists() and not out.is_file():
        return  # a device or pipe: opening it may block, and nothing there can be replaced
    check_folder(Path(os.path.realpath(out)).parent)
    if not force and out.is_file() and not _replaceable(out):
        raise OutputError(
            "O803", "exists, and was not written by `centernet predict`", path=out, hint="--force replaces it"
        )


def check_folder(folder: Path) -> None:
    """Find out whether files can be written to a folder, made if need be, without leaving anything there.

    Raises:
        OutputError: O801 they cannot.
    """
    existing = folder
    while not os.path.lexists(existing) and existing != existing.parent:
        existing = existing.parent
    try:
        with tempfile.TemporaryFile(dir=existing):
            pass
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise OutputError("O801", f"cannot be written: {reason}", path=existing) from error


def open_sink(kind: OutputFormat, out: Path | None) -> PageSink:
    """Return what takes the pages of a run and writes them as `kind`.

    Args:
        kind: Format.
        out: File or folder, as `check_output` found it to be writable; None: stdout.

    Raises:
        OutputError: There is no room for temporary files.
    """
    if kind == "jsonl":
        from centernet_cli.inference.sinks.json_lines import JsonLinesSink

        return JsonLinesSink(out)
    if kind == "labelme":
        from centernet_cli.inference.sinks.labelme import LabelmeSink

        assert out is not None  # pick_format sees to it
        return LabelmeSink(out)
    from centernet_cli.inference.sinks.coco import CocoSink

    return CocoSink(out)


def describe(runtime: Runtime, threshold: float, options: dict[str, object]) -> dict[str, object]:
    """Return the `info` of boxes.json: everything needed to get the same boxes again.

    Args:
        runtime: The model as it ran.
        threshold: Least score.
        options: Options of the command that change the boxes.
    """
    meta = runtime.meta
    return {
        "program": "centernet",
        "program_version": __version__,
        "schema_version": SCHEMA_VERSION,
        "description": f"Predictions of the centernet model '{meta.name}'",
        "model": {"name": meta.name, "sha256": meta.sha256, "page_size": meta.page_size},
        "threshold": threshold,
        "options": {
            "runtime": runtime.name,
            "device": runtime.device,
            "precision": runtime.precision,
            **options,
        },
    }


def _replaceable(path: Path) -> bool:
    """Say whether a file is empty or an earlier output of ours."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise OutputError("O801", f"cannot be written: {reason}", path=path) from error
    return not head or _OURS.search(head) is not None
