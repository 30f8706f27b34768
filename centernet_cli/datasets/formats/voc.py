"""Reading Pascal VOC: an XML file for each image, boxes in whole pixels counted from 1, both ends included."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from centernet_cli.core.errors import InputError
from centernet_cli.core.records import Dataset, PageInfo, PageRecord
from centernet_cli.datasets.formats.fields import UNKNOWN_SIDE, NameChecker, as_pixels
from centernet_cli.datasets.formats.image_header import SUFFIXES, image_size
from centernet_cli.datasets.formats.places import files_below, split_page
from centernet_cli.datasets.formats.problems import Problems
from centernet_cli.datasets.formats.safe_xml import local_name, read_xml
from centernet_cli.datasets.formats.shapes import ShapeError, parse_number
from centernet_cli.datasets.formats.tally import Tally
from centernet_cli.datasets.formats.voc_objects import VocObject, child_text, guess_origin, place_object, read_object
from centernet_cli.datasets.formats.voc_write import IMAGES

if TYPE_CHECKING:
    from pathlib import Path

    from centernet_cli.core.records import Annotation
    from centernet_cli.datasets.formats.voc_objects import Origin

_IMAGE_FOLDERS = (IMAGES, "images", "Images", "")
"""Folders next to that of the annotations that images may be in."""
_BESIDE_IMAGES = {"annotations", "xmls", "labels"}
"""Folders of annotations, in any case of letters, next to which a folder of images may be."""
_SNIFFED = 50
_HEAD = re.compile(rb"^(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<annotation[\s>]", re.DOTALL)


def sniff_voc(path: Path) -> bool:
    """Tell whether a file is, or a folder holds, VOC annotations."""
    for _, file in zip(range(_SNIFFED), files_below(path, ".xml"), strict=False):
        try:
            if not file.is_file():  # a pipe would be waited for
                continue
            with file.open("rb") as stream:
                head = stream.read(4096)
        except (OSError, ValueError):
            continue
        if _HEAD.match(head) and any(mark in head for mark in (b"<filename", b"<object", b"<size", b"<folder")):
            return True
    return False


def read_voc(path: Path, *, tally: Tally | None = None, origin: Origin | None = None) -> Dataset:
    """Read all VOC files in a folder and below, or a single one; other XML files are skipped with a count.

    Counted from 1, a box from 1 to 10 covers the first ten pixels: 0 to 10 here. Counted from 0 it is 1 to 10. Turned
    boxes (`robndbox`) are kept as polygons. Images are looked for next to their file, in `JPEGImages` or `images` where
    that is in `Annotations`, and under the file's own name. Where there is no size, it is the image's. Pages come in
    the order of their files' paths, classes by name.

    Args:
        path: The data folder, or a file.
        tally: Counts what became of each object.
        origin: What the first pixel is called; None: as all boxes together make likely (see `guess_origin`).

    Raises:
        InputError: D001 no VOC file, X30x not XML that is read, D002-D013 for objects, X310; all in one error.
        MissingRequirementError: E712, lxml cannot be loaded.
    """
    tally = Tally() if tally is None else tally
    problems = Problems(path)
    root = _root(path)
    reader = _Reader(root, tally, problems)
    files = list(files_below(path, ".xml"))
    read = [page for file in tally.each("reading", files) if (page := reader.file(file)) is not None]
    if origin is None:
        origin, why = guess_origin(item for page in read for item in page.objects)
        if why:
            tally.note(why)
    pages = [reader.page(page, origin) for page in read]
    problems.raise_if_any()
    if not pages:
        what = "no VOC file in this folder" if path.is_dir() else "not a VOC file: its root is not `annotation`"
        raise InputError("D001", what, path=path)
    if len({page.info.name for page in pages}) < len(pages):
        tally.note("image annotated by several files, kept as pages of their own")
    classes = sorted({annotation.label for page in pages for annotation in page.annotations})
    return Dataset(classes=tuple(classes), pages=tuple(pages), root=root)


def read_voc_from_0(path: Path, *, tally: Tally | None = None) -> Dataset:
    """Read VOC files whose pixels count from 0, the ends of boxes being outside; else as `read_voc`."""
    return read_voc(path, tally=tally, origin=0)


def read_voc_from_1(path: Path, *, tally: Tally | None = None) -> Dataset:
    """Read VOC files whose pixels count from 1, whatever they look like; else as `read_voc`."""
    return read_voc(path, tally=tally, origin=1)


def _root(path: Path) -> Path:
    """Return the data folder: images may lie beside the folder `Annotations`."""
    folder = path if path.is_dir() else path.parent
    return folder.parent if folder.name.lower() in _BESIDE_IMAGES else folder


@dataclass(frozen=True, slots=True)
class _File:
    """What a file says."""

    path: Path
    info: PageInfo
    objects: tuple[VocObject, ...]


class _Reader:
    """Reads the files of one data folder."""

    def __init__(self, root: Path, tally: Tally, problems: Problems) -> None:
        self.root = root
        self.tally = tally
        self.problems = problems
        self._checker = NameChecker(root)

    def file(self, path: Path) -> _File | None:
        """Read one file; None if it is not VOC, or after a problem."""
        try:
            element = read_xml(path)
            if local_name(element) != "annotation":
                self.tally.note("XML files that are not VOC, skipped")
                return None
            return self._file(element, path)
        except InputError as error:
            where = error.path or path
            self.problems.add_error(
                InputError(error.code, error.message, path=where, line=error.line, col=error.col, hint=error.hint)
            )
        except ShapeError as error:
            self.problems.add_error(InputError(error.code, str(error), path=path))
        return None

    def page(self, file: _File, origin: Origin) -> PageRecord:
        """Turn the objects of a file into annotations."""
        self.tally.files.append(file.path)
        annotations: list[Annotation] = []
        for item in file.objects:
            try:
                annotation = place_object(item, origin, file.info, self.tally)
            except ShapeError as error:
                self.problems.add_error(InputError(error.code, str(error), path=file.path, line=item.line))
            else:
                if annotation is not None:
                    annotations.append(annotation)
        return PageRecord(info=file.info, annotations=tuple(annotations))

    def _file(self, element: Any, path: Path) -> _File:
        name, number = self._image(child_text(element, "filename"), path)
        size = self._size(element, name, path)
        info = PageInfo(source=name, width=size[0], height=size[1], page=number)
        objects = []
        for item in element.iterchildren("object"):
            try:
                objects.append(read_object(item, self.tally))
            except ShapeError as error:
                self.problems.add_error(InputError(error.code, str(error), path=path, line=item.sourceline))
        return _File(path, info, tuple(objects))

    def _size(self, element: Any, name: str, path: Path) -> tuple[int, int]:
        """Return width and height of the page; many tools leave them 0, then they are the image's."""
        size, names = element.find("size"), ("width", "height")
        if size is None:  # the online LabelMe
            size, names = element.find("imagesize"), ("ncols", "nrows")
        stated = [None if size is None else parse_number(child_text(size, side)) for side in names]
        message = "width and height in `size` are not whole numbers from 1"
        if not all(stated):
            found = image_size(self.root / name)
            if found is not None:
                self.tally.note("size of the page taken from its image")
                return found
            message = "no width and height in `size`, and the image cannot be read"
        width, height = map(as_pixels, stated)
        if width is None or height is None:
            self.problems.add("D007", message, path=path)
            return UNKNOWN_SIDE, UNKNOWN_SIDE
        return width, height

    def _image(self, filename: str, path: Path) -> tuple[str, int | None]:
        """Return the name of a file's image relative to the root, and its page number.

        Raises:
            InputError: X310, it leads out.
        """
        way = path.parent.relative_to(self.root).as_posix()
        way = "" if way == "." else way
        # Only the last part counts: tools write the paths of the computer they ran on.
        last = filename.replace("\\", "/").rpartition("/")[2]
        names = [last] if last else []
        names += [f"{last}{suffix}" for suffix in SUFFIXES if last and not last.lower().endswith(SUFFIXES)]
        names += [path.stem + suffix for lower in SUFFIXES for suffix in (lower, lower.upper())]
        folders = _image_folders(way)
        for name in names:
            for folder in folders:
                place = f"{folder}/{name}" if folder else name
                if "\0" not in place and os.path.isfile(self.root / place):  # noqa: PTH113 (Path's raises on long names)
                    return self._checker.inside(place), None
        base, number = split_page(last or path.stem, self.root)
        return self._checker.inside(base, folders[0]), number


def _image_folders(way: str) -> list[str]:
    """Return the folders, relative to the root, that the image of a file in the folder `way` may lie in."""
    parts = way.split("/") if way else []
    folders = []
    at = max((index for index, part in enumerate(parts) if part.lower() in _BESIDE_IMAGES), default=None)
    if at is not None:
        folders += ["/".join([*parts[:at], *([other] if other else []), *parts[at + 1 :]]) for other in _IMAGE_FOLDERS]
    return [*folders, way] if not folders else [*folders, way, IMAGES]
