"""The formats with a file for each page, each imported when its first page is written."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from centernet_cli.core.records import PageRecord

    Classes = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFormat:
    """A format with a file for each page.

    Attributes:
        suffixes: Of its files; the first one is written.
        text: Returns what is in the file of a page, given the way from that file's folder to the page's image, and
            the classes.
        folder: Folder within the output's that the files are in.
        others: Returns further files, by name, given the classes.
        pictures: Whether its programs open image files only, so that pages of PDFs need pictures next to their files.
        from_right: As `text`, for pages that are read from right to left; None: the format has no reading order.
    """

    suffixes: tuple[str, ...]
    text: Callable[[PageRecord, str, Classes], str]
    folder: str = ""
    others: Callable[[Classes], dict[str, str]] | None = None
    pictures: bool = False
    from_right: Callable[[PageRecord, str, Classes], str] | None = None


def _labelme(page: PageRecord, image: str, _: Classes) -> str:
    from centernet_cli.datasets.formats.labelme_write import labelme_text

    return labelme_text(page, image)


def _yolo(page: PageRecord, _: str, classes: Classes) -> str:
    from centernet_cli.datasets.formats.yolo_write import yolo_text

    return yolo_text(page, classes)


def _yolo_config(classes: Classes) -> dict[str, str]:
    from centernet_cli.datasets.formats.yolo_write import CONFIG, yolo_config

    return {CONFIG: yolo_config(classes)}


def _voc(page: PageRecord, image: str, _: Classes) -> str:
    from centernet_cli.datasets.formats.voc_write import voc_text

    return voc_text(page, image)


def _page_xml(page: PageRecord, image: str, _: Classes, *, right_to_left: bool = False) -> str:
    from centernet_cli.datasets.formats.page_xml_write import page_xml_text

    return page_xml_text(page, image, right_to_left=right_to_left)


def _alto(page: PageRecord, image: str, _: Classes, *, right_to_left: bool = False) -> str:
    from centernet_cli.datasets.formats.alto_write import alto_text

    return alto_text(page, image, right_to_left=right_to_left)


def _hocr(page: PageRecord, image: str, _: Classes, *, right_to_left: bool = False) -> str:
    from centernet_cli.datasets.formats.hocr_write import hocr_text

    return hocr_text(page, image, right_to_left=right_to_left)


PAGE_FORMATS: dict[str, PageFormat] = {
    "labelme": PageFormat(suffixes=(".json",), text=_labelme, pictures=True),
    "yolo": PageFormat(suffixes=(".txt",), text=_yolo, folder="labels", others=_yolo_config),
    "voc": PageFormat(suffixes=(".xml",), text=_voc, folder="Annotations"),
    "page": PageFormat(suffixes=(".xml",), text=_page_xml, from_right=partial(_page_xml, right_to_left=True)),
    "alto": PageFormat(suffixes=(".xml", ".alto"), text=_alto, from_right=partial(_alto, right_to_left=True)),
    "hocr": PageFormat(
        suffixes=(".hocr", ".html", ".htm", ".xhtml"), text=_hocr, from_right=partial(_hocr, right_to_left=True)
    ),
}
