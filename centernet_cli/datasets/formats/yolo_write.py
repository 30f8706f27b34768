"""Writing YOLO: images/ and labels/, with a data.yaml; boxes, or polygons, or oriented boxes."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import msgspec

from centernet_cli.core.geometry import points_box
from centernet_cli.core.records import Dataset
from centernet_cli.datasets.formats.fields import ROUND
from centernet_cli.datasets.formats.file_names import page_files, unique_names, write_files
from centernet_cli.datasets.formats.fit import (
    Losses,
    box_alone,
    box_of_polygon,
    cut_to_page,
    fit_annotations,
    fit_pages,
    join_same_pages,
    used_classes,
)
from centernet_cli.datasets.formats.fit_masks import one_polygon
from centernet_cli.datasets.formats.outlines import corners, rectangle_around
from centernet_cli.datasets.formats.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from centernet_cli.core.records import Annotation, Box, PageInfo, PageRecord, Polygon

    _Numbers = dict[str, int]

CONFIG = "data.yaml"
_SPLITS = {"train": "train", "val": "val", "valid": "val", "validation": "val", "test": "test"}
_UNPRINTABLE = re.compile("[\\x7f-\\xa0\\u2028\\u2029\\ufeff\\ufffe\\uffff]")
_CROWD = "a crowd, which YOLO has no place for"
_THINNEST = 1e-6
"""Share of the page: thinner boxes would have no extent when read back."""
_LAST_DIGIT = 1e-7
"""Of what is written, in shares of the page."""


def write_yolo(dataset: Dataset, folder: Path, *, tally: Tally | None = None) -> None:
    """Write labels for detection, `class x y width height` in shares of the page, and data.yaml.

    Boxes are cut off at the edge of their page, as trainers refuse whole files for less; polygons are reduced to
    their boxes; crowds are dropped, as they would be taken for single things. A score becomes the sixth column.

    Args:
        dataset: Pages to write. The label file of `images/a.jpg` is `labels/a.txt`; pages whose images are in no
            folder `images` are written for images that will be put there.
        folder: Made if missing.
        tally: Counts what is lost.

    Raises:
        OutputError: O801.
    """
    tally = Tally() if tally is None else tally
    write_yolo_fitted(fit_yolo(dataset, tally), folder, tally=tally)


def write_yolo_fitted(dataset: Dataset, folder: Path, *, tally: Tally | None = None) -> None:
    """Write labels for detection of what `fit_yolo` returned.

    Raises:
        OutputError: O801.
    """
    _write(dataset, folder, tally, _box_lines)


def write_yolo_segment(dataset: Dataset, folder: Path, *, tally: Tally | None = None) -> None:
    """Write labels for segmentation: as `write_yolo`, but `class x y x y …`; boxes as their corners."""
    tally = Tally() if tally is None else tally
    _write(fit_yolo_segment(dataset, tally), folder, tally, _outline_lines)


def write_yolo_obb(dataset: Dataset, folder: Path, *, tally: Tally | None = None) -> None:
    """Write labels for oriented boxes: as `write_yolo`, but `class` and four corners.

    Polygons of other than four points are reduced to the smallest rectangle around them, those cut by the edge of
    their page to the upright box of what is left.
    """
    tally = Tally() if tally is None else tally
    _write(fit_yolo_obb(dataset, tally), folder, tally, _outline_lines)


def fit_yolo(dataset: Dataset, tally: Tally) -> Dataset:
    """Return what reading a dataset written by `write_yolo` gives, and count what is lost."""

    def change(annotation: Annotation, info: PageInfo, losses: Losses) -> Annotation:
        return _thick(cut_to_page(box_alone(annotation, losses), info, losses), info)

    return _fit(dataset, tally, change)


def fit_yolo_segment(dataset: Dataset, tally: Tally) -> Dataset:
    """Return what reading a dataset written by `write_yolo_segment` gives, and count what is lost."""

    def change(annotation: Annotation, info: PageInfo, losses: Losses) -> Annotation:
        return _thick(cut_to_page(box_of_polygon(one_polygon(annotation, losses), tally), info, losses), info)

    return _fit(dataset, tally, change)


def fit_yolo_obb(dataset: Dataset, tally: Tally) -> Dataset:
    """Return what reading a dataset written by `write_yolo_obb` gives, and count what is lost."""

    def change(annotation: Annotation, info: PageInfo, losses: Losses) -> Annotation:
        annotation = box_of_polygon(one_polygon(annotation, losses), tally)
        if annotation.polygon is not None and len(annotation.polygon) != 4:
            losses.reduced("to the smallest rectangle around it")
            rectangle = rectangle_around(annotation.polygon)
            box = points_box(rectangle)
            upright = _is_upright(rectangle, box, info)
            annotation = replace(annotation, polygon=None if upright else rectangle, box=box)
        cut = cut_to_page(annotation, info, losses)
        if cut.polygon is not None and cut is not annotation:
            cut = replace(cut, polygon=None)
        return _thick(cut, info)

    return _fit(dataset, tally, change)


def _is_upright(rectangle: Polygon, box: Box, info: PageInfo) -> bool:
    """Tell whether a rectangle is its box as far as the digits written say."""
    near_x, near_y = info.width * _LAST_DIGIT, info.height * _LAST_DIGIT
    return all(
        min(abs(x - box[0]), abs(x - box[2])) < near_x and min(abs(y - box[1]), abs(y - box[3])) < near_y
        for x, y in rectangle
    )


def yolo_files(dataset: Dataset) -> list[str]:
    """Return the names of the files that are written: those of the pages in order, data.yaml."""
    return [*(label for _, label in _layout(dataset)), CONFIG]


def yolo_images(dataset: Dataset) -> list[str]:
    """Return where trainers expect the image of each page, relative to the folder."""
    return [image for image, _ in _layout(dataset)]


def _fit(dataset: Dataset, tally: Tally, change: Callable[[Annotation, PageInfo, Losses], Annotation]) -> Dataset:
    def change_or_drop(annotation: Annotation, info: PageInfo, losses: Losses) -> Annotation | None:
        if annotation.crowd:
            losses.dropped(_CROWD)
            return None
        return change(annotation, info, losses)

    dataset = join_same_pages(fit_pages(dataset, tally), tally)
    return replace(fit_annotations(dataset, tally, change_or_drop, _fits), classes=used_classes(dataset))


def _fits(page: PageRecord) -> bool:
    """Tell whether a page has only boxes that every one of these formats holds as they are, as most pages do."""
    width, height = page.info.width, page.info.height
    for annotation in page.annotations:
        x0, y0, x1, y1 = annotation.box
        if not (0 <= x0 < x1 - 1 and x1 <= width and 0 <= y0 < y1 - 1 and y1 <= height):
            return False
        if annotation.polygon is not None or annotation.mask is not None or annotation.crowd:
            return False
    return True


def _thick(annotation: Annotation, info: PageInfo) -> Annotation:
    """Return an annotation whose box keeps an extent when it is written."""
    x0, y0, x1, y1 = annotation.box
    if annotation.polygon is not None or (x1 - x0 >= info.width * _THINNEST and y1 - y0 >= info.height * _THINNEST):
        return annotation
    width, height = max(x1 - x0, info.width * _THINNEST), max(y1 - y0, info.height * _THINNEST)
    x0, y0 = min(x0, info.width - width), min(y0, info.height - height)
    return replace(annotation, box=(x0, y0, x0 + width, y0 + height))


def _layout(dataset: Dataset) -> list[tuple[str, str]]:
    """Return the names of image and label file of each page."""
    if dataset.root is None or any(page.info.page is not None for page in dataset.pages):
        labels = page_files(dataset, ".txt")
        sources = [PurePosixPath(page.info.source).suffix for page in dataset.pages]
        return [
            (f"images/{label[:-4]}{suffix}", f"labels/{label}") for label, suffix in zip(labels, sources, strict=True)
        ]
    sources = [page.info.source for page in dataset.pages]
    places = [source if "images" in source.split("/")[:-1] else f"images/{source}" for source in sources]
    labels = unique_names((_label_folder(place), None, ".txt") for place in places)
    # Trainers take the label file of the image's stem; so a second image of the same stem gets another name.
    images = []
    for place, label in zip(places, labels, strict=True):
        folder, _, last = place.rpartition("/")
        stem = label.rpartition("/")[2][:-4]
        expected, dot, suffix = last.rpartition(".")
        images.append(place if stem == (expected or last) else f"{folder}/{stem}{dot}{suffix}")
    return list(zip(images, labels, strict=True))


def _label_folder(place: str) -> str:
    parts = place.split("/")
    last = max(index for index, part in enumerate(parts[:-1]) if part == "images")
    return "/".join([*parts[:last], "labels", *parts[last + 1 :]])


def _write(dataset: Dataset, folder: Path, tally: Tally | None, lines: Callable[[PageRecord, _Numbers], str]) -> None:
    layout = _layout(dataset)
    texts = _texts(dataset, [image for image, _ in layout], lines)
    tally = Tally() if tally is None else tally
    write_files(folder, [*(label for _, label in layout), CONFIG], texts, tally)


def _texts(dataset: Dataset, images: list[str], lines: Callable[[PageRecord, _Numbers], str]) -> Iterator[str]:
    numbers = {name: index for index, name in enumerate(dataset.classes)}
    for page in dataset.pages:
        yield lines(page, numbers)
    yield _config(images, dataset.classes)


def yolo_text(page: PageRecord, classes: tuple[str, ...]) -> str:
    """Return what is in the label file of a page."""
    fitted = fit_yolo(Dataset(classes=classes, pages=(page,)), Tally())
    numbers = {name: index for index, name in enumerate(fitted.classes)}
    (kept,) = fitted.pages
    return _box_lines(kept, numbers)


def yolo_config(classes: tuple[str, ...]) -> str:
    """Return data.yaml for images that will be put into `images`."""
    return _config([], classes)


def _box_lines(page: PageRecord, numbers: _Numbers) -> str:
    w, h = 0.5e7 / page.info.width, 0.5e7 / page.info.height
    rows: list[list[float]] = []
    for annotation in page.annotations:
        x0, y0, x1, y1 = annotation.box
        # As `_row` does it, but written out, as there may be millions.
        rows.append(
            [
                numbers[annotation.label],
                ((x0 + x1) * w + ROUND - ROUND) / 1e7,
                ((y0 + y1) * h + ROUND - ROUND) / 1e7,
                (2 * (x1 - x0) * w + ROUND - ROUND) / 1e7,
                (2 * (y1 - y0) * h + ROUND - ROUND) / 1e7,
            ]
        )
        if annotation.score is not None:
            rows[-1].append(round(annotation.score, 6))
    return _lines(rows)


def _outline_lines(page: PageRecord, numbers: _Numbers) -> str:
    width, height = page.info.width, page.info.height
    rows: list[list[float]] = []
    for annotation in page.annotations:
        points = corners(annotation.box) if annotation.polygon is None else annotation.polygon
        shares = [share for x, y in points for share in (x / width, y / height)]
        rows.append(_row(numbers[annotation.label], shares, annotation.score))
    return _lines(rows)


def _row(number: int, shares: list[float], score: float | None) -> list[float]:
    """Return the columns of one line: shares of the page to seven digits, the score to six."""
    row = [number, *[(share * 1e7 + ROUND - ROUND) / 1e7 for share in shares]]
    return row if score is None else [*row, round(score, 6)]


def _lines(rows: list[list[float]]) -> str:
    """Return rows of numbers as lines, as JSON writes numbers: faster than a format string, and shorter."""
    if not rows:
        return ""
    text = msgspec.json.encode(rows).decode()
    if "e" in text:  # not every program reads 1e-5
        return "".join(f"{row[0]} {' '.join(f'{value:.7f}' for value in row[1:])}\n" for row in rows)
    return text[2:-2].replace("],[", "\n").replace(",", " ") + "\n"


def _config(images: list[str], classes: tuple[str, ...]) -> str:
    """Return data.yaml: the folders of the splits as the images' paths tell them, and the names."""
    splits: dict[str, dict[str, None]] = {"train": {}, "val": {}, "test": {}}
    folders = {image.rpartition("/")[0] for image in images}
    named = {folder: next((_SPLITS[part] for part in folder.split("/") if part in _SPLITS), None) for folder in folders}
    lines = []
    if folders and None not in named.values():
        for folder in sorted(folders):
            splits[named[folder] or "train"][folder] = None
    else:
        lines.append("# The images don't say which split they belong to.")
        tops = sorted({_up_to_images(folder) for folder in folders} or {"images"})
        splits["train"] = splits["val"] = dict.fromkeys(tops)
    for split, places in splits.items():
        if places or split != "test":
            lines.append(f"{split}: {_list(list(places or splits['train'] or splits['val']))}")
    lines += [f"nc: {len(classes)}", "names:" if classes else "names: []"]
    lines += [f"  {index}: {_quoted(name)}" for index, name in enumerate(classes)]
    return "\n".join(lines) + "\n"


def _up_to_images(folder: str) -> str:
    parts = folder.split("/")
    last = max(index for index, part in enumerate(parts) if part == "images")
    return "/".join(parts[: last + 1])


def _list(places: list[str]) -> str:
    return _quoted(places[0]) if len(places) == 1 else f"[{', '.join(map(_quoted, places))}]"


def _quoted(text: str) -> str:
    """Return a text as YAML in double quotes, which takes JSON's escapes."""
    whole = text.encode("utf-8", "replace").decode()  # YAML has no halves of surrogate pairs
    return _UNPRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", json.dumps(whole, ensure_ascii=False))
