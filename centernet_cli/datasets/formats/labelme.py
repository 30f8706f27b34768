"""Reading labelme: a folder of JSON files, one for each image; `write_labelme` lives next door."""

from __future__ import annotations

import base64
import binascii
import io
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from centernet_cli.core.errors import InputError
from centernet_cli.core.records import Dataset, PageInfo, PageRecord
from centernet_cli.core.safe_io import read_bytes
from centernet_cli.datasets.formats.fields import UNKNOWN_SIDE, NameChecker, as_pixels, is_id, read_page_extras
from centernet_cli.datasets.formats.image_header import SUFFIXES, image_size
from centernet_cli.datasets.formats.labelme_shapes import part_key, read_shape
from centernet_cli.datasets.formats.labelme_typed import LabelmeParser, TypedShape, as_dict, read_rectangles
from centernet_cli.datasets.formats.labelme_write import write_labelme
from centernet_cli.datasets.formats.parts import parts_of_one, read_parts
from centernet_cli.datasets.formats.peek import peek_json
from centernet_cli.datasets.formats.problems import Problems
from centernet_cli.datasets.formats.shapes import ShapeError
from centernet_cli.datasets.formats.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["embedded_images", "read_labelme", "sniff_labelme", "write_labelme"]

_KEYS = {"version", "flags", "shapes", "imagePath", "imageData", "imageHeight", "imageWidth", "group", "page_info"}
_SUFFIXES = [suffix for lower in SUFFIXES for suffix in (lower, lower.upper())]
_ABSOLUTE = re.compile(r"[/\\]|[A-Za-z]:[/\\]")
"""A path from a root, a drive or another computer."""
_SNIFFED = 50
"""JSON files to look at before deciding that a folder holds no labelme."""


@dataclass(frozen=True, slots=True)
class _File:
    """A labelme file: its JSON, and the name of its image relative to the root."""

    path: Path
    data: dict[str, object]
    image: str


def looks_like_labelme(value: object) -> bool:
    """Tell whether a parsed JSON value is meant as a labelme file."""
    return isinstance(value, dict) and "shapes" in value and ("imagePath" in value or "imageData" in value)


def sniff_labelme(path: Path) -> bool:
    """Tell whether a file is, or a folder holds, labelme annotations."""
    for _, name in zip(range(_SNIFFED), _json_files(path), strict=False):
        try:
            if looks_like_labelme(peek_json(name)):
                return True
        except InputError:
            continue
    return False


def read_labelme(folder: Path, *, tally: Tally | None = None) -> Dataset:
    """Read all labelme files in a folder and below, or a single one; other JSON files are skipped with a count.

    Pages come in the order of their files' paths, classes by name. Where a file names no image size, it is taken from
    the image, or from the image embedded in the file. An image that is not where the file says, but next to the file
    under the name it says or the file's own, is taken from there.

    Args:
        folder: The data folder, which holds files and images; a single file's folder if it is one.
        tally: Counts what became of each shape.

    Raises:
        InputError: D001 no labelme file; J4xx, D002-D013 and X310 for the files, all problems in one error.
    """
    tally = Tally() if tally is None else tally
    problems = Problems(folder)
    root = folder if folder.is_dir() else folder.parent
    pages = [_page(file, root, problems, tally) for file in _files(folder, root, problems, tally)]
    problems.raise_if_any()
    if not pages:
        what = (
            "no labelme file in this folder" if folder.is_dir() else "not a labelme file: no `shapes` and `imagePath`"
        )
        raise InputError("D001", what, path=folder)
    if len({page.info.name for page in pages}) < len(pages):
        tally.note("image annotated by several files, kept as pages of their own")
    classes = sorted({annotation.label for page in pages for annotation in page.annotations})
    return Dataset(classes=tuple(classes), pages=tuple(pages), root=root)


def embedded_images(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the images that labelme files of a folder hold in themselves: name relative to the folder, and content.

    Raises:
        InputError: As `read_labelme`.
    """
    problems = Problems(folder)
    root = folder if folder.is_dir() else folder.parent
    for file in _files(folder, root, problems, Tally()):
        image = _embedded(file.data)
        if image is not None:
            yield file.image, image
    problems.raise_if_any()


def _json_files(path: Path) -> Iterator[Path]:
    """Yield the JSON files below a folder, sorted; links to folders are not followed.

    Hidden folders and the `._` files that macOS leaves in archives are left out.
    """
    if not path.is_dir():
        yield path
        return
    for folder, subfolders, names in os.walk(path):
        subfolders[:] = sorted(name for name in subfolders if not name.startswith("."))
        for name in sorted(names):
            if name.lower().endswith(".json") and not name.startswith("._"):
                yield Path(folder, name)


def _files(folder: Path, root: Path, problems: Problems, tally: Tally) -> Iterator[_File]:
    checker = NameChecker(root)
    bases: dict[Path, str] = {}
    parser = LabelmeParser()
    for path in tally.each("reading", list(_json_files(folder))):
        try:
            data = parser.parse(read_bytes(path), path)
            if not isinstance(data, dict) or not looks_like_labelme(data):
                tally.note("JSON files that are not labelme, skipped")
                continue
            parent = path.parent
            if parent not in bases:
                base = parent.relative_to(root).as_posix()
                bases[parent] = "" if base == "." else base
            image = _image_name(data.get("imagePath"), path.stem, bases[parent], checker, tally)
        except InputError as error:
            at = error.path or path
            problems.add_error(
                InputError(error.code, error.message, path=at, line=error.line, col=error.col, hint=error.hint)
            )
        else:
            tally.files.append(path)
            yield _File(path, data, image)


def _image_name(value: object, stem: str, base: str, checker: NameChecker, tally: Tally) -> str:
    """Return the name of a file's image, relative to the root, by what the file says and what is there.

    Args:
        value: What the file says, relative to its folder.
        stem: The file's name without suffix.
        base: The file's folder, relative to the root.
        checker: Of names in the root.
        tally: Notes where the image was found.

    Raises:
        InputError: X310 it is outside the root; D002 the file names none and none is there.
    """
    name: str | None = None
    refusal: InputError | None = None
    candidates: list[str] = []
    if isinstance(value, str) and value:
        try:
            name = checker.inside(value, base)
        except InputError as error:
            hint = "read the folder that holds both, or put the images next to their files"
            refusal = InputError(error.code, f"/imagePath: {error.message}", hint=hint)
        else:
            if checker.has_file(name):
                return name
        if "\0" not in value and "://" not in value:
            last = value.replace("\\", "/").rpartition("/")[2]
            candidates.append(last)
            if refusal is not None and last.lower().endswith(SUFFIXES) and _ABSOLUTE.match(value):
                # A path of the computer it was made on leads nowhere here: its last part is what it says of the image.
                name, refusal = checker.inside(last, base), None
    if refusal is None and checker.has_stem(stem, base):
        candidates += [stem + suffix for suffix in _SUFFIXES]
    for candidate in candidates:
        if candidate and checker.has_file(f"{base}/{candidate}" if base else candidate):
            tally.note("image taken from next to its file, `imagePath` leads elsewhere")
            return checker.inside(candidate, base)
    if name is None:
        raise refusal or InputError("D002", "/imagePath: not a text, and no image of the file's name is next to it")
    tally.note("image not found where `imagePath` says")
    return name


def _page(file: _File, root: Path, problems: Problems, tally: Tally) -> PageRecord:
    """Read one file; after a problem the values are stand-ins that nobody sees."""
    data = file.data
    width, height = _size(file, root, problems, tally)
    extras = read_page_extras({})
    page_info = data.get("page_info")
    if isinstance(page_info, dict):
        try:
            extras = read_page_extras(page_info)
        except ValueError as error:
            problems.add("D002", str(error), at="/page_info", path=file.path)
    info = PageInfo(source=file.image, width=width, height=height, **extras)
    _count_ignored(data, tally)
    shapes = data["shapes"]
    if not isinstance(shapes, list):
        problems.add("D002", "not a list", at="/shapes", path=file.path)
        shapes = []
    annotations = []
    if shapes and isinstance(shapes[0], TypedShape):
        plain = read_rectangles(shapes, info, tally)
        if plain is not None:
            return PageRecord(info=info, annotations=tuple(plain))
        shapes = list(map(as_dict, shapes))
    keys = list(map(part_key, shapes))
    parts = parts_of_one(keys)
    followers = {number for numbers in parts.values() for number in numbers[1:]}
    for index, shape in enumerate(shapes):
        if index in followers:
            continue
        try:
            key = keys[index]
            if index in parts and key is not None:
                annotation = read_parts(
                    lambda number: read_shape(shapes[number], info, Tally()), parts[index], key[0], info, tally
                )
            else:
                annotation = read_shape(shape, info, tally)
        except ShapeError as error:
            problems.add(error.code, str(error), at=f"/shapes/{index}", path=file.path)
        else:
            if annotation is not None:
                annotations.append(annotation)
    group = data.get("group")
    return PageRecord(info=info, annotations=tuple(annotations), group=str(group) if is_id(group) else None)


def _size(file: _File, root: Path, problems: Problems, tally: Tally) -> tuple[int, int]:
    """Return width and height of a page: as its file says, else of the image, else of the embedded image."""
    width, height = as_pixels(file.data.get("imageWidth")), as_pixels(file.data.get("imageHeight"))
    if width is not None and height is not None:
        return width, height
    size = image_size(root / file.image)
    if size is None and (embedded := _embedded(file.data)) is not None:
        size = image_size(io.BytesIO(embedded))
    if size is None:
        message = "no whole `imageWidth` and `imageHeight`, and the image cannot be read"
        problems.add("D007", message, path=file.path, hint=f"put {file.image} in its place")
        return UNKNOWN_SIDE, UNKNOWN_SIDE
    tally.note("size of the page taken from its image")
    return size


def _count_ignored(data: dict[str, object], tally: Tally) -> None:
    flags = data.get("flags")
    if isinstance(flags, dict) and any(flags.values()):
        tally.note("flags of pages ignored", sum(map(bool, flags.values())))
    for key in data.keys() - _KEYS:
        if data[key]:
            tally.note(f"`{key}` of pages ignored")


def _embedded(data: dict[str, object]) -> bytes | None:
    """Return the image that a labelme file holds, if it does."""
    text = data.get("imageData")
    if not isinstance(text, str) or not text:
        return None
    try:
        return base64.b64decode(text, validate=False)
    except (binascii.Error, ValueError):
        return None
