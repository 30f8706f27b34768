"""What the page formats (PAGE XML, ALTO, hOCR) share in writing: levels by class, nesting, order, whole pixels."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING

from centernet_cli.core.geometry import box_touches_page, is_upright_rectangle, points_box
from centernet_cli.core.records import Annotation
from centernet_cli.datasets.formats.fields import DEFAULT_EXTRAS, page_extras
from centernet_cli.datasets.formats.fit import box_of_polygon, cut_to_page, fit_annotations, fit_classes
from centernet_cli.datasets.formats.fit_masks import one_polygon
from centernet_cli.datasets.formats.layout import open_ring
from centernet_cli.datasets.formats.safe_xml import xml_text
from centernet_cli.datasets.formats.shapes import TO_BOX
from centernet_cli.datasets.nesting import nest
from centernet_cli.datasets.reading_order import INSIDE, reading_order, row_order

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from centernet_cli.core.records import Box, Dataset, PageInfo, PageRecord, Polygon
    from centernet_cli.datasets.formats.fit import Losses
    from centernet_cli.datasets.formats.layout import Level
    from centernet_cli.datasets.formats.tally import Tally

LINE, WORD = "text_line", "word"
"""Classes of what the formats call lines and words."""
TABLE, HEADER, FOOTER = "table", "header", "footer"
"""Classes that the order depends on: lines of tables are read row by row, headers first, footers last."""
_LINES = {"line", "lines", "textline", "textlines", "text_lines"}
_WORDS = {WORD, "words"}
_DIGITS = 4


def level_of(label: str) -> Level:
    """Return on which level a class is written: lines and words by their names, all others are regions."""
    name = label.strip().lower().replace("-", "_").replace(" ", "_")
    if name in _LINES or name.endswith("_line"):
        return "line"
    return "word" if name in _WORDS else "region"


@dataclass(frozen=True, slots=True)
class Row:
    """A line with its words; words that belong to no line have one without annotation each."""

    annotation: Annotation | None
    box: Box
    words: tuple[Annotation, ...] = ()


@dataclass(frozen=True, slots=True)
class Block:
    """A region with its lines; lines between regions have one without annotation."""

    annotation: Annotation | None
    box: Box
    rows: tuple[Row, ...] = ()


def parents(annotations: Sequence[Annotation]) -> list[int | None]:
    """Return for each line the index of the region that holds it; None for all others, and lines of no region."""
    inner = [index for index, found in enumerate(annotations) if level_of(found.label) == "line"]
    outer = [index for index, found in enumerate(annotations) if level_of(found.label) == "region"]
    found: list[int | None] = [None] * len(annotations)
    if inner and outer:
        regions = [annotations[index] for index in outer]
        lines = [annotations[index].box for index in inner]
        for line, region in zip(inner, nest(lines, _boxes(regions), outlines=_outlines(regions)), strict=True):
            found[line] = None if region is None else outer[region]
    return found


def arrange(annotations: Sequence[Annotation], *, right_to_left: bool = False) -> list[Block]:
    """Nest words in lines and lines in regions, and bring all of them into reading order.

    Args:
        annotations: Of a page.
        right_to_left: Which way columns, and words and cells in a row, follow each other.
    """
    in_order = partial(_in_order, right_to_left=right_to_left)
    by_rows = partial(_by_rows, right_to_left=right_to_left)
    by_level: dict[Level, list[Annotation]] = {"region": [], "line": [], "word": []}
    for annotation in annotations:
        by_level[level_of(annotation.label)].append(annotation)
    regions, lines, words = by_level["region"], by_level["line"], by_level["word"]
    words_of: list[list[Annotation]] = [[] for _ in lines]
    rows = []
    for word, index in zip(words, nest(_boxes(words), _boxes(lines)), strict=True):
        if index is None:
            rows.append(Row(None, word.box, (word,)))
        else:
            words_of[index].append(word)
    rows += [
        Row(line, line.box, tuple(in_order(found, _boxes(found)))) for line, found in zip(lines, words_of, strict=True)
    ]
    rows_of: list[list[Row]] = [[] for _ in regions]
    items: list[Annotation | Row] = [*regions]
    held_by = nest([row.box for row in rows], _boxes(regions), outlines=_outlines(regions))
    for row, index in zip(rows, held_by, strict=True):
        if index is None:
            items.append(row)
        else:
            rows_of[index].append(row)
    places = {id(region): found for region, found in zip(regions, rows_of, strict=True)}
    blocks = []
    for is_row, run in groupby(_from_header_to_footer(items, in_order), key=lambda item: isinstance(item, Row)):
        if is_row:
            loose = [item for item in run if isinstance(item, Row)]
            blocks.append(Block(None, _around([row.box for row in loose]), tuple(loose)))
            continue
        for item in run:
            assert not isinstance(item, Row)
            found_rows = places[id(item)]
            arranged = by_rows if item.label == TABLE else in_order
            blocks.append(Block(item, item.box, tuple(arranged(found_rows, [row.box for row in found_rows]))))
    return blocks


def _from_header_to_footer(
    items: Sequence[Annotation | Row], in_order: Callable[[Sequence[Any], Sequence[Box]], list[Any]]
) -> list[Annotation | Row]:
    """Return items in reading order; headers come first and footers last, whichever column they are above or below.

    What is in them, such as the number of the page, goes with them.
    """
    labels = [item.label if isinstance(item, Annotation) else "" for item in items]
    edges = [index for index, label in enumerate(labels) if label in {HEADER, FOOTER}]
    boxes = [item.box for item in items]
    held_by = nest(boxes, [boxes[index] for index in edges], least=INSIDE)
    parts: tuple[list[Annotation | Row], ...] = ([], [], [])
    for item, own, holder in zip(items, labels, held_by, strict=True):
        label = own if own in {HEADER, FOOTER} or holder is None else labels[edges[holder]]
        parts[0 if label == HEADER else 2 if label == FOOTER else 1].append(item)
    return [item for part in parts for item in in_order(part, [item.box for item in part])]


def _outlines(annotations: Sequence[Annotation]) -> list[Polygon | None]:
    return [annotation.polygon for annotation in annotations]


def _boxes(annotations: Sequence[Annotation]) -> list[Box]:
    return [annotation.box for annotation in annotations]


def _in_order(items: Sequence[Any], boxes: Sequence[Box], *, right_to_left: bool) -> list[Any]:
    return [items[index] for index in reading_order(boxes, right_to_left=right_to_left)]


def _by_rows(items: Sequence[Any], boxes: Sequence[Box], *, right_to_left: bool) -> list[Any]:
    return [items[index] for index in row_order(boxes, right_to_left=right_to_left)]


def _around(boxes: Sequence[Box]) -> Box:
    return points_box([corner for x0, y0, x1, y1 in boxes for corner in ((x0, y0), (x1, y1))])


def extras_text(page: PageRecord, image: str, *, keep_dpi: bool = True, needs_source: bool = False) -> str | None:
    """Return what a format has no place for, as JSON in ASCII; None if there is nothing.

    Args:
        page: Its origin, its group, and its source if XML cannot hold that.
        image: The name that the file gives to the image.
        keep_dpi: Whether the format has no place for the resolution.
        needs_source: Whether the format has no place for this source.
    """
    defaults: dict[str, object] = {**DEFAULT_EXTRAS}
    kept: dict[str, object] = {
        key: value
        for key, value in page_extras(page.info).items()
        if value != defaults[key] and (keep_dpi or key != "dpi")
    }
    if page.group is not None:
        kept["group"] = page.group
    if needs_source or xml_text(image) != image:
        kept["source"] = image
    return json.dumps(kept, allow_nan=False) if kept else None


def fit_facts(dataset: Dataset, tally: Tally) -> Dataset:
    """Return a dataset without what no page format has a place for: classes that don't occur, failures and facts."""
    if dataset.failures:
        tally.note("failures of the prediction not written", len(dataset.failures))
    return replace(fit_classes(dataset, tally), failures=(), info={})


def fit_outlines(dataset: Dataset, tally: Tally) -> Dataset:
    """Return a dataset whose polygons are none if they are boxes: what formats without rectangles can tell apart."""

    def change(annotation: Annotation, _: PageInfo, losses: Losses) -> Annotation:
        return _plain(one_polygon(annotation, losses))

    return fit_annotations(dataset, tally, change)


def _plain(annotation: Annotation) -> Annotation:
    """Return an annotation whose polygon is open, and none if it is the box."""
    if annotation.polygon is None:
        return annotation
    ring = tuple(open_ring(annotation.polygon))
    if is_upright_rectangle(ring) and points_box(ring) == annotation.box:
        return replace(annotation, polygon=None)
    return annotation if len(ring) == len(annotation.polygon) else replace(annotation, polygon=ring)


def fit_whole_pixels(dataset: Dataset, tally: Tally) -> Dataset:
    """Return a dataset in whole pixels on the page, with boxes around their polygons: what PAGE and hOCR can hold.

    What reaches over the edge of its page is cut off there, what lies beyond is dropped. A box keeps at least one
    pixel; a polygon that rounding leaves without extent becomes its box.
    """

    def change(annotation: Annotation, info: PageInfo, losses: Losses) -> Annotation | None:
        found = box_of_polygon(one_polygon(annotation, losses), tally)
        if not box_touches_page(found.box, info.width, info.height):
            losses.dropped("lies outside its page")
            return None
        cut = cut_to_page(found, info, losses)
        found = _rounded(cut, info)
        if found.polygon is None and cut.polygon is not None and not is_upright_rectangle(open_ring(cut.polygon)):
            losses.reduced(TO_BOX)
        if any(abs(a - b) > 0.005 for a, b in zip(found.box, cut.box, strict=True)):
            tally.note("coordinates rounded to whole pixels")
        return found

    return fit_annotations(dataset, tally, change)


def _rounded(annotation: Annotation, info: PageInfo) -> Annotation:
    x0, x1 = _rounded_span(annotation.box[0], annotation.box[2], info.width)
    y0, y1 = _rounded_span(annotation.box[1], annotation.box[3], info.height)
    box = (x0, y0, x1, y1)
    if annotation.polygon is None:
        return replace(annotation, box=box)
    ring = open_ring([(float(round(x)), float(round(y))) for x, y in annotation.polygon])
    around = points_box(ring)
    if len(ring) < 3 or around[0] == around[2] or around[1] == around[3]:
        return replace(annotation, box=box, polygon=None)
    return _plain(replace(annotation, box=around, polygon=tuple(ring)))


def _rounded_span(start: float, end: float, limit: int) -> tuple[float, float]:
    low, high = round(start), round(end)
    if low == high:
        low = min(math.floor(start), limit - 1)
        high = max(math.ceil(end), low + 1)
    return float(low), float(high)


def whole_points(annotation: Annotation | None, box: Box) -> list[tuple[int, int]]:
    """Return the points of an annotation in whole pixels: its polygon's, or the corners of its box, or of `box`."""
    polygon: Polygon | None = None if annotation is None else annotation.polygon
    if polygon is None:
        x0, y0, x1, y1 = box if annotation is None else annotation.box
        polygon = ((x0, y0), (x1, y0), (x1, y1), (x0, y1))
    return [(round(x), round(y)) for x, y in polygon]


def short(value: float, digits: int = _DIGITS) -> str:
    """Return a number as text with at most some digits after the point and no needless ones."""
    text = f"{value:.{digits}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
