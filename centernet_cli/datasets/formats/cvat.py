"""Reading CVAT for images and for video, XML version 1.1; `write_cvat` lives next door."""

from __future__ import annotations

import re
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from centernet_cli.core.errors import InputError
from centernet_cli.core.geometry import points_box
from centernet_cli.core.records import Dataset, PageInfo, PageRecord
from centernet_cli.datasets.formats.cvat_tracks import put_on_frames
from centernet_cli.datasets.formats.fields import UNKNOWN_SIDE, NameChecker, as_pixels
from centernet_cli.datasets.formats.image_header import image_size
from centernet_cli.datasets.formats.outlines import corners, ellipse_box, rotated
from centernet_cli.datasets.formats.parts import PART, parts_of_one, read_parts
from centernet_cli.datasets.formats.places import image_folder, only_file, split_page
from centernet_cli.datasets.formats.problems import Problems
from centernet_cli.datasets.formats.safe_xml import local_name, read_xml
from centernet_cli.datasets.formats.shapes import (
    NO_AREA,
    TO_BOX,
    ShapeError,
    keep_shape,
    numbers,
    parse_number,
    text_score,
)
from centernet_cli.datasets.formats.tally import Tally
from centernet_cli.datasets.formats.xml_write import xml_label

if TYPE_CHECKING:
    from pathlib import Path

    from centernet_cli.core.records import Annotation, Box, Polygon, RunLengths

USUAL = "annotations.xml"
_HEAD = re.compile(rb"<annotations[\s>]")
_MARKS = (b"<image ", b"<meta>", b"<version>1.", b"<track ")
_CUBOID: tuple[str, ...] = ("xtl1", "ytl1", "xbl1", "ybl1", "xtr1", "ytr1", "xbr1", "ybr1")
_CUBOID += tuple(f"{key[:-1]}2" for key in _CUBOID)
_NO_SHAPES = {"polyline", "points", "skeleton"}
_OURS = {"score", "crowd", PART}


def sniff_cvat(path: Path) -> bool:
    """Tell whether a file is, or a folder holds just one file of, CVAT for images."""
    try:
        file = only_file(path, (".xml",), USUAL, "XML")
        if file.suffix.lower() != ".xml" or not file.is_file():  # a pipe would be waited for
            return False
        with file.open("rb") as stream:
            head = stream.read(4096)
    except (InputError, OSError):
        return False
    return _HEAD.search(head) is not None and any(mark in head for mark in _MARKS)


def read_cvat(path: Path, *, tally: Tally | None = None) -> Dataset:
    """Read CVAT for images or for video, version 1.1.

    Boxes, polygons and masks are kept, turned boxes as polygons; ellipses and cuboids are reduced to their boxes;
    polylines, points and skeletons, which enclose nothing, are dropped. Shapes in the tracks of videos are on the page
    of their frame, but for those that have left the picture. Pages come in the order of the file, then of the frames,
    classes in that of its labels, others that occur after them by name.

    Args:
        path: The file, or a folder with `annotations.xml` or just one XML file.
        tally: Counts what became of each shape.

    Raises:
        InputError: D001 not CVAT, X30x not XML that is read, D002-D013 for shapes, X310; all in one error.
        MissingRequirementError: E712, lxml cannot be loaded.
    """
    tally = Tally() if tally is None else tally
    path = only_file(path, (".xml",), USUAL, "XML")
    element = read_xml(path)
    if local_name(element) != "annotations":
        raise InputError("D001", "not CVAT for images: its root is not `annotations`", path=path)
    put_on_frames(element, path, tally)
    images = list(element.iterchildren("image"))
    if not images:
        raise InputError("D001", "not CVAT for images or video: no `image` and no `track` in it", path=path)
    problems = Problems(path)
    root = image_folder(path.parent, (name for image in images if (name := image.get("name"))))
    checker = NameChecker(root)
    pages = []
    for image in images:
        try:
            pages.append(_page(image, checker, tally, problems))
        except (ShapeError, InputError) as error:
            message = error.message if isinstance(error, InputError) else str(error)
            problems.add_error(InputError(error.code, message, path=path, line=image.sourceline))
    tally.files.append(path)
    problems.raise_if_any()
    used = {annotation.label for page in pages for annotation in page.annotations}
    listed = dict.fromkeys(_labels(element))
    return Dataset(classes=(*listed, *sorted(used - listed.keys())), pages=tuple(pages), root=root)


def _labels(element: Any) -> list[str]:
    """Return the labels of the task, job or project."""
    names = []
    for label in element.iterfind("meta/*/labels/label"):
        name, kind = label.find("name"), label.find("type")
        if name is not None and label.find("parent") is None and (kind is None or kind.text != "tag"):
            names.append(xml_label(name.text or ""))
    return names


def _page(image: Any, checker: NameChecker, tally: Tally, problems: Problems) -> PageRecord:
    name = image.get("name")
    if not name:
        raise ShapeError("D002", "an image without `name`")
    bare, number = split_page(name, checker.root)
    source = checker.inside(bare)
    width, height = (as_pixels(parse_number(image.get(key, ""))) for key in ("width", "height"))
    if image.get("width") is None and (size := image_size(checker.root / source)) is not None:
        tally.note("size of the page taken from its image")
        width, height = size
    if width is None or height is None:
        message = f"`width` and `height` of image {name!r:.80} are not whole numbers from 1"
        problems.add_error(InputError("D007", message, path=problems.path, line=image.sourceline))
        width = height = UNKNOWN_SIDE
    info = PageInfo(source=source, width=width, height=height, page=number)
    annotations = []
    shapes = list(image.iterchildren())
    keys = list(map(_part_key, shapes))
    parts = parts_of_one(keys)
    followers = {number for numbers in parts.values() for number in numbers[1:]}
    for index, shape in enumerate(shapes):
        if index in followers:
            continue
        try:
            key = keys[index]
            if index in parts and key is not None:
                annotation = read_parts(
                    lambda number: _annotation(shapes[number], info, Tally()), parts[index], key[0], info, tally
                )
            else:
                annotation = _annotation(shape, info, tally)
        except ShapeError as error:
            problems.add_error(InputError(error.code, str(error), path=problems.path, line=shape.sourceline))
        else:
            if annotation is not None:
                annotations.append(annotation)
    return PageRecord(info=info, annotations=tuple(annotations))


def _part_key(shape: Any) -> tuple[str, str] | None:
    """Return label and group of a polygon that is a part of something; None for other shapes."""
    group, label = shape.get("group_id"), shape.get("label")
    if not group or label is None or local_name(shape) != "polygon":
        return None
    is_part = any(item.get("name") == PART and item.text == "true" for item in shape.iterchildren("attribute"))
    return (xml_label(label), group) if is_part else None


def _annotation(shape: Any, info: PageInfo, tally: Tally) -> Annotation | None:
    kind, text = local_name(shape), shape.get("label")
    if kind == "tag":
        tally.note("tags of images ignored")
        return None
    if text is None:
        raise ShapeError("D013", f"`{kind}` without `label`")
    label = xml_label(text)
    attributes = {item.get("name"): item.text or "" for item in shape.iterchildren("attribute")}
    others = len(attributes.keys() - _OURS)
    if others:
        tally.note("attributes of shapes ignored", others)
    if (shape.get("group_id") or "0") != "0" and attributes.get(PART) != "true":
        tally.note("`group_id` of shapes ignored")
    if kind in _NO_SHAPES:
        tally.dropped(kind, label, NO_AREA)
        return None
    box, polygon = _geometry(kind, shape)
    if box is None:
        tally.dropped(kind, label, "is of an unknown type")
        return None
    crowd = attributes.get("crowd") == "true"
    score = _score(attributes.get("score"))
    if kind == "mask":
        found = _mask(shape, box, info)
        box, mask = (box, None) if found is None else found
        reduced = TO_BOX if mask is None else ""
        return keep_shape(kind, label, box, info, tally, mask=mask, reduced=reduced, score=score, crowd=crowd)
    reduced = TO_BOX if kind in {"ellipse", "cuboid"} else ""
    if kind == "box" and polygon is not None:
        kind = "turned box"
    return keep_shape(kind, label, box, info, tally, polygon=polygon, reduced=reduced, score=score, crowd=crowd)


def _mask(shape: Any, box: Box, info: PageInfo) -> tuple[Box, RunLengths | None] | None:
    """Return box and pixels of a mask, these if there aren't too many; None if it cannot be read or isn't in place."""
    from centernet_cli.datasets.formats.mask_pixels import from_rows  # with numpy

    x0, y0, x1, y1 = map(int, box)
    try:
        runs = [int(run) for run in shape.get("rle", "").split(",")]
    except ValueError:
        return None
    if min(runs) < 0 or sum(runs) != (x1 - x0) * (y1 - y0):
        return None
    ends = list(accumulate(runs, initial=0))
    spans = [(start, end) for start, end in zip(ends[1::2], ends[2::2], strict=False) if start < end]
    return from_rows(spans, x1 - x0, x0, y0, (info.width, info.height))


def _score(text: str | None) -> float | None:
    """Return a score of ours; somebody else's attribute of that name may hold anything."""
    try:
        return text_score(text)
    except ShapeError:
        return None


def _geometry(kind: str, shape: Any) -> tuple[Box | None, Polygon | None]:
    if kind == "box":
        x0, y0, x1, y1 = _numbers(shape, "xtl", "ytl", "xbr", "ybr")
        degrees = _rotation(shape)
        if not degrees:
            return (x0, y0, x1, y1), None
        polygon = rotated(corners((x0, y0, x1, y1)), ((x0 + x1) / 2, (y0 + y1) / 2), degrees)
        return points_box(polygon), polygon
    if kind == "polygon":
        polygon = _points(shape.get("points", ""))
        return points_box(polygon), polygon
    if kind == "ellipse":
        cx, cy, rx, ry = _numbers(shape, "cx", "cy", "rx", "ry")
        return ellipse_box((cx, cy), (rx, ry), _rotation(shape)), None
    if kind == "mask":
        left, top, width, height = _numbers(shape, "left", "top", "width", "height")
        return (left, top, left + width, top + height), None
    if kind == "cuboid":
        values = _numbers(shape, *_CUBOID)
        return points_box(list(zip(values[::2], values[1::2], strict=True))), None
    return None, None


def _numbers(shape: Any, *keys: str) -> list[float]:
    return numbers([shape.get(key, "") for key in keys])


def _rotation(shape: Any) -> float:
    return numbers([shape.get("rotation", "0")])[0] % 360


def _points(text: str) -> Polygon:
    pairs = [pair.split(",") for pair in text.split(";") if pair.strip()]
    if len(pairs) < 3 or any(len(pair) != 2 for pair in pairs):
        raise ShapeError("D008", "`points` is not a list of at least 3 pairs `x,y` between semicolons")
    values = numbers([value for pair in pairs for value in pair])
    return tuple(zip(values[::2], values[1::2], strict=True))
