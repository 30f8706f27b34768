"""Writing Pascal VOC: an XML file for each image, boxes in whole pixels."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from centernet_cli.core.records import Dataset
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
from centernet_cli.datasets.formats.tally import Tally
from centernet_cli.datasets.formats.xml_write import escape, xml_label

if TYPE_CHECKING:
    from collections.abc import Iterator

    from centernet_cli.core.records import Annotation, Box, PageInfo, PageRecord
    from centernet_cli.datasets.formats.voc_objects import Origin

ANNOTATIONS, IMAGES = "Annotations", "JPEGImages"


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


def write_voc(dataset: Dataset, folder: Path, *, tally: Tally | None = None, origin: Origin = 1) -> None:
    """Write `Annotations/a.xml` for each image `JPEGImages/a.jpg`.

    Boxes are rounded to whole pixels, since many programs read nothing else, and counted from 1; polygons are reduced
    to their boxes. A score is written as `score`, a crowd as `difficult` with a `crowd` of ours.

    Args:
        dataset: What to write.
        folder: Where.
        tally: Account of what is lost.
        origin: What the first pixel is called.

    Raises:
        OutputError: O801.
    """
    tally = Tally() if tally is None else tally
    dataset = fit_voc(dataset, tally)
    write_files(folder, voc_files(dataset), _texts(dataset, origin), tally)


def write_voc_from_0(dataset: Dataset, folder: Path, *, tally: Tally | None = None) -> None:
    """Write what `write_voc` writes, with pixels counted from 0 and the ends of boxes outside.

    Raises:
        OutputError: O801.
    """
    write_voc(dataset, folder, tally=tally, origin=0)


def _texts(dataset: Dataset, origin: Origin) -> Iterator[str]:
    for image, page in zip(voc_images(dataset), dataset.pages, strict=True):
        yield _text_of(page, image, origin)


def voc_text(page: PageRecord, image: str) -> str:
    """Return what is in the file of a page whose image is at `image`, seen from that file's folder."""
    (fitted,) = fit_voc(Dataset(classes=(), pages=(page,)), Tally()).pages
    return _text_of(fitted, image, 1, path=image)


def _text_of(page: PageRecord, image: str, origin: Origin, *, path: str | None = None) -> str:
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
        *(_object(annotation, origin) for annotation in page.annotations),
        "</annotation>",
    ]
    return "\n".join(lines) + "\n"


def _object(annotation: Annotation, origin: Origin) -> str:
    left, top, right, bottom = map(int, annotation.box)
    left, top = left + origin, top + origin
    score = "" if annotation.score is None else f"<score>{annotation.score:.6g}</score>"
    crowd = "<crowd>1</crowd>" if annotation.crowd else ""
    return (
        f"  <object><name>{escape(annotation.label)}</name><pose>Unspecified</pose><truncated>0</truncated>"
        f"<difficult>{int(annotation.crowd)}</difficult>{score}{crowd}"
        f"<bndbox><xmin>{left}</xmin><ymin>{top}</ymin><xmax>{right}</xmax><ymax>{bottom}</ymax></bndbox></object>"
    )
