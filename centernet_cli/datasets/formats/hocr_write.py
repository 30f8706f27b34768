"""Writing hOCR 1.2 as XHTML: a file for each page, lines in areas, in reading order."""

from __future__ import annotations

import json
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import centernet_cli
from centernet_cli.core.records import Dataset
from centernet_cli.core.safe_io import atomic_folder
from centernet_cli.datasets.formats.file_names import page_files, way_to
from centernet_cli.datasets.formats.hocr_labels import DATA, LINE, WORD, region_class
from centernet_cli.datasets.formats.layout_write import (
    arrange,
    extras_text,
    fit_facts,
    fit_whole_pixels,
    short,
    whole_points,
)
from centernet_cli.datasets.formats.safe_xml import write_xml, xml_builder, xml_bytes, xml_text
from centernet_cli.datasets.formats.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from centernet_cli.core.records import Annotation, PageRecord
    from centernet_cli.datasets.formats.layout_write import Row

    Element = Any

SYSTEM = "centernet"
DOCTYPE = "<!DOCTYPE html>"
_NAMESPACE = "http://www.w3.org/1999/xhtml"


def hocr_files(dataset: Dataset) -> list[str]:
    """Return the names, relative to the folder, of the files that `write_hocr` writes, in the order of the pages."""
    return page_files(dataset, ".hocr")


def fit_hocr(dataset: Dataset, tally: Tally) -> Dataset:
    """Return what hOCR can hold of a dataset: whole pixels on the page; see `fit_whole_pixels`."""
    return fit_whole_pixels(fit_facts(dataset, tally), tally)


def write_hocr(dataset: Dataset, folder: Path, *, tally: Tally | None = None) -> None:
    """Write one hOCR file for each page, all of them or none.

    The file of page `a/b.png` is `a/b.hocr` in `folder`, and names the image `b.png`, as if that were next to it.
    Classes whose name says so are lines or words, others areas; lines are put into the area that holds at least half
    of them. Scores are `x_wconf`, in percent. Classes without an element of their own, crowds and the page's origin
    are kept in an attribute `data-centernet`.

    Args:
        dataset: Pages to write.
        folder: Made if missing; files of the same names are replaced.
        tally: Notes what is lost.

    Raises:
        OutputError: O801.
    """
    tally = Tally() if tally is None else tally
    dataset = fit_hocr(dataset, tally)
    with atomic_folder(folder) as stage:
        for name, page in zip(hocr_files(dataset), dataset.pages, strict=True):
            image = PurePosixPath(page.info.source).name if dataset.root else way_to(page.info.source, folder)
            write_xml(stage / name, _document(page, image), doctype=DOCTYPE)


def hocr_text(page: PageRecord, image: str, *, right_to_left: bool = False) -> str:
    """Return what is in the file of a page whose image is at `image`, seen from that file's folder.

    Args:
        page: The page.
        image: Where its image is.
        right_to_left: Which way it is read.
    """
    (fitted,) = fit_hocr(Dataset(classes=(), pages=(page,)), Tally()).pages
    return xml_bytes(_document(fitted, image, right_to_left=right_to_left), doctype=DOCTYPE).decode()


def _document(page: PageRecord, image: str, *, right_to_left: bool = False) -> Element:
    make = xml_builder(_NAMESPACE)
    root = make(None, "html")
    head = make(root, "head")
    make(head, "title").text = xml_text(image)
    make(head, "meta", charset="utf-8")
    make(head, "meta", name="ocr-system", content=f"{SYSTEM} {centernet_cli.__version__}")
    capabilities = make(head, "meta", name="ocr-capabilities")
    info = page.info
    title = f'image "{xml_text(image)}"; bbox 0 0 {info.width} {info.height}'
    if info.page is not None:
        title += f"; ppageno {info.page - 1}"
    if info.dpi is not None and round(info.dpi):
        title += f"; scan_res {round(info.dpi)} {round(info.dpi)}"  # others expect whole numbers
    # Quotes end the name of the image.
    extras = extras_text(page, image, needs_source=any(mark in image for mark in "\"';"))
    sheet = make(make(root, "body"), "div", id="page_1", title=title, **{"class": "ocr_page", DATA: extras})
    if right_to_left:
        sheet.set("dir", "rtl")
    for number, block in enumerate(arrange(page.annotations, right_to_left=right_to_left), start=1):
        area = sheet
        if block.annotation is not None:
            name, keep = region_class(block.annotation.label)
            area = _add(make, sheet, "div", name, f"block_1_{number}", block.annotation, keep=keep)
        _add_rows(make, area, block.rows, f"1_{number}")
    used = {element.get("class") for element in sheet.iterdescendants()} | {"ocr_page"}
    capabilities.set("content", " ".join(sorted(used)))
    return root


def _add_rows(make: Any, area: Element, rows: Sequence[Row], key: str) -> None:
    for number, row in enumerate(rows, start=1):
        line = area
        if row.annotation is not None:
            keep = row.annotation.label != LINE
            line = _add(make, area, "span", "ocr_line", f"line_{key}_{number}", row.annotation, keep=keep)
        for place, word in enumerate(row.words, start=1):
            _add(make, line, "span", "ocrx_word", f"word_{key}_{number}_{place}", word, keep=word.label != WORD)


def _add(make: Any, parent: Element, tag: str, name: str, key: str, annotation: Annotation, *, keep: bool) -> Element:
    title = "bbox " + " ".join(str(round(value)) for value in annotation.box)
    if annotation.polygon is not None:
        title += "; poly " + " ".join(f"{x} {y}" for x, y in whole_points(annotation, annotation.box))
    if annotation.score is not None:
        title += f"; x_wconf {short(annotation.score * 100)}"
    kept: dict[str, object] = {"label": annotation.label} if keep else {}
    if annotation.crowd:
        kept["crowd"] = True
    element = make(parent, tag, id=key, title=title, **{"class": name, DATA: json.dumps(kept) if kept else None})
    element.text = ""  # an end tag, without which HTML readers would put all that follows inside
    return element
