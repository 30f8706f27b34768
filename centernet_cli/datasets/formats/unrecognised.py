"""Why no format is recognised in a file or folder, or several are: what to say, so that the user knows what to do."""

from __future__ import annotations

import shlex
from itertools import islice
from typing import TYPE_CHECKING

from centernet_cli.core.errors import InputError, printable
from centernet_cli.datasets.formats.image_header import SUFFIXES
from centernet_cli.datasets.formats.peek import unreadable
from centernet_cli.datasets.formats.safe_xml import read_xml
from centernet_cli.datasets.formats.yolo_config import read_config

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

_MOST = 20
"""Files to look at."""
_NAMED = 5
_MOST_IMAGES = 1000


def unrecognised(path: Path, formats: Sequence[str], sniff: Callable[[Path], list[str]]) -> InputError:
    """Return the error to raise.

    Args:
        path: The file or folder.
        formats: Their names.
        sniff: Names the formats that a file may be in.

    Returns:
        D031, whose hint names files of formats of one file in a folder; or what is wrong with a JSON file (J4xx), the
        description of a YOLO dataset, or an XML file (X301, X302).
    """
    if not path.exists():
        return InputError("D031", "no such file or folder", path=path)
    found = [
        f"{file.relative_to(path)} ({', '.join(names)})" for file in annotation_files(path) if (names := sniff(file))
    ]
    if found:
        more = ", …" if len(found) > _NAMED else ""
        several = len(found) > 1
        hint = f"name the file{'s' if several else ''} to read: {', '.join(found[:_NAMED])}{more}"
        message = "a folder with several files of annotations" if several else "the annotations are in a file below"
        return InputError("D031", message, path=path, hint=hint)
    damaged = _damaged_json() + (_wrong_yolo(path) or _damaged_xml(path))
    if damaged:
        return damaged[0]
    below = [
        f"{shlex.quote(printable(each.name))} ({', '.join(names)})" for each in _folders(path) if (names := sniff(each))
    ]
    if below:
        hint = f"name the one to read, or several: {', '.join(below[:_NAMED])}{', …' if len(below) > _NAMED else ''}"
        return InputError("D031", "the annotations are in folders below", path=path, hint=hint)
    damaged = _damaged_json()  # of folders below
    if damaged:
        return damaged[0]
    hint = f"formats: {', '.join(formats)}"
    if path.suffix.lower() == ".zip":  # who reads ZIP files unpacks them before
        name = shlex.quote(printable(str(path)))
        hint = (
            f"ZIP files are not read here; unpack it, or `centernet convert auto coco {name} --out DIR --images copy`"
        )
    elif path.is_dir() and (images := _count_images(path)):
        more = "" if images < _MOST_IMAGES else " and more"
        hint = f"no annotations, but images: {images:,}{more}; `centernet predict` finds boxes on them"
    elif path.is_dir() and next(path.iterdir(), None) is None:
        hint = "the folder is empty"
    elif path.suffix.lower() in SUFFIXES:
        hint = "an image; `centernet predict` finds boxes on it"
    elif path.suffix.lower() in {".csv", ".tsv"}:
        hint = "a table needs a header with image, label and box, such as image,label,x0,y0,x1,y1"
    return InputError("D031", "no annotation format recognised", path=path, hint=hint)


def several_formats(path: Path, found: Sequence[str], sniff: Callable[[Path], list[str]]) -> InputError:
    """Return the error to raise where several formats are recognised: D032, whose hint names a file of each."""
    examples: dict[str, str] = {}
    for file in annotation_files(path):
        for name in sniff(file):
            examples.setdefault(name, f"{file.relative_to(path)} ({name})")
    named = ", ".join(dict.fromkeys(examples[name] for name in found if name in examples))
    hint = f"name the format to read{f', or a file: {named}' if named else ''}"
    return InputError("D032", f"holds several formats: {', '.join(found)}", path=path, hint=hint)


def _damaged_json() -> list[InputError]:
    """Return what kept JSON files from being looked at so far."""
    return [error for error in unreadable() if error.code != "J401" and str(error.path).lower().endswith(".json")]


def _wrong_yolo(path: Path) -> list[InputError]:
    """Return what is wrong with the description of a YOLO dataset, if there is one."""
    if path.is_dir() or path.suffix.lower() in {".yaml", ".yml", ".data"}:
        try:
            read_config(path)
        except InputError as error:
            return [error]
    return []


def _damaged_xml(path: Path) -> list[InputError]:
    """Return what keeps XML files from being looked at: VOC and CVAT are told by their content."""
    damaged = []
    for file in [path] if path.is_file() else annotation_files(path):
        if file.suffix.lower() == ".xml":
            try:
                read_xml(file)
            except InputError as error:
                damaged.append(error)
    return damaged


def _count_images(folder: Path) -> int:
    """Return how many images lie in a folder and below, as far as it is worth counting."""
    images = (file for file in folder.rglob("*") if file.suffix.lower() in SUFFIXES)
    return sum(1 for _ in islice(images, _MOST_IMAGES))


def _folders(folder: Path) -> list[Path]:
    """Return some folders in a folder, but for hidden ones."""
    if not folder.is_dir():
        return []
    found = (each for each in sorted(folder.iterdir()) if not each.name.startswith(".") and each.is_dir())
    return list(islice(found, _MOST))


def annotation_files(folder: Path) -> Iterator[Path]:
    """Yield files in a folder and in its `annotations` or `Annotations`: those that formats of one file are in."""
    suffixes = {".json", ".jsonl", ".ndjson", ".csv", ".tsv", ".xml", ".yaml", ".yml", ".parquet"}
    count = 0
    if not folder.is_dir():
        return
    for place in (folder, *(place for place in sorted(folder.iterdir()) if place.name.lower() == "annotations")):
        if not place.is_dir():
            continue
        for file in sorted(place.iterdir()):
            if file.suffix.lower() in suffixes and file.is_file():
                count += 1
                if count > _MOST:
                    return
                yield file
