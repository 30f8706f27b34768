"""JSON Lines: a page with its annotations on each line, with the keys of boxes.json; read and written as a stream."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from centernet_cli.core.errors import InputError
from centernet_cli.core.geometry import xywh_to_xyxy, xyxy_to_xywh
from centernet_cli.core.records import Dataset, Failure, PageInfo, PageRecord
from centernet_cli.core.safe_io import atomic_path
from centernet_cli.core.strict_json import parse_json
from centernet_cli.datasets.formats.coco_segmentation import read_segmentation, segmentation_of
from centernet_cli.datasets.formats.fields import (
    DEFAULT_EXTRAS,
    UNKNOWN_SIDE,
    NameChecker,
    are_numbers,
    as_pixels,
    is_id,
    page_extras,
    read_page_extras,
)
from centernet_cli.datasets.formats.fit import fit_classes
from centernet_cli.datasets.formats.image_header import image_size
from centernet_cli.datasets.formats.json_lines_metadata import is_metadata, metadata_items
from centernet_cli.datasets.formats.layout_write import parents
from centernet_cli.datasets.formats.places import image_folder, only_file
from centernet_cli.datasets.formats.problems import Problems
from centernet_cli.datasets.formats.shapes import ShapeError, as_score, keep_shape
from centernet_cli.datasets.formats.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from centernet_cli.core.records import Annotation

_SUFFIXES = (".jsonl", ".ndjson")
_BOX_DIGITS = 4
_SCORE_DIGITS = 6
_MAX_LINE = 500_000_000


def looks_like_page(value: object) -> bool:
    """Tell whether a line's value is a page of ours."""
    if not isinstance(value, dict):
        return False
    if value.get("status") == "failed":
        return "error" in value
    has_boxes = "annotations" in value or is_metadata(value)
    return has_boxes and ("file_name" in value or "source" in value)


def sniff_jsonl(path: Path) -> bool:
    """Tell whether a file holds pages, one a line, or a folder just one such file."""
    try:
        file = only_file(path, _SUFFIXES, "boxes.jsonl", "JSON Lines")
        if file.suffix.lower() not in _SUFFIXES or not file.is_file():
            return False
        with file.open("rb") as stream:
            return looks_like_page(parse_json(stream.readline(_MAX_LINE)))
    except (InputError, OSError):
        return False


def read_jsonl(path: Path, *, tally: Tally | None = None) -> Dataset:
    """Read pages, one a line: `file_name` (or `source`), `width`, `height` and `annotations`.

    Each annotation has `label`, `bbox` as x, y, width, height, and optionally `segmentation` as in COCO, `score` and
    `iscrowd`. Instead there may be `objects`, as in `metadata.jsonl` of image folders. Lines with `status` are
    predictions, on files anywhere if all have one; those that failed become `failures`. Classes come by name.

    Args:
        path: The file, or a folder with just one.
        tally: Counts what became of each annotation.

    Raises:
        InputError: D001 no such file, J4xx and D002-D013 for lines, X310 for images out of the folder; all in one.
    """
    tally = Tally() if tally is None else tally
    path = only_file(path, _SUFFIXES, "boxes.jsonl", "JSON Lines")
    problems = Problems(path)
    lines = list(_lines(path, problems))
    tally.files.append(path)
    predicted = bool(lines) and all("status" in value for _, value in lines)
    names = (name for _, value in lines if isinstance(name := value.get("file_name"), str))
    root = None if predicted else image_folder(path.parent, names)
    checker = None if root is None else NameChecker(root)
    pages, failures = [], []
    for line, value in lines:
        faults: list[ShapeError] = []
        try:
            if value.get("status") == "failed":
                failures.append(_failure(value))
            else:
                pages.append(_page(value, checker, tally, faults))
        except (ShapeError, InputError, ValueError) as error:
            code = error.code if isinstance(error, ShapeError | InputError) else "D002"
            message = error.message if isinstance(error, InputError) else str(error)
            problems.add_error(InputError(code, message, path=path, line=line))
        for fault in faults:
            problems.add_error(InputError(fault.code, str(fault), path=path, line=line))
    problems.raise_if_any()
    classes = sorted({annotation.label for page in pages for annotation in page.annotations})
    return Dataset(classes=tuple(classes), pages=tuple(pages), root=root, failures=tuple(failures))


def _lines(path: Path, problems: Problems) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        if not path.is_file():
            raise InputError("J401", "cannot be read: no such file, or not a regular one", path=path)
        with path.open("rb") as stream:
            for number, raw in enumerate(iter(lambda: stream.readline(_MAX_LINE), b""), start=1):
                if not raw.strip():
                    continue
                try:
                    value = parse_json(raw)
                except InputError as error:
                    problems.add_error(
                        InputError(error.code, error.message, path=path, line=number, col=error.col, hint=error.hint)
                    )
                    continue
                if not isinstance(value, dict) or not looks_like_page(value):
                    message = "not a page: an object with `file_name` or `source`, and `annotations`"
                    problems.add_error(InputError("D001", message, path=path, line=number))
                    continue
                yield number, value
    except (OSError, ValueError) as error:
        raise InputError("J401", f"cannot be read: {error}", path=path) from error


def _failure(value: dict[str, Any]) -> Failure:
    source, page, error = value.get("source"), value.get("page"), value["error"]
    fields = error if isinstance(error, dict) else {}
    code, message = fields.get("code"), fields.get("message")
    if not isinstance(source, str) or not isinstance(code, str) or not isinstance(message, str):
        raise ShapeError("D002", "a failure without `source`, or whose `error` has no `code` and `message`")
    return Failure(source=source, page=page if type(page) is int else None, code=code, message=message)


def _page(value: dict[str, Any], checker: NameChecker | None, tally: Tally, faults: list[ShapeError]) -> PageRecord:
    """Read a page without its annotations that are wrong; what is wrong with them, and with its size, to `faults`."""
    # The file's name is only its display where the source is given too.
    name = value.get("source", value.get("file_name"))
    if not isinstance(name, str) or not name:
        raise ShapeError("D002", "/file_name: not a text")
    source = name if checker is None else checker.inside(name)
    width, height = as_pixels(value.get("width")), as_pixels(value.get("height"))
    if value.get("width") is None and value.get("height") is None and checker is not None:
        width, height = image_size(checker.root / source) or (None, None)
        tally.note("size of the page taken from its image")
    if width is None or height is None:
        faults.append(ShapeError("D007", "`width` and `height` are not whole numbers from 1, and no image says them"))
        width = height = UNKNOWN_SIDE
    extras = read_page_extras(value) if "source" in value else {}
    info = PageInfo(source=source, width=width, height=height, **extras)
    items = value["annotations"] if "annotations" in value else metadata_items(value)
    if not isinstance(items, list):
        raise ShapeError("D002", "/annotations: not a list")
    annotations = []
    for index, item in enumerate(items):
        try:
            annotation = _annotation(item, info, tally)
        except ShapeError as error:
            faults.append(ShapeError(error.code, f"/annotations/{index}: {error}"))
            continue
        if annotation is not None:
            annotations.append(annotation)
    group = value.get("group")
    return PageRecord(info=info, annotations=tuple(annotations), group=str(group) if is_id(group) else None)


def _annotation(item: object, info: PageInfo, tally: Tally) -> Annotation | None:
    if not isinstance(item, dict):
        raise ShapeError("D002", "not an object")
    label, bbox, crowd = item.get("label"), item.get("bbox"), item.get("iscrowd", 0)
    if not isinstance(label, str):
        raise ShapeError("D013", "`label` is not a text")
    if crowd not in (0, 1):  # a tuple, since the value may not be hashable
        raise ShapeError("D002", "`iscrowd` is neither 0 nor 1")
    try:
        drawn = read_segmentation(item.get("segmentation"), info)
    except ValueError as error:
        raise ShapeError("D011", str(error)) from error
    if isinstance(bbox, list) and len(bbox) == 4 and are_numbers(bbox):
        box = xywh_to_xyxy(*map(float, bbox))
    elif bbox is None and drawn.around is not None:
        box = drawn.around
    else:
        raise ShapeError("D008", "`bbox` is not a list of four numbers")
    return keep_shape(
        drawn.kind,
        label,
        box,
        info,
        tally,
        polygon=drawn.polygon,
        mask=drawn.mask,
        reduced=drawn.reduced,
        score=as_score(item.get("score")),
        crowd=bool(crowd),
    )


def fit_jsonl(dataset: Dataset, tally: Tally) -> Dataset:
    """Return what reading a dataset written by `write_jsonl` gives: its classes come by name."""
    return fit_classes(dataset, tally)


def write_jsonl(dataset: Dataset, path: Path, *, tally: Tally | None = None) -> None:
    """Write pages, one a line, and of predictions also what could not be read.

    Raises:
        OutputError: O801.
    """
    del tally  # only the order of the classes is lost
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        for line in jsonl_lines(dataset):
            file.write(line.encode("utf-8", "backslashreplace") + b"\n")


def jsonl_lines(dataset: Dataset) -> Iterator[str]:
    """Yield the lines of a dataset, without line ends."""
    encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode
    for page in dataset.pages:
        yield encode(page_line(page, predicted=dataset.root is None))
    for failure in dataset.failures:
        yield encode(failure_line(failure))


def failure_line(failure: Failure) -> dict[str, object]:
    """Return the object that the line of something unreadable holds."""
    error = {"code": failure.code, "message": failure.message}
    return {"source": failure.source, "page": failure.page, "status": "failed", "error": error}


def page_line(page: PageRecord, *, predicted: bool) -> dict[str, object]:
    """Return the object that a page's line holds."""
    info = page.info
    line: dict[str, object] = {"file_name": info.name, "width": info.width, "height": info.height}
    extras = page_extras(info)
    if predicted or extras != DEFAULT_EXTRAS:
        line |= {"source": info.source, **extras}
    if page.group is not None:
        line["group"] = page.group
    if predicted:
        line["status"] = "ok"
    items = [_item(annotation) for annotation in page.annotations]
    if predicted:  # lines say which region holds them, by its place in the list
        for item, parent in zip(items, parents(page.annotations), strict=True):
            if parent is not None:
                item["parent"] = parent
    line["annotations"] = items
    return line


def _item(annotation: Annotation) -> dict[str, object]:
    x, y, width, height = (round(float(value), _BOX_DIGITS) for value in xyxy_to_xywh(annotation.box))
    smallest = 10.0**-_BOX_DIGITS  # a box must keep an extent
    item: dict[str, object] = {"label": annotation.label, "bbox": [x, y, max(width, smallest), max(height, smallest)]}
    if annotation.polygon is not None or annotation.mask is not None:
        item["segmentation"] = segmentation_of(annotation)
    if annotation.score is not None:
        item["score"] = round(float(annotation.score), _SCORE_DIGITS)
    if annotation.crowd:
        item["iscrowd"] = 1
    return item
