"""A folder of datasets: exports in formats of one file have folders `train`, `valid` and `test`, each with its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from centernet_cli.core.errors import CenterNetError
from centernet_cli.datasets.formats.peek import peeking
from centernet_cli.datasets.formats.table import FORMATS
from centernet_cli.datasets.formats.unrecognised import annotation_files

if TYPE_CHECKING:
    from pathlib import Path

_NAMES = frozenset({"train", "training", "val", "valid", "validation", "dev", "test", "testing"})


def split_folders(path: Path, format: str = "auto") -> list[Path]:  # noqa: A002 (the word users know)
    """Return the datasets that a source means: itself, or, if it is none, those in its folders `train` and so on.

    Such a folder counts if it is a dataset, or has files that may be a damaged one: that must not go unnoticed.

    Args:
        path: File or folder; it need not exist.
        format: A key of `FORMATS`, or `auto`.

    Returns:
        At least one path, sorted; `path` itself wherever that is a dataset, or nothing else is found.
    """
    try:
        folders = [each for each in sorted(path.iterdir()) if each.name.casefold() in _NAMES and each.is_dir()]
    except OSError:
        return [path]
    if not folders:
        return [path]
    with peeking():
        if _is_dataset(path, format):
            return [path]
        if not any(_is_dataset(each, format) for each in folders):
            return [path]
        return [each for each in folders if _is_dataset(each, format) or next(annotation_files(each), None)]


def _is_dataset(path: Path, format: str) -> bool:  # noqa: A002
    entries = FORMATS.values() if format == "auto" else [FORMATS[format]] if format in FORMATS else []
    try:
        return any(entry.sniff(path) for entry in entries)
    except CenterNetError:
        return True  # what is wrong with it is told when it is read
