"""Reading PAGE XML, versions 2009 to 2019; `write_page_xml` lives next door."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from centernet_cli.core.records import PageInfo
from centernet_cli.datasets.formats.layout import BASELINES, GLYPHS, LEVELS, Geometry, Part, Sheet, outline, read_points
from centernet_cli.datasets.formats.layout_read import WrongRootError, read_extras, read_layout, sniff_layout
from centernet_cli.datasets.formats.page_xml_labels import (
    LINE,
    WORD,
    custom_type,
    our_custom,
    parse_custom,
    region_label,
)
from centernet_cli.datasets.formats.page_xml_write import fit_page_xml, page_xml_files, write_page_xml
from centernet_cli.datasets.formats.safe_xml import local_name, namespace, read_xml, same_namespace
from centernet_cli.datasets.formats.shapes import ShapeError, parse_number

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from centernet_cli.core.records import Dataset
    from centernet_cli.datasets.formats.layout import Level
    from centernet_cli.datasets.formats.layout_images import ImageFinder
    from centernet_cli.datasets.formats.problems import Problems
    from centernet_cli.datasets.formats.tally import Tally

    Element = Any

__all__ = ["LEVELS", "fit_page_xml", "page_xml_files", "read_page_xml", "sniff_page_xml", "write_page_xml"]

_NAMESPACE = re.compile(r"https?://schema\.primaresearch\.org/PAGE/gts/pagecontent/(\d{4}-\d{2}-\d{2})")
_VERSIONS = {
    "2009-03-16", "2010-01-12", "2010-03-19", "2013-07-15", "2016-07-15", "2017-07-15", "2018-07-15", "2019-07-15",
}  # fmt: skip
_SUFFIXES = (".xml",)
# A DOCTYPE, which is refused, may be so long that the element is out of sight.
_MARKS = (b"<pcgts", b":pcgts", b"<!doctype pcgts")
_LEVELS: dict[str, tuple[Level, str]] = {"TextLine": ("line", LINE), "Word": ("word", WORD)}
_IGNORED = {
    "Baseline": BASELINES, "Glyph": GLYPHS,
    "Border": "`Border` and `PrintSpace` ignored", "PrintSpace": "`Border` and `PrintSpace` ignored",
}  # fmt: skip
_PER_INCH = {"PPI": 1.0, "PPCM": 2.54}


def sniff_page_xml(path: Path) -> bool:
    """Tell whether a file is, or a folder holds, PAGE XML."""
    return sniff_layout(path, _SUFFIXES, _MARKS)


def read_page_xml(path: Path, *, tally: Tally | None = None, level: str | None = None) -> Dataset:
    """Read all PAGE XML files in a folder and below, or a single one; other XML files are skipped with a count.

    Regions become annotations by their type (see `docs/formats.md`), lines `text_line`, words `word`.

    Args:
        path: The data folder, which holds files and images; a single file's folder if it is one.
        tally: Counts what became of each shape.
        level: One of `LEVELS`.

    Raises:
        InputError: As `layout.read_layout`.
    """
    return read_layout(path, _sheets, suffixes=_SUFFIXES, marks=_MARKS, what="PAGE XML", level=level, tally=tally)


def _sheets(path: Path, finder: ImageFinder, problems: Problems, tally: Tally) -> list[Sheet]:
    root = read_xml(path)
    if local_name(root) != "PcGts":
        raise WrongRootError("X302", f"not PAGE XML: the root is <{local_name(root)}>", path=path)
    version = _NAMESPACE.fullmatch(namespace(root))
    if version is None or version[1] not in _VERSIONS:
        name = version[1] if version else namespace(root) or "none"
        tally.note(f"PAGE version {name!r:.60} is not a known one, read like 2019-07-15")
    return [_sheet(page, path, finder, problems, tally) for page in same_namespace(root) if local_name(page) == "Page"]


def _sheet(page: Element, path: Path, finder: ImageFinder, problems: Problems, tally: Tally) -> Sheet:
    stored = next((attribute.get("value") for attribute in _user_attributes(page)), None)
    extras, group, source = read_extras(stored, problems, path)
    image = finder.find(source or page.get("imageFilename"), path)
    stated = (_pixels(page.get("imageWidth")), _pixels(page.get("imageHeight")))
    width, height = finder.check_size(image, stated, path, problems)
    if "dpi" not in extras or extras["dpi"] is None:
        extras["dpi"] = _dpi(page)
    sheet = Sheet(PageInfo(source=image, width=width, height=height, **extras), group)
    sheet.parts += _parts(page, tally)
    return sheet


def _user_attributes(page: Element) -> Iterator[Element]:
    for defined in same_namespace(page):
        if local_name(defined) == "UserDefined":
            yield from (entry for entry in same_namespace(defined) if entry.get("name") == "centernet")


def _pixels(text: str | None) -> int | None:
    value = parse_number(text) if text else None
    return int(value) if value is not None and 1 <= value < 1e9 and value == int(value) else None


def _dpi(page: Element) -> float | None:
    """Return the resolution in pixels per inch; None if unknown or different along x and y."""
    factor = _PER_INCH.get(page.get("imageResolutionUnit") or "")
    values = [parse_number(page.get(name) or "") for name in ("imageXResolution", "imageYResolution")]
    x, y = values
    if factor is None or x is None or x <= 0 or y not in {None, x}:
        return None
    return x * factor


def _parts(parent: Element, tally: Tally) -> Iterator[Part]:
    """Yield the regions, lines and words below an element, outer ones first."""
    for element in same_namespace(parent):
        name = local_name(element)
        if name.endswith("Region") or name == "TableCell":
            custom = parse_custom(element.get("custom"))
            if "holder" not in our_custom(custom):
                if name not in {"TextRegion", "CustomRegion"} and element.get("type"):
                    tally.note(f"`type` of {name} ignored")
                label = region_label(name, element.get("type"), custom, is_cell=_is_cell(element))
                yield _part("region", element, label)
            yield from _parts(element, tally)
        elif name in _LEVELS:
            custom = parse_custom(element.get("custom"))
            ours = our_custom(custom)
            if custom_type(custom) is not None:
                tally.note(f"types of {name} (`custom`) ignored")
            if "holder" not in ours:
                level, label = _LEVELS[name]
                yield _part(level, element, ours.get("label", label))
            yield from _parts(element, tally)
        elif name in _IGNORED:
            tally.note(_IGNORED[name])


def _is_cell(element: Element) -> bool:
    return any(
        local_name(role) == "TableCellRole"
        for roles in same_namespace(element)
        if local_name(roles) == "Roles"
        for role in same_namespace(roles)
    )


def _part(level: Level, element: Element, label: str) -> Part:
    coords = next((child for child in same_namespace(element) if local_name(child) == "Coords"), None)
    crowd = our_custom(parse_custom(element.get("custom"))).get("crowd") == "true"
    return Part(
        level=level,
        kind=local_name(element),
        label=label,
        geometry=_geometry(coords),
        score=None if coords is None else coords.get("conf"),
        crowd=crowd,
        line=element.sourceline or 0,
    )


def _geometry(coords: Element | None) -> Geometry:
    if coords is None:
        return Geometry(dropped="has no Coords")
    text = coords.get("points")
    if text is None:
        # As up to 2010: <Point x="1" y="2"/>
        points = [child for child in same_namespace(coords) if local_name(child) == "Point"]
        values = [point.get(axis) or "" for point in points for axis in ("x", "y")]
    else:
        pairs = [pair.split(",") for pair in text.split()]
        if any(len(pair) != 2 for pair in pairs):
            return Geometry(fault=("D020", "`points` is not a list of pairs of numbers"))
        values = [value for pair in pairs for value in pair]
    try:
        return outline(read_points(values, "`points`"))
    except ShapeError as error:
        return Geometry(fault=(error.code, str(error)))
