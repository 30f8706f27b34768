"""Writing PAGE XML 2019-07-15: a file for each page, lines in regions, in reading order."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import centernet_cli
from centernet_cli.core.records import Dataset
from centernet_cli.core.safe_io import atomic_folder
from centernet_cli.datasets.formats.file_names import page_files, way_to
from centernet_cli.datasets.formats.layout_write import (
    arrange,
    extras_text,
    fit_facts,
    fit_whole_pixels,
    short,
    whole_points,
)
from centernet_cli.datasets.formats.page_xml_labels import LINE, WORD, custom_text, region_element
from centernet_cli.datasets.formats.safe_xml import SCHEMA_LOCATION, XSI, write_xml, xml_builder, xml_bytes, xml_text
from centernet_cli.datasets.formats.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from centernet_cli.core.records import Annotation, Box, PageRecord
    from centernet_cli.datasets.formats.layout_write import Block, Row

    Element = Any

_NAMESPACE = "http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15"
_NO_TIME = "1970-01-01T00:00:00Z"
"""The schema wants a time, and the same input is to give the same file."""


def page_xml_files(dataset: Dataset) -> list[str]:
    """Return the names, relative to the folder, of the files that are written, in the order of the pages."""
    return page_files(dataset, ".xml")


def fit_page_xml(dataset: Dataset, tally: Tally) -> Dataset:
    """Return what PAGE XML can hold of a dataset: whole pixels on the page; see `fit_whole_pixels`."""
    return fit_whole_pixels(fit_facts(dataset, tally), tally)


def write_page_xml(dataset: Dataset, folder: Path, *, tally: Tally | None = None) -> None:
    """Write one PAGE XML file for each page, all of them or none.

    The file of page `a/b.png` is `a/b.xml` in `folder`, and names the image `b.png`, as if that were next to it.
    Classes whose name says so are lines or words, others regions; lines are put into the region that holds at least
    half of them. Lines without a region, and words without a line, are held by elements that are marked as no
    annotations. Scores are the confidence of `Coords`; classes without a type of the schema, crowds, and the page's
    origin are kept in `custom` and `UserDefined`.

    Args:
        dataset: Pages to write.
        folder: Made if missing; files of the same names are replaced.
        tally: Notes what is lost.

    Raises:
        OutputError: O801.
    """
    tally = Tally() if tally is None else tally
    dataset = fit_page_xml(dataset, tally)
    with atomic_folder(folder) as stage:
        for name, page in zip(page_xml_files(dataset), dataset.pages, strict=True):
            image = PurePosixPath(page.info.source).name if dataset.root else way_to(page.info.source, folder)
            write_xml(stage / name, _document(page, image))


def page_xml_text(page: PageRecord, image: str, *, right_to_left: bool = False) -> str:
    """Return what is in the file of a page whose image is at `image`, seen from that file's folder.

    Args:
        page: The page.
        image: Where its image is.
        right_to_left: Which way it is read.
    """
    (fitted,) = fit_page_xml(Dataset(classes=(), pages=(page,)), Tally()).pages
    return xml_bytes(_document(fitted, image, right_to_left=right_to_left)).decode()


def _document(page: PageRecord, image: str, *, right_to_left: bool = False) -> Element:
    make = xml_builder(_NAMESPACE, xsi=XSI)
    root = make(None, "PcGts")
    root.set(SCHEMA_LOCATION, f"{_NAMESPACE} {_NAMESPACE}/pagecontent.xsd")
    metadata = make(root, "Metadata")
    make(metadata, "Creator").text = f"centernet {centernet_cli.__version__}"
    make(metadata, "Created").text = _NO_TIME
    make(metadata, "LastChange").text = _NO_TIME
    info = page.info
    sheet = make(root, "Page", imageFilename=xml_text(image), imageWidth=str(info.width), imageHeight=str(info.height))
    if right_to_left:
        sheet.set("readingDirection", "right-to-left")
    if info.dpi is not None:
        for axis in "XY":
            sheet.set(f"image{axis}Resolution", repr(float(info.dpi)))
        sheet.set("imageResolutionUnit", "PPI")
    blocks = arrange(page.annotations, right_to_left=right_to_left)
    if blocks:
        group = make(make(sheet, "ReadingOrder"), "OrderedGroup", id="order")
        for index, block in enumerate(blocks):
            place = {"index": str(index), "regionRef": f"r{index + 1}"}
            if _has_inner(block):
                inner = make(group, "OrderedGroupIndexed", id=f"order{index + 1}", **place)
                make(inner, "RegionRefIndexed", index="0", regionRef=_inner(f"r{index + 1}"))
            else:
                make(group, "RegionRefIndexed", **place)
    extras = extras_text(page, image, keep_dpi=False)
    if extras is not None:
        make(make(sheet, "UserDefined"), "UserAttribute", name="centernet", type="xsd:string", value=extras)
    for index, block in enumerate(blocks):
        _add_block(make, sheet, block, f"r{index + 1}")
    return root


def _add_block(make: Any, sheet: Element, block: Block, key: str) -> None:
    annotation = block.annotation
    if annotation is None:
        holder = make(sheet, "TextRegion", id=key, custom=custom_text({}, holder=True))
        _add_coords(make, holder, None, block.box)
        _add_rows(make, holder, block.rows, key)
        return
    name, kind, custom = region_element(annotation.label)
    element = make(sheet, name, id=key, type=kind, custom=custom_text(custom, crowd=annotation.crowd))
    _add_coords(make, element, annotation, block.box)
    if _has_inner(block):
        element = make(element, "TextRegion", id=_inner(key), custom=custom_text({}, holder=True))
        _add_coords(make, element, None, block.box)
    _add_rows(make, element, block.rows, key)


def _has_inner(block: Block) -> bool:
    """Tell whether a block's lines need a region in it to hold them: only text regions have lines."""
    annotation = block.annotation
    return annotation is not None and bool(block.rows) and region_element(annotation.label)[0] != "TextRegion"


def _inner(key: str) -> str:
    return f"{key}t"


def _add_rows(make: Any, region: Element, rows: Sequence[Row], key: str) -> None:
    for number, row in enumerate(rows, start=1):
        line = make(region, "TextLine", id=f"{key}l{number}", custom=_custom(row.annotation, LINE))
        _add_coords(make, line, row.annotation, row.box)
        for place, word in enumerate(row.words, start=1):
            element = make(line, "Word", id=f"{key}l{number}w{place}", custom=_custom(word, WORD))
            _add_coords(make, element, word, word.box)


def _custom(annotation: Annotation | None, usual: str) -> str | None:
    """Return the `custom` of a line or word; one without annotation is a holder."""
    if annotation is None:
        return custom_text({}, holder=True)
    label = None if annotation.label == usual else annotation.label
    return custom_text({}, label=label, crowd=annotation.crowd)


def _add_coords(make: Any, parent: Element, annotation: Annotation | None, box: Box) -> None:
    points = " ".join(f"{x},{y}" for x, y in whole_points(annotation, box))
    score = None if annotation is None or annotation.score is None else short(annotation.score, 6)
    make(parent, "Coords", points=points, conf=score)
