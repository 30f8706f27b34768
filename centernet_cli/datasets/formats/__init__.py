"""Annotation formats: each is a reader into records, a writer from them, and a way to recognise it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from centernet_cli.core.errors import InputError, UsageError
from centernet_cli.datasets.formats.coco import looks_like_coco, read_coco, sniff_coco, write_coco
from centernet_cli.datasets.formats.labelme import read_labelme, sniff_labelme, write_labelme

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from centernet_cli.core.records import Dataset
    from centernet_cli.datasets.formats.tally import Tally

__all__ = ["FORMATS", "Format", "detect_format", "looks_like_coco", "read_dataset"]


class Reader(Protocol):
    """Reads a dataset from a file or folder."""

    def __call__(self, path: Path, /, *, tally: Tally | None = None) -> Dataset: ...


class Writer(Protocol):
    """Writes a dataset to a file or folder."""

    def __call__(self, dataset: Dataset, path: Path, /, *, tally: Tally | None = None) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One annotation format.

    Attributes:
        read: Reader; takes what `sniff` accepts.
        write: Writer.
        sniff: Tells from the content whether a file or folder is of this format; never raises.
        description: What it is, in a few words.
        output: Name of what is written when the user names nothing; a folder unless it has a suffix.
    """

    read: Reader
    write: Writer
    sniff: Callable[[Path], bool]
    description: str
    output: str


FORMATS: dict[str, Format] = {
    "coco": Format(
        read=read_coco,
        write=write_coco,
        sniff=sniff_coco,
        description="COCO object detection, one JSON file",
        output="annotations.json",
    ),
    "labelme": Format(
        read=read_labelme,
        write=write_labelme,
        sniff=sniff_labelme,
        description="labelme and X-AnyLabeling, a JSON file for each image",
        output="labelme",
    ),
}


def detect_format(path: Path) -> str:
    """Return the name of the format that a file or folder is in.

    Raises:
        InputError: D031 none is recognised, D032 several are.
    """
    found = [name for name, entry in FORMATS.items() if entry.sniff(path)]
    if not found:
        message = "no annotation format recognised" if path.exists() else "no such file or folder"
        raise InputError("D031", message, path=path, hint=f"formats: {', '.join(FORMATS)}")
    if len(found) > 1:
        raise InputError("D032", f"holds several formats: {', '.join(found)}", path=path, hint="name the one to read")
    return found[0]


def read_dataset(path: Path, format: str = "auto", *, tally: Tally | None = None) -> Dataset:  # noqa: A002 (the word users know)
    """Read a dataset.

    Args:
        path: File or folder.
        format: A key of `FORMATS`, or `auto`.
        tally: Counts what became of each shape.

    Raises:
        UsageError: U301, no such format.
        InputError: The format is not recognised, or what its reader raises.
    """
    if format == "auto":
        format = detect_format(path)  # noqa: A001
    if format not in FORMATS:
        raise UsageError("U301", f"unknown format '{format}'", hint=f"formats: auto, {', '.join(FORMATS)}")
    return FORMATS[format].read(path, tally=tally)
