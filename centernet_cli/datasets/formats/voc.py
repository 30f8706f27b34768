"""Pascal VOC: an XML file for each image, boxes in whole pixels counted from 1, both ends included."""

from __future__ import annotations

import math
import os
import re
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from centernet_cli.core.errors import InputError
from centernet_cli.core.geometry import points_box
from centernet_cli.core.records import Dataset, PageInfo, PageRecord
from centernet_cli.datasets.formats.fields import NameChecker
from centernet_cli.datasets.formats.file_names import page_files, unique_names, write_files
from centernet_cli.datasets.formats.fit import (
    Losses,
    box_alone,
    fit_annotations,
    fit_classes,
    fit_labels,
    fit_pages,
    join_same_pages,
)
from centernet_cli.datasets.formats.image_header import SUFFIXES, image_size
from centernet_cli.datasets.formats.outlines import rotated
from centernet_cli.datasets.formats.places import files_below, split_page
from centernet_cli.datasets.formats.problems import Problems
from centernet_cli.datasets.formats.safe_xml import local_name, read_xml
from centernet_cli.datasets.formats.shapes import ShapeError, keep_shape, numbers, parse_number, text_score
from centernet_cli.datasets.formats.tally import Tally
from centernet_cli.datasets.formats.xml_write import escape, xml_label

if TYPE_CHECKING:
    from collections.abc import Iterator

    from centernet_cli.core.records import Annotation, Box, Polygon

ANNOTATIONS, IMAGES = "Annotations", "JPEGImages"
_BESIDE_IMAGES = {"annotations", "xmls", "labels"}
"""Folders of annotations, in any case of letters, next to which a folder of images may be."""
_SNIFFED = 50
_HEAD = re.compile(rb"^(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<annotation[\s>]", re.DOTALL)
_KNOWN = {"name", "bndbox", "robndbox", "difficult", "truncated", "occluded", "pose", "score", "crowd", "polygon"}
_FLAGS = ("difficult", "truncated", "occluded")


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


def read_voc(path: Path, *, tally: Tally | None = None) -> Dataset:
    """Read all VOC files in a folder and below, or a single one; other XML files are skipped with a count.

    A box from 1 to 10 covers the first ten pixels: 0 to 10 here; so does one from 0 to 10. Turned boxes (`robndbox`)
    are kept as polygons. Images are looked for next to their file, in `JPEGImages` or `images` where that is in
    `Annotations`, and under the file's own name. Where there is no size, it is the image's. Pages come in the order of
    their files' paths, classes by name.

    Args:
        path: The data folder, or a file.
        tally: Counts what became of each object.

    Raises:
        InputError: D001 no VOC file, X30x not XML that is read, D002-D013 for objects, X310; all in one error.
        MissingRequirementError: E712, lxml cannot be loaded.
    """
    tally = Tally() if tally is None else tally
    problems = Problems(path)
    root = _root(path)
    reader = _Reader(root, tally, problems)
    files = list(files_below(path, ".xml"))
    pages = [page for file in tally.each("reading", files) if (page := reader.file(file)) is not None]
    problems.raise_if_any()
    if not pages:
        what = "no VOC file in this folder" if path.is_dir() else "not a VOC file: its root is not `annotation`"
        raise InputError("D001", what, path=path)
    if len({page.info.name for page in pages}) < len(pages):
        tally.note("image annotated by several files, kept as pages of their own")
    classes = sorted({annotation.label for page in pages for annotation in page.annotations})
    return Dataset(classes=tuple(classes), pages=tuple(pages), root=root)


def _root(path: Path) -> Path:
    """Return the data folder: images may lie beside the folder `Annotations`."""
    folder = path if path.is_dir() else path.parent
    return folder.parent if folder.name.lower() in _BESIDE_IMAGES else folder


class _Reader:
    """Reads the files of one data folder."""

    def __init__(self, root: Path, tally: Tally, problems: Problems) -> None:
        self.root = root
        self.tally = tally
        self.problems = problems
        self._checker = NameChecker(root)

    def file(self, path: Path) -> PageRecord | None:
        """Read one file; None if it is not VOC, or after a problem."""
        try:
            element = read_xml(path)
            if local_name(element) != "annotation":
                self.tally.note("XML files that are not VOC, skipped")
                return None
            self.tally.files.append(path)
            return self._page(element, path)
        except InputError as error:
            where = error.path or path
            self.problems.add_error(
                InputError(error.code, error.message, path=where, line=error.line, col=error.col, hint=error.hint)
            )
        except ShapeError as error:
            self.problems.add_error(InputError(error.code, str(error), path=path))
        return None

    def _page(self, element: Any, path: Path) -> PageRecord:
        name, number = self._image(_text(element, "filename"), path)
        size = _size(element)
        if size is None:
            size = image_size(self.root / name)
            if size is None:
                raise ShapeError("D007", "no width and height in `size`, and the image cannot be read")
            self.tally.note("size of the page taken from its image")
        info = PageInfo(source=name, width=size[0], height=size[1], page=number)
        annotations = []
        for item in element.iterchildren("object"):
            try:
                annotation = _annotation(item, info, self.tally)
            except ShapeError as error:
                self.problems.add_error(InputError(error.code, str(error), path=path, line=item.sourceline))
            else:
                if annotation is not None:
                    annotations.append(annotation)
        return PageRecord(info=info, annotations=tuple(annotations))

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
        folders += [
            "/".join([*parts[:at], *([other] if other else []), *parts[at + 1 :]]) for other in (IMAGES, "images", "")
        ]
    return [*folders, way] if not folders else [*folders, way, IMAGES]


def _text(element: Any, name: str) -> str:
    found = element.find(name)
    return (found.text or "").strip() if found is not None else ""


def _size(element: Any) -> tuple[int, int] | None:
    """Return width and height of the page; many tools leave them 0."""
    size = element.find("size")
    if size is None:
        return None
    width, height = (parse_number(_text(size, name)) for name in ("width", "height"))
    if not width or not height:
        return None
    if width < 1 or height < 1 or width != int(width) or height != int(height):
        raise ShapeError("D007", "width and height in `size` are not whole numbers from 1")
    return int(width), int(height)


def _annotation(item: Any, info: PageInfo, tally: Tally) -> Annotation | None:
    name = item.find("name")
    if name is None:
        raise ShapeError("D013", "an object without `name`")
    label = xml_label(name.text or "")
    for flag in _FLAGS:
        if _text(item, flag) not in {"", "0"}:
            tally.note(f"objects marked `{flag}`, kept like others")
    for child in item.iterchildren():
        if (key := local_name(child)) not in _KNOWN:
            tally.note(f"`{key}` of objects ignored")
    score = text_score(_text(item, "score"))
    crowd = _text(item, "crowd") == "1"
    turned, box = item.find("robndbox"), item.find("bndbox")
    if turned is not None:
        polygon = _turned(turned)
        around = points_box(polygon)
        return keep_shape("robndbox", label, around, info, tally, polygon=polygon, score=score, crowd=crowd)
    outline = _outline(item)
    kind = "bndbox" if outline is None else "polygon"
    if box is not None:
        x0, y0, x1, y1 = numbers([_text(box, key) for key in ("xmin", "ymin", "xmax", "ymax")])
        if 0 in {x0, y0}:
            tally.note("boxes that begin at pixel 0, where VOC counts from 1, begin at the edge of the page")
        around = (x0 - 1 if x0 else 0.0, y0 - 1 if y0 else 0.0, x1, y1)
    elif outline is not None:
        around = points_box(outline)
    else:
        raise ShapeError("D008", f"object {label!r:.80} without `bndbox`")
    return keep_shape(kind, label, around, info, tally, polygon=outline, score=score, crowd=crowd)


def _outline(item: Any) -> Polygon | None:
    """Return the polygon of an object, as LabelMe (`pt` with `x`, `y`) or Roboflow (`x1`, `y1`, `x2`, …) write it."""
    drawn = item.find("polygon")
    if drawn is None:
        return None
    if drawn.find("pt") is not None:
        texts = [_text(point, axis) for point in drawn.iterchildren("pt") for axis in ("x", "y")]
    else:
        texts = []
        while (x := _text(drawn, f"x{len(texts) // 2 + 1}")) and (y := _text(drawn, f"y{len(texts) // 2 + 1}")):
            texts += [x, y]
    values = numbers(texts)
    if len(values) < 6:
        return None
    return tuple((x - 1, y - 1) for x, y in zip(values[::2], values[1::2], strict=True))


def _turned(element: Any) -> Polygon:
    """Return the corners of a box given by centre, size and angle in radians."""
    cx, cy, w, h, angle = numbers([_text(element, key) for key in ("cx", "cy", "w", "h", "angle")])
    corners = ((cx - w / 2, cy - h / 2), (cx + w / 2, cy - h / 2), (cx + w / 2, cy + h / 2), (cx - w / 2, cy + h / 2))
    return rotated(corners, (cx, cy), math.degrees(angle))


def fit_voc(dataset: Dataset, tally: Tally) -> Dataset:
    """Return what reading a dataset written by `write_voc` gives, and count what is lost."""

    def change(annotation: Annotation, _info: PageInfo, losses: Losses) -> Annotation:
        whole = _whole(annotation.box)
        if any(abs(a - b) > 0.01 for a, b in zip(whole, annotation.box, strict=True)):
            tally.note("boxes rounded to whole pixels")
        return replace(box_alone(annotation, losses), box=whole)

    dataset = fit_labels(join_same_pages(fit_pages(dataset, tally), tally), tally, xml_label)
    return fit_annotations(fit_classes(dataset, tally), tally, change)


def _whole(box: Box) -> Box:
    """Return the nearest box of whole pixels, at least one wide and high."""
    x0, y0, x1, y1 = (float(math.floor(side + 0.5)) for side in box)
    # The pixel before the first would be 0, which other programs write for the first.
    x0, y0 = (0.0 if side == -1 else side for side in (x0, y0))
    return (x0, y0, max(x1, x0 + 1), max(y1, y0 + 1))


def voc_files(dataset: Dataset) -> list[str]:
    """Return the names of the files that are written, in the order of the pages."""
    return [annotation for _, annotation in _layout(dataset)]


def voc_images(dataset: Dataset) -> list[str]:
    """Return where programs look for the image of each page, relative to the folder."""
    return [image for image, _ in _layout(dataset)]


def _layout(dataset: Dataset) -> list[tuple[str, str]]:
    """Return the names of image and annotation file of each page."""
    if dataset.root is None or any(page.info.page is not None for page in dataset.pages):
        sources = [
            page.info.source if dataset.root is not None else Path(page.info.source).name for page in dataset.pages
        ]
        files = page_files(dataset, ".xml")
        return [(f"{IMAGES}/{source}", f"{ANNOTATIONS}/{file}") for source, file in zip(sources, files, strict=True)]
    sources = [page.info.source for page in dataset.pages]
    places = [source if IMAGES in source.split("/")[:-1] else f"{IMAGES}/{source}" for source in sources]
    files = unique_names((_file_place(place), None, ".xml") for place in places)
    return list(zip(places, files, strict=True))


def _file_place(place: str) -> str:
    parts = place.split("/")
    last = max(index for index, part in enumerate(parts[:-1]) if part == IMAGES)
    return "/".join([*parts[:last], ANNOTATIONS, *parts[last + 1 :]])


def write_voc(dataset: Dataset, folder: Path, *, tally: Tally | None = None) -> None:
    """Write `Annotations/a.xml` for each image `JPEGImages/a.jpg`.

    Boxes are rounded to whole pixels, since many programs read nothing else, and counted from 1; polygons are reduced
    to their boxes. A score is written as `score`, a crowd as `difficult` with a `crowd` of ours.

    Raises:
        OutputError: O801.
    """
    tally = Tally() if tally is None else tally
    dataset = fit_voc(dataset, tally)
    write_files(folder, voc_files(dataset), _texts(dataset), tally)


def _texts(dataset: Dataset) -> Iterator[str]:
    for image, page in zip(voc_images(dataset), dataset.pages, strict=True):
        yield _text_of(page, image)


def voc_text(page: PageRecord, image: str) -> str:
    """Return what is in the file of a page whose image is at `image`, seen from that file's folder."""
    (fitted,) = fit_voc(Dataset(classes=(), pages=(page,)), Tally()).pages
    return _text_of(fitted, image, path=image)


def _text_of(page: PageRecord, image: str, *, path: str | None = None) -> str:
    info = page.info
    place = PurePosixPath(image)
    filename = place.name if info.page is None else f"{place.name}#{info.page}"
    lines = [
        "<annotation>",
        f"  <folder>{escape(place.parent.name)}</folder>",
        f"  <filename>{escape(filename)}</filename>",
        *([] if path is None else [f"  <path>{escape(path)}</path>"]),
        f"  <size><width>{info.width}</width><height>{info.height}</height><depth>3</depth></size>",
        "  <segmented>0</segmented>",
        *(_object(annotation) for annotation in page.annotations),
        "</annotation>",
    ]
    return "\n".join(lines) + "\n"


def _object(annotation: Annotation) -> str:
    x0, y0, x1, y1 = map(int, annotation.box)
    score = "" if annotation.score is None else f"<score>{annotation.score:.6g}</score>"
    crowd = "<crowd>1</crowd>" if annotation.crowd else ""
    return (
        f"  <object><name>{escape(annotation.label)}</name><pose>Unspecified</pose><truncated>0</truncated>"
        f"<difficult>{int(annotation.crowd)}</difficult>{score}{crowd}"
        f"<bndbox><xmin>{x0 + 1}</xmin><ymin>{y0 + 1}</ymin><xmax>{x1}</xmax><ymax>{y1}</ymax></bndbox></object>"
    )
