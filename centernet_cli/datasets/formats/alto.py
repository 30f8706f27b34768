"""Reading ALTO, versions 1 to 4; `write_alto` lives next door."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from centernet_cli.core.errors import InputError
from centernet_cli.core.records import PageInfo
from centernet_cli.datasets.formats.alto_geometry import read_geometry
from centernet_cli.datasets.formats.alto_labels import LINE, WORD, Tag, tag_label, tag_of
from centernet_cli.datasets.formats.alto_write import SOFTWARE, alto_files, fit_alto, write_alto
from centernet_cli.datasets.formats.layout import BASELINES, GLYPHS, LEVELS, Part, Sheet, scaled
from centernet_cli.datasets.formats.layout_read import WrongRootError, read_extras, read_layout, sniff_layout
from centernet_cli.datasets.formats.safe_xml import local_name, namespace, read_xml, same_namespace
from centernet_cli.datasets.formats.shapes import parse_number

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from centernet_cli.core.records import Dataset
    from centernet_cli.datasets.formats.layout import Level
    from centernet_cli.datasets.formats.layout_images import ImageFinder
    from centernet_cli.datasets.formats.problems import Problems
    from centernet_cli.datasets.formats.tally import Tally

    Element = Any

__all__ = ["LEVELS", "alto_files", "fit_alto", "read_alto", "sniff_alto", "write_alto"]

_SUFFIXES = (".xml", ".alto")
_MARKS = (b"<alto", b":alto")
_NAMESPACE = re.compile(r"(?:http://www\.loc\.gov/standards/alto/ns-v[234]#|http://schema\.ccs-gmbh\.com/ALTO|)")
"""Of versions 2 to 4; version 1 had its maker's, or none."""
_MARGINS = {"TopMargin": "header", "BottomMargin": "footer", "LeftMargin": "marginalia", "RightMargin": "marginalia"}
"""Class of text in a part of the page, where nothing else is said."""
IN_OTHER_UNIT = "positions left in "
_UNITS = {"pixel": None, "mm10": 254.0, "inch1200": 1200.0}
"""Units per inch; a pixel is what the page is made of."""
_SAME_ASPECT = 0.01


def sniff_alto(path: Path) -> bool:
    """Tell whether a file is, or a folder holds, ALTO."""
    return sniff_layout(path, _SUFFIXES, _MARKS)


def read_alto(path: Path, *, tally: Tally | None = None, level: str | None = None) -> Dataset:
    """Read all ALTO files in a folder and below, or a single one; other XML files are skipped with a count.

    Blocks become annotations by their kind and tags (see `docs/formats.md`), lines `text_line`, strings `word`.
    The scale of positions in tenths of millimetres or 1200ths of inches is the size of the image beside the file over
    the page's, so is that of pixels of an image that was scaled since; without the image they stay as they are.

    Args:
        path: The data folder, which holds files and images; a single file's folder if it is one.
        tally: Counts what became of each shape.
        level: One of `LEVELS`.

    Raises:
        InputError: As `layout.read_layout`.
    """
    return read_layout(path, _sheets, suffixes=_SUFFIXES, marks=_MARKS, what="ALTO", level=level, tally=tally)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Context:
    """What holds for a whole file or page: its tags, its scale, and whether we wrote it."""

    tags: dict[str, Tag] = field(default_factory=dict)
    ours: bool = False
    scale: tuple[float, float] = (1.0, 1.0)
    tally: Tally


def _sheets(path: Path, finder: ImageFinder, problems: Problems, tally: Tally) -> list[Sheet]:
    root = read_xml(path)
    if local_name(root).lower() != "alto":
        raise WrongRootError("X302", f"not ALTO: the root is <{local_name(root)}>", path=path)
    if not _NAMESPACE.fullmatch(namespace(root)):
        tally.note(f"ALTO of namespace {namespace(root)!r:.80} is not a known version, read like version 4")
    stored = _text(step for step in _below(root, "processingStepSettings"))
    ours = _text(_below(root, "softwareName")) == SOFTWARE
    stated = _text(_below(root, "fileName"))
    stated = stated.strip() if stated is not None and "\n" in stated else stated  # on a line of its own
    unit = (_text(_below(root, "MeasurementUnit")) or "pixel").strip().lower()
    pages = list(_below(root, "Page"))
    tag_elements = (tag for kind in _below(root, "Tags") for tag in same_namespace(kind))
    tags = {tag.get("ID"): tag_of(tag, ours=ours) for tag in tag_elements if tag.get("ID")}
    context = _Context(tags=tags, ours=ours, tally=tally)
    sheets = []
    for page in pages:
        extras, group, source = read_extras(stored if ours else None, problems, path)
        image = finder.find(source or stated, path, absolute=True)
        number = parse_number(page.get("PHYSICAL_IMG_NR") or "")
        if len(pages) > 1 and not ours and number is not None and 1 <= number < 1e9:
            extras["page"] = int(number)
        size, scale = _scale(page, unit, image, path, finder, tally)
        per_inch = _UNITS[unit]
        if per_inch is not None and finder.size(image) is None:  # as if the page were scanned so
            extras["dpi"] = per_inch
        sheet = Sheet(PageInfo(source=image, width=size[0], height=size[1], **extras), group)
        sheet.parts += _parts(page, replace(context, scale=scale), "")
        sheets.append(sheet)
    return sheets


def _below(root: Element, name: str) -> Iterator[Element]:
    own = namespace(root)
    return root.iter(f"{{{own}}}{name}" if own else name)  # type: ignore[no-any-return]


def _text(elements: Iterable[Element]) -> str | None:
    """Return the text of the first of some elements."""
    return next((element.text for element in elements if element.text), None)


def _scale(
    page: Element, unit: str, image: str, path: Path, finder: ImageFinder, tally: Tally
) -> tuple[tuple[int, int], tuple[float, float]]:
    """Return a page's size in pixels, and the pixels of a unit along x and y.

    Raises:
        InputError: D007, no size anywhere; D014, an image of another shape; D022, an unknown unit.
    """
    width, height = (parse_number(page.get(name) or "") for name in ("WIDTH", "HEIGHT"))
    if width is None or height is None or not (0 < width < 1e9 and 0 < height < 1e9):
        width = height = None
    actual = finder.size(image)
    if unit not in _UNITS:
        raise InputError("D022", f"`MeasurementUnit` {unit!r:.40} is none of {', '.join(_UNITS)}", path=path)
    if width is None or height is None:
        if actual is None or unit != "pixel":
            hint = f"put {image} in its place" if unit == "pixel" else None
            raise InputError("D007", "no width and height of the page", path=path, hint=hint)
        tally.note("size of the page taken from its image")
        return actual, (1.0, 1.0)
    if actual is None:
        if unit != "pixel":
            tally.note(f"{IN_OTHER_UNIT}{unit}: no image tells how many pixels that is")
        return (max(1, round(width)), max(1, round(height))), (1.0, 1.0)
    if unit == "pixel" and (abs(width - actual[0]) <= 1 and abs(height - actual[1]) <= 1):
        return actual, (1.0, 1.0)
    scale = (actual[0] / width, actual[1] / height)
    if abs(scale[0] / scale[1] - 1) > _SAME_ASPECT:
        raise InputError(
            "D014",
            f"the page is {width:g} × {height:g} {unit}, its image {actual[0]} × {actual[1]} pixels, of another shape",
            path=path,
            hint="often its EXIF orientation, or a scan that was cropped",
        )
    tally.note("positions scaled from the page's size to the image's")
    return actual, scale


def _parts(parent: Element, context: _Context, place: str) -> Iterator[Part]:
    """Yield the blocks, lines and strings below an element, outer ones first; `place` is the part of the page."""
    for element in same_namespace(parent):
        name = local_name(element)
        if name == "PrintSpace" or name in _MARGINS:
            yield from _parts(element, context, name)
        elif name in {"TextBlock", "ComposedBlock", "Illustration", "GraphicalElement"}:
            block = _block(element, name, context, place)
            if block is not None:
                yield block
            yield from _parts(element, context, place)
        elif name == "TextLine":
            line = _line(element, context)
            if line is not None:
                yield line
            if element.get("BASELINE") is not None:
                context.tally.note(BASELINES)
            yield from _parts(element, context, place)
        elif name == "String":
            string = _string(element, context)
            if string is not None:
                yield string
            yield from _parts(element, context, place)
        elif name == "Glyph":
            context.tally.note(GLYPHS)


def _tags(element: Element, context: _Context) -> list[Tag]:
    return [context.tags[key] for key in (element.get("TAGREFS") or "").split() if key in context.tags]


def _block(element: Element, name: str, context: _Context, place: str) -> Part | None:
    tags = _tags(element, context)
    if element.get("HPOS") is None and element.find("{*}Shape") is None:
        # Ours hold lines of no region; others say nothing of where they are.
        if not context.ours:
            context.tally.note("blocks without position skipped, what is in them kept")
        return None
    label = tag_label(tags, "region", ours=context.ours)
    kind = element.get("TYPE")
    if label is None and name == "ComposedBlock":
        if kind is None or kind.lower() == "container":
            context.tally.note("ComposedBlocks without a type skipped, what is in them kept")
            return None
        label = kind.lower()
    elif label is None:
        usual = {"Illustration": "figure", "GraphicalElement": "separator"}
        label = usual.get(name) or _MARGINS.get(place, "text")
        if kind is not None:
            context.tally.note(f"`TYPE` of {name} ignored")
    return _part("region", element, label, tags, context)


def _line(element: Element, context: _Context) -> Part | None:
    tags = _tags(element, context)
    if context.ours and any(tag.is_holder for tag in tags):
        return None
    label = tag_label(tags, "line", ours=context.ours)
    score = None
    if context.ours:
        score = next((string.get("WC") for string in same_namespace(element) if _is_placeholder(string, context)), None)
    elif label is not None:
        context.tally.note("types of lines ignored")
        label = None
    return _part("line", element, LINE if label is None else label, tags, context, score)


def _is_placeholder(string: Element, context: _Context) -> bool:
    """Tell whether a string is no word, but is there as a line has to have one, with the line's score."""
    return local_name(string) == "String" and any(tag.is_holder for tag in _tags(string, context))


def _string(element: Element, context: _Context) -> Part | None:
    if context.ours and _is_placeholder(element, context):
        return None
    tags = _tags(element, context)
    label = tag_label(tags, "word", ours=True) if context.ours else None
    confidence = element.get("WC")
    if confidence is not None and not context.ours:
        context.tally.note("confidences of recognised text ignored: they are none of positions")
    return _part("word", element, WORD if label is None else label, tags, context, confidence if context.ours else None)


def _part(
    level: Level, element: Element, label: str, tags: list[Tag], context: _Context, score: str | None = None
) -> Part:
    return Part(
        level=level,
        kind=local_name(element),
        label=label,
        geometry=scaled(read_geometry(element), context.scale),
        score=score,
        crowd=context.ours and any(tag.is_crowd for tag in tags),
        line=element.sourceline or 0,
    )
