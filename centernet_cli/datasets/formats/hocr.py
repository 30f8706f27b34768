"""Reading hOCR, of Tesseract and others; `write_hocr` lives next door."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from centernet_cli.core.records import PageInfo
from centernet_cli.core.safe_io import read_bytes
from centernet_cli.datasets.formats.hocr_labels import (
    CHARACTERS,
    DATA,
    LINE,
    LINES,
    LINES_IN_PARAGRAPHS,
    WORD,
    WORDS,
    element_class,
    properties,
    region_label,
)
from centernet_cli.datasets.formats.hocr_write import SYSTEM, fit_hocr, hocr_files, write_hocr
from centernet_cli.datasets.formats.layout import (
    BASELINES,
    GLYPHS,
    LEVELS,
    Geometry,
    Part,
    Sheet,
    combined,
    outline,
    read_points,
)
from centernet_cli.datasets.formats.layout_read import WrongRootError, read_extras, read_layout, sniff_layout
from centernet_cli.datasets.formats.safe_xml import MAX_BYTES, local_name, parse_xhtml
from centernet_cli.datasets.formats.shapes import ShapeError, numbers, parse_number

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from centernet_cli.core.records import Box, Dataset
    from centernet_cli.datasets.formats.layout import Level
    from centernet_cli.datasets.formats.layout_images import ImageFinder
    from centernet_cli.datasets.formats.problems import Problems
    from centernet_cli.datasets.formats.tally import Tally

    Element = Any

__all__ = ["LEVELS", "fit_hocr", "hocr_files", "read_hocr", "sniff_hocr", "write_hocr"]

_SUFFIXES = (".hocr", ".html", ".htm", ".xhtml")
_MARKS = (b"ocr_page",)


def sniff_hocr(path: Path) -> bool:
    """Tell whether a file is, or a folder holds, hOCR."""
    return sniff_layout(path, _SUFFIXES, _MARKS)


def read_hocr(path: Path, *, tally: Tally | None = None, level: str | None = None) -> Dataset:
    """Read all hOCR files in a folder and below, or a single one; other HTML files are skipped with a count.

    A file may have several pages. Areas become annotations by their class (see `docs/formats.md`), lines `text_line`,
    words `word`.

    Args:
        path: The data folder, which holds files and images; a single file's folder if it is one.
        tally: Counts what became of each shape.
        level: One of `LEVELS`.

    Raises:
        InputError: As `layout.read_layout`.
    """
    return read_layout(
        path, _sheets, suffixes=_SUFFIXES, marks=_MARKS, what="hOCR", level=level, tally=tally, may_declare=True
    )


def _sheets(path: Path, finder: ImageFinder, problems: Problems, tally: Tally) -> list[Sheet]:
    root, well_formed = parse_xhtml(read_bytes(path, max_bytes=MAX_BYTES), path=path)
    elements = [element for element in root.iter() if element_class(element.get("class")) == "ocr_page"]
    if not elements:
        raise WrongRootError("X302", "not hOCR: no element of class `ocr_page`", path=path)
    if not well_formed:
        tally.note("files that are no well-formed XHTML, read as HTML")
    ours = any(
        local_name(element) == "meta"
        and element.get("name") == "ocr-system"
        and (element.get("content") or "").startswith(SYSTEM)
        for element in root.iter()
    )
    stated = [properties(element.get("title")) for element in elements]
    images = [found.get("image", found.get("file")) for found in stated]  # OCRopus calls it `file`
    sheets = []
    for element, found, image in zip(elements, stated, images, strict=True):
        extras, group, source = read_extras(element.get(DATA), problems, path)
        name = finder.find(source or image, path, absolute=True)
        if not ours and images.count(image) > 1:
            number = parse_number(found.get("ppageno") or "")
            extras["page"] = int(number) + 1 if number is not None and 0 <= number < 1e9 else None
        width, height = finder.check_size(name, _page_size(found), path, problems)
        if extras.get("dpi") is None:
            extras["dpi"] = _dpi(found)
        sheet = Sheet(PageInfo(source=name, width=width, height=height, **extras), group)
        sheet.parts += _parts(element, tally, ours=ours)
        sheets.append(sheet)
    return sheets


def _page_size(found: dict[str, str]) -> tuple[int | None, int | None]:
    try:
        box = _box(found)
    except ShapeError:
        box = None
    if box is None or not (1 <= box[2] < 1e9 and 1 <= box[3] < 1e9):
        return None, None
    return round(box[2]), round(box[3])


def _dpi(found: dict[str, str]) -> float | None:
    """Return the resolution in pixels per inch; None if unknown or different along x and y."""
    values = [parse_number(text) for text in found.get("scan_res", "").split()]
    if len(values) == 2 and values[0] == values[1] and values[0] is not None and values[0] > 0:
        return values[0]
    return None


def _parts(page: Element, tally: Tally, *, ours: bool) -> Iterator[Part]:
    """Yield the areas, lines and words of a page, outer ones first."""
    for element in page.iterdescendants():
        name = element_class(element.get("class"))
        if name is None or not local_name(element):
            continue
        level, label = _level(element, name)
        if label is None:
            if name in CHARACTERS:
                tally.note(GLYPHS)
            continue
        found = properties(element.get("title"))
        if "baseline" in found:
            tally.note(BASELINES)
        if level == "region" and "bbox" not in found and "poly" not in found:
            tally.note("elements without `bbox` skipped, what is in them kept")
            continue
        kept = _kept(element) if ours else {}
        stored = kept.get("label")
        yield Part(
            level=level,
            kind=name,
            label=stored if isinstance(stored, str) else label,
            geometry=_geometry(found),
            score=_score(found, tally, ours=ours),
            crowd=kept.get("crowd") is True,
            line=element.sourceline or 0,
        )


def _level(element: Element, name: str) -> tuple[Level, str | None]:
    if name in LINES or (name in LINES_IN_PARAGRAPHS and _is_in_paragraph(element)):
        return "line", LINE
    if name in WORDS:
        return "word", WORD
    label = region_label(name)
    return "region", label and (element.get("data-region-type") or label)  # the attribute is kraken's


def _is_in_paragraph(element: Element) -> bool:
    return any(element_class(parent.get("class")) == "ocr_par" for parent in element.iterancestors())


def _kept(element: Element) -> dict[str, object]:
    try:
        data = json.loads(element.get(DATA) or "{}")
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def _score(found: dict[str, str], tally: Tally, *, ours: bool) -> str | None:
    text = found.get("x_wconf")
    if text is None:
        return None
    if not ours:
        tally.note("confidences of recognised text ignored: they are none of positions")
        return None
    value = parse_number(text)
    return text if value is None else f"{value / 100:.8f}"


def _geometry(found: dict[str, str]) -> Geometry:
    try:
        box = _box(found)
        drawn = Geometry()
        if "poly" in found:
            drawn = outline(read_points(found["poly"].replace(",", " ").split(), "`poly`"))
    except ShapeError as error:
        return Geometry(fault=(error.code, str(error)))
    return combined(box, drawn)


def _box(found: dict[str, str]) -> Box | None:
    """Return the box that properties name, None if none.

    Raises:
        ShapeError: D008.
    """
    if "bbox" not in found:
        return None
    values = numbers(found["bbox"].replace(",", " ").split())
    if len(values) != 4:
        raise ShapeError("D008", f"`bbox` has {len(values)} numbers instead of four")
    return (values[0], values[1], values[2], values[3])
