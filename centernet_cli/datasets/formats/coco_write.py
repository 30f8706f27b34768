"""Writing COCO: object detection with boxes, polygons and masks; predictions are annotations with a `score`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from centernet_cli.core.geometry import polygon_area
from centernet_cli.core.safe_io import atomic_path
from centernet_cli.core.strict_json import encode_json, encode_rows
from centernet_cli.datasets.formats.coco_segmentation import mask_pixels_area, segmentation_of
from centernet_cli.datasets.formats.fields import DEFAULT_EXTRAS, ROUND, page_extras
from centernet_cli.datasets.formats.layout_write import level_of, parents
from centernet_cli.datasets.formats.tally import LOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from centernet_cli.core.records import Annotation, Dataset, Failure, PageRecord
    from centernet_cli.datasets.formats.tally import Tally

# A ten-thousandth of a pixel and a millionth of a score: finer than any use, short enough to read, and it hides
# the noise of `x + width - x`.
BOX_DIGITS = 4
SMALLEST = 10.0**-BOX_DIGITS
SCORE_DIGITS = 6


def write_coco(dataset: Dataset, path: Path, *, tally: Tally | None = None) -> None:
    """Write a dataset as one COCO file, completely or not at all. Everything an `Annotation` holds fits in.

    Raises:
        OutputError: O801.
    """
    del tally  # nothing is lost
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        file.writelines(text.encode("utf-8", "backslashreplace") for text in _texts(dataset))


def dataset_to_coco(dataset: Dataset) -> dict[str, object]:
    """Return a dataset as the object that a COCO file holds; pycocotools loads it as it is.

    Image and annotation ids count from 1 in the order of the dataset, category ids from 1 in the order of
    `dataset.classes` (labels missing there follow by name). Images of predictions (`dataset.root` is None) carry
    `source`, `page`, `dpi`, `width_pt`, `height_pt`, `rotation`, `orientation` and `status`; `failures` lists what
    could not be read.
    """
    rows = _rows(dataset)
    images: list[dict[str, object]] = []
    annotations: list[dict[str, object]] = []
    for page in dataset.pages:
        image, found = rows.page(page)
        images.append(image)
        annotations += found
    result: dict[str, object] = {
        "info": dict(dataset.info),
        "images": images,
        "categories": rows.categories(),
        "annotations": annotations,
    }
    if dataset.failures or dataset.root is None:
        result["failures"] = list(map(failure_row, dataset.failures))
    return result


def _texts(dataset: Dataset) -> Iterator[str]:
    """Yield the pieces of a file, as `encode_json` would write the whole, which takes much memory."""
    rows = _rows(dataset)
    images: list[dict[str, object]] = []
    pieces: list[str] = []
    lot: list[dict[str, object]] = []
    for page in dataset.pages:
        image, found = rows.page(page)
        images.append(image)
        lot += found
        if len(lot) >= LOT:
            pieces.append(encode_rows(lot))
            lot = []
    if lot:
        pieces.append(encode_rows(lot))
    head = {"info": dict(dataset.info), "images": images, "categories": rows.categories()}
    yield encode_json(head).removesuffix("\n}\n") + ',\n"annotations": '
    yield "[\n" if pieces else "[]"
    for number, piece in enumerate(pieces):
        yield f",\n{piece}" if number else piece
    yield "\n]" if pieces else ""
    if dataset.failures or dataset.root is None:
        tail = encode_json({"failures": list(map(failure_row, dataset.failures))})
        yield ",\n" + tail.removeprefix("{\n")
    else:
        yield "\n}\n"


def _rows(dataset: Dataset) -> CocoRows:
    used = {annotation.label for page in dataset.pages for annotation in page.annotations}
    return CocoRows([*dataset.classes, *sorted(used.difference(dataset.classes))], predicted=dataset.root is None)


def failure_row(failure: Failure) -> dict[str, object]:
    """Return the entry of `failures` for what could not be read."""
    return {"source": failure.source, "page": failure.page, "code": failure.code, "message": failure.message}


class CocoRows:
    """Makes the entries of a COCO file page by page, counting their ids.

    Args:
        classes: Names of all classes, in the order of their ids.
        predicted: Whether the pages are predictions, on files anywhere.
    """

    def __init__(self, classes: Sequence[str], *, predicted: bool) -> None:
        self._category_ids = {name: index for index, name in enumerate(classes, start=1)}
        self._predicted = predicted
        # Lines of predictions say which region holds them.
        self._nested = predicted and {"line", "region"} <= {level_of(name) for name in classes}
        self._taken: set[str] = set()
        self._images = self._annotations = 0

    def categories(self) -> list[dict[str, object]]:
        """Return the entries of `categories`."""
        return [{"id": index, "name": name, "supercategory": ""} for name, index in self._category_ids.items()]

    def page(self, page: PageRecord) -> tuple[dict[str, object], list[dict[str, object]]]:
        """Return the entries of the next page: one of `images`, and those of `annotations`."""
        self._images += 1
        # File names of truth are those of files; names of predicted pages only have to tell the pages apart.
        is_file = not self._predicted and page.info.page is None
        name = page.info.source if is_file else _unused(page.info.name, self._taken)
        annotations = []
        first = self._annotations + 1
        for annotation in page.annotations:
            self._annotations += 1
            ids = (self._annotations, self._images, self._category_ids[annotation.label])
            annotations.append(_annotation(annotation, ids))
        if self._nested:
            for entry, parent in zip(annotations, parents(page.annotations), strict=True):
                if parent is not None:
                    entry["parent_id"] = first + parent
        return _image(page, self._images, name, predicted=self._predicted), annotations


def _unused(name: str, taken: set[str]) -> str:
    """Make a page's name unique: the same file may have been given twice."""
    unique, number = name, 1
    while unique in taken:
        number += 1
        unique = f"{name}~{number}"
    taken.add(unique)
    return unique


def _image(page: PageRecord, image_id: int, name: str, *, predicted: bool) -> dict[str, object]:
    info = page.info
    image: dict[str, object] = {"id": image_id, "file_name": name, "width": info.width, "height": info.height}
    extras = page_extras(info)
    if predicted or extras != DEFAULT_EXTRAS or name != info.source:
        image |= {"source": info.source, **extras}
    if page.group is not None:
        image["group"] = page.group
    if predicted:
        image["status"] = "ok"
    return image


def _annotation(annotation: Annotation, ids: tuple[int, int, int]) -> dict[str, object]:
    x0, y0, x1, y1 = annotation.box
    if type(x0) is not float:  # numbers of arrays
        x0, y0, x1, y1 = map(float, annotation.box)
    # As `short` does it, but written out, as there may be millions.
    left, top = (x0 * 10_000 + ROUND - ROUND) / 10_000, (y0 * 10_000 + ROUND - ROUND) / 10_000
    width, height = ((x1 - x0) * 10_000 + ROUND - ROUND) / 10_000, ((y1 - y0) * 10_000 + ROUND - ROUND) / 10_000
    if width < SMALLEST or height < SMALLEST:  # a box must keep an extent, or no reader takes the file
        width, height = max(width, SMALLEST), max(height, SMALLEST)
    polygon = annotation.polygon
    if annotation.mask is not None:
        area = mask_pixels_area(annotation.mask)
    else:
        area = width * height if polygon is None else polygon_area(polygon)
    found: dict[str, object] = {
        "id": ids[0],
        "image_id": ids[1],
        "category_id": ids[2],
        "bbox": [left, top, width, height],
        "area": (area * 10_000 + ROUND - ROUND) / 10_000,
        "iscrowd": int(annotation.crowd),
        "segmentation": [] if polygon is None and annotation.mask is None else segmentation_of(annotation),
    }
    if annotation.score is not None:
        found["score"] = round(float(annotation.score), SCORE_DIGITS)
    return found
