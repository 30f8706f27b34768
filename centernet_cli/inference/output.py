"""What `predict` writes, and whether it may: checked before the long work, written after it."""

from __future__ import annotations

import os
import re
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from centernet_cli import __version__
from centernet_cli.core.errors import OutputError, UsageError
from centernet_cli.inference.sinks.page_formats import PAGE_FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from centernet_cli.inference.runtime import Runtime
    from centernet_cli.inference.sinks.sink import PageSink

SCHEMA_VERSION = 1
"""Of boxes.json; raised when a reader of the old form would misread the new one."""
OutputFormat = Literal["coco", "jsonl", "csv", "parquet", "labelme", "yolo", "voc", "page", "alto", "hocr"]
_BY_SUFFIX: dict[str, OutputFormat] = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".parquet": "parquet",
    ".xml": "page",
    ".alto": "alto",
    ".hocr": "hocr",
    ".html": "hocr",
    ".htm": "hocr",
    ".xhtml": "hocr",
}
_SUFFIXES: dict[OutputFormat, str] = {"coco": ".json", "jsonl": ".jsonl", "csv": ".csv", "parquet": ".parquet"}
_HEAD = 2048


@dataclass(frozen=True, slots=True)
class Target:
    """What is written where.

    Attributes:
        kind: Format.
        path: File or folder; None: stdout.
        is_folder: Which of them it is.
        right_to_left: Which way pages are read, in formats that have a reading order.
    """

    kind: OutputFormat
    path: Path | None
    is_folder: bool = False
    right_to_left: bool = False


def pick_target(format: str, out: str | None) -> Target:  # noqa: A002 (the word users know)
    """Return what `--format` and `--out` ask for.

    An `out` that is a folder, or whose name ends with a separator, is one; of formats with a file a page, so is every
    name without the suffix of such a file. `auto` is labelme for a folder, for a file what its suffix says, else COCO.

    Args:
        format: A format or `auto`.
        out: What the user typed; None and `-`: stdout.

    Raises:
        UsageError: U704, a folder of files to stdout; U708, a format of one file into a folder.
    """
    path = None if out in {None, "-"} else Path(out or "")
    named = path is not None and (path.is_dir() or str(out).endswith((os.sep, "/")))
    kind: OutputFormat
    if format == "auto":
        kind = "labelme" if named else "coco" if path is None else _BY_SUFFIX.get(path.suffix.lower(), "coco")
    else:
        kind = next(known for known in get_args(OutputFormat) if known == format)
    if kind == "parquet" and path is None:
        raise UsageError("U704", "parquet cannot go to stdout", path="--format", hint="name a file with --out")
    if kind not in PAGE_FORMATS:
        if named and path is not None and not path.is_dir():
            hint = f"such as --out {path / ('boxes' + _SUFFIXES[kind])}"
            raise UsageError("U708", f"{kind} is one file, not a folder", path="--out", hint=hint)
        return Target(kind, path)
    if path is None:
        raise UsageError("U704", f"{kind} is a folder of files", path="--format", hint="name it with --out")
    form = PAGE_FORMATS[kind]
    return Target(kind, path, named or form.others is not None or path.suffix.lower() not in form.suffixes)


def from_right(target: Target) -> Target:
    """Return a target whose pages are read from right to left.

    Raises:
        UsageError: U720, its format has no reading order.
    """
    form = PAGE_FORMATS.get(target.kind)
    if form is None or form.from_right is None:
        message = f"{target.kind} has no reading order"
        raise UsageError("U720", message, path="--right-to-left", hint="--format page, alto and hocr have one")
    return replace(target, right_to_left=True)


def check_output(target: Target, inputs: Collection[str], *, force: bool) -> None:
    """Find out before the long work whether an output can and may be written.

    Args:
        target: File or folder; nothing is to be checked of stdout.
        inputs: Real paths of the input files.
        force: Replace what is there, unless it is an input.

    Raises:
        OutputError: O801 it cannot be written; O802 it is an input; O803 it would replace somebody else's data.
    """
    out = target.path
    if out is None:
        return
    if os.path.realpath(out) in inputs:
        raise OutputError("O802", "the output is one of the inputs", path=out, hint="choose another --out")
    if target.is_folder:
        if out.exists() and not out.is_dir():
            raise OutputError("O801", "cannot be written: not a folder", path=out)
        check_folder(out)
        if not force and out.is_dir() and next(out.iterdir(), None) is not None:
            raise OutputError("O803", "the folder is not empty", path=out, hint="--force writes into it all the same")
        return
    check_file(out, _OURS.get(target.kind), force=force)


def check_file(out: Path, ours: Callable[[Path], bool] | None, *, force: bool) -> None:
    """Find out whether a file can and may be written; whether it is an input is known elsewhere.

    Args:
        out: The file.
        ours: Tells that a file was written by this program, and may be replaced by it; None: such files may not.
        force: Replace whatever file it is.

    Raises:
        OutputError: O801 it cannot be written; O803 it would replace somebody else's data.
    """
    if out.is_dir():
        raise OutputError("O801", "cannot be written: is a directory", path=out, hint="name a file in it")
    if out.exists() and not out.is_file():
        return  # a device or pipe: opening it may block, and nothing there can be replaced
    check_folder(Path(os.path.realpath(out)).parent)
    if force or not out.is_file():
        return
    try:
        replaceable = not out.stat().st_size or (ours is not None and ours(out))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise OutputError("O801", f"cannot be written: {reason}", path=out) from error
    if replaceable:
        return
    what = "exists" if ours is None else "exists, and was not written by `centernet predict`"
    raise OutputError("O803", what, path=out, hint="--force replaces it")


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


def open_sink(target: Target, inputs: Collection[str] = ()) -> PageSink:
    """Return what takes the pages of a run and writes them.

    Args:
        target: As `check_output` found it to be writable.
        inputs: Real paths of the input files, which are not replaced.

    Raises:
        OutputError: There is no room for temporary files.
    """
    kind, out = target.kind, target.path
    # Each is imported when it is chosen.
    if kind == "jsonl":
        from centernet_cli.inference.sinks.json_lines import JsonLinesSink

        return JsonLinesSink(out)
    if kind == "csv":
        from centernet_cli.inference.sinks.csv_table import CsvSink

        return CsvSink(out)
    if kind == "coco":
        from centernet_cli.inference.sinks.coco import CocoSink

        return CocoSink(out)
    assert out is not None  # pick_target sees to it
    if kind == "parquet":
        from centernet_cli.inference.sinks.parquet import ParquetSink

        return ParquetSink(out)
    from centernet_cli.inference.sinks.page_files import OnePageSink, PageFilesSink

    form = PAGE_FORMATS[kind]
    if target.right_to_left and form.from_right is not None:
        form = replace(form, text=form.from_right)
    return PageFilesSink(form, out, inputs) if target.is_folder else OnePageSink(form, out)


def describe(runtimes: Sequence[Runtime], threshold: float | None, options: dict[str, object]) -> dict[str, object]:
    """Return the `info` of boxes.json: everything needed to get the same boxes again.

    Args:
        runtimes: The models as they ran.
        threshold: Least score; None: each model's own.
        options: Options of the command that change the boxes.
    """
    runtime = runtimes[0]
    thresholds = [one.meta.threshold if threshold is None else threshold for one in runtimes]
    models = [
        {
            "name": one.meta.name,
            "sha256": one.meta.sha256,
            "page_size": one.meta.page_size,
            "threshold": least,
        }
        for one, least in zip(runtimes, thresholds, strict=True)
    ]
    names = ",".join(one.meta.name for one in runtimes)
    only = {key: value for key, value in models[0].items() if key != "threshold"}
    return {
        "program": "centernet",
        "program_version": __version__,
        "schema_version": SCHEMA_VERSION,
        "description": f"Predictions of the centernet model '{names}'",
        **({"model": only} if len(models) == 1 else {"model": {"name": names}, "models": models}),
        "threshold": min(thresholds),
        "options": {
            "runtime": runtime.name,
            "device": runtime.device,
            "precision": runtime.precision,
            **options,
        },
    }


def begins_with(mark: re.Pattern[bytes]) -> Callable[[Path], bool]:
    """Return what tells whether there is a mark among the first bytes of a file."""

    def found(path: Path) -> bool:
        with path.open("rb") as file:
            return mark.search(file.read(_HEAD)) is not None

    return found


def _is_our_parquet(path: Path) -> bool:
    from centernet_cli.datasets.formats.parquet import is_ours

    return is_ours(path)


_OURS: dict[OutputFormat, Callable[[Path], bool]] = {
    "coco": begins_with(re.compile(rb'"program"\s*:\s*"centernet"')),
    "jsonl": begins_with(re.compile(rb'^{"(file_name|source)": .*"status": "(ok|failed)"')),
    "csv": begins_with(re.compile(rb"^image,page,width,height,label,x0,y0,x1,y1,score,crowd,polygon,status\n")),
    "parquet": _is_our_parquet,
}
"""Outputs of a whole run, which the next run may replace. Files of single pages are there to be worked on."""
