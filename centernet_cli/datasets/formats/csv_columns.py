"""Which column of a table means what: by the names in its header, or, without one, by the look of its first row."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass

from centernet_cli.datasets.formats.image_header import SUFFIXES
from centernet_cli.datasets.formats.shapes import parse_number

_NAMES = {
    "image": "image file filename file_name image_path imagepath filepath file_path path image_name img img_path "
    "imageid image_id img_id",
    "page": "page page_number",
    "width": "width image_width img_width page_width",
    "height": "height image_height img_height page_height",
    "label": "label class class_name classname category category_name name type label_name labelname",
    "number": "class_id classid label_id labelid category_id categoryid",
    "x0": "x0 xmin x_min left xtl",
    "y0": "y0 ymin y_min top ytl",
    "x1": "x1 xmax x_max right xbr",
    "y1": "y1 ymax y_max bottom ybr",
    "box_width": "w bbox_width box_width",
    "box_height": "h bbox_height box_height",
    "box": "bbox box bounding_box",
    "score": "score confidence conf probability",
    "crowd": "crowd iscrowd isgroupof",
    "polygon": "polygon points segmentation",
    "status": "status",
}
NO_CLASS = "object"
"""Label of boxes where no column says their class."""
_OF_BOXES = re.compile(r"^(?:roi|bbox|box|bndbox)_(?=[xy]|left|top|right|bottom)")
"""What names of coordinates may begin with."""
_MEANING = {name: key for key, names in _NAMES.items() for name in names.split()}
_OPEN_IMAGES = {"imageid", "labelname", "xmin", "xmax", "ymin", "ymax"}
_BOX = {"x0", "y0", "x1", "y1"}
_SIZED_BOX = {"x0", "y0", "box_width", "box_height"}
_HEADLESS: tuple[tuple[str | None, ...], ...] = (
    # keras-retinanet: only the image where a page has no box.
    ("image", "x0", "y0", "x1", "y1", "label"),
    # Make Sense.
    ("label", "x0", "y0", "box_width", "box_height", "image", "width", "height"),
    # Google's AutoML: all four corners, or only two; the part of the data that a page is in may stand in front.
    (None, "image", "label", "x0", "y0", None, None, "x1", "y1", None, None),
    ("image", "label", "x0", "y0", None, None, "x1", "y1", None, None),
)
_OURS = {"image", "page", "label", "x0", "y0", "x1", "y1", "polygon"}
"""Of tables with these it is known that they are in pixels."""


@dataclass(frozen=True, slots=True)
class Columns:
    """How to read the rows of a table.

    Attributes:
        index: Number of the column for each meaning: `image`, `label`, `x0`, ….
        separator: Between columns.
        has_header: Whether the first line names the columns.
        is_relative: Whether coordinates are shares of the page instead of pixels, as in Open Images; None if only they
            can tell.
    """

    index: dict[str, int]
    separator: str
    has_header: bool = True
    is_relative: bool | None = None

    @property
    def sides(self) -> tuple[str, str, str, str]:
        """The four columns of a box: two corners, or a corner and a size, which may stand in one column, `box`."""
        return ("x0", "y0", "x1", "y1") if "x1" in self.index else ("x0", "y0", "box_width", "box_height")

    @property
    def has_decimal_comma(self) -> bool:
        """Whether a comma in a number can only be its decimal point."""
        return self.separator != ","


def find_columns(first: str) -> Columns | None:
    """Return how to read a table by its first line; None if it is no table of boxes."""
    separator = max(",;\t", key=first.count)
    try:
        cells = next(csv.reader([first], delimiter=separator), [])
    except csv.Error:
        return None
    return _headed(cells, separator) or _headless(cells, separator)


def _headed(cells: list[str], separator: str) -> Columns | None:
    names = [_OF_BOXES.sub("", re.sub(r"[ .-]", "_", cell.strip().lower())) for cell in cells]
    if "id" in names and {"annotation_id", "annotator"} & set(names):
        return None  # Label Studio's, whatever its controls are called
    columns = _meanings(names)
    if "image" not in columns or not (columns.keys() & {"box", "polygon"} or _has_box(columns)):
        return None
    if _has_box(columns):
        columns.pop("box", None)
    if set(names) >= _OPEN_IMAGES:
        columns.pop("score", None)  # `Confidence` is of people there, and always 1
        return Columns(columns, separator, is_relative=True)
    return Columns(columns, separator, is_relative=False if set(names) >= _OURS else None)


def _has_box(columns: dict[str, int]) -> bool:
    """Tell whether a box has a column for each of its numbers."""
    return columns.keys() >= _BOX or columns.keys() >= _SIZED_BOX


def _meanings(names: list[str]) -> dict[str, int]:
    """Return the numbers of the columns whose names mean something."""
    columns: dict[str, int] = {}
    for index, name in enumerate(names):
        if name in _MEANING:
            columns.setdefault(_MEANING[name], index)
    if {"x1", "x2"} <= set(names):  # here x1 is the left side
        for key, name in (("x0", "x1"), ("y0", "y1"), ("x1", "x2"), ("y1", "y2")):
            if name in names:
                columns[key] = names.index(name)
    elif {"x", "y"} <= set(names):
        columns |= {"x0": names.index("x"), "y0": names.index("y")}
    if "x0" in columns and "x1" not in columns and "box_width" not in columns:
        # `x y width height`: the box's, as its right side is not there.
        columns |= {f"box_{key}": columns.pop(key) for key in ("width", "height") if key in columns}
    if "number" in columns:
        columns.setdefault("label", columns.pop("number"))  # a number is the class where nothing names it
    return columns


def _headless(cells: list[str], separator: str) -> Columns | None:
    for keys in _HEADLESS:
        if len(cells) != len(keys):
            continue
        row = {key: cell.strip() for key, cell in zip(keys, cells, strict=True) if key is not None}
        values = [value for key, value in row.items() if key not in {"image", "label"}]
        is_empty = keys[-1] in {"label", None} and not any(values) and not row["label"]
        is_box = bool(row["label"]) and all(parse_number(value) is not None for value in values)
        if row["image"].lower().endswith(SUFFIXES) and (is_empty or is_box):
            index = {key: number for number, key in enumerate(keys) if key is not None}
            return Columns(index, separator, has_header=False, is_relative=True if None in keys else None)
    return None
