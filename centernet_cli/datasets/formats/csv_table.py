"""CSV: a row for each box; the commonest names of columns, and tables without names, are understood."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from centernet_cli.core.errors import InputError
from centernet_cli.core.geometry import points_box
from centernet_cli.core.records import Dataset, PageInfo, PageRecord
from centernet_cli.core.safe_io import atomic_write_text, read_bytes
from centernet_cli.datasets.formats.csv_columns import NO_CLASS, Columns, find_columns
from centernet_cli.datasets.formats.csv_images import TableImages
from centernet_cli.datasets.formats.fields import UNKNOWN_SIDE, as_pixels
from centernet_cli.datasets.formats.fit import fit_annotations, fit_classes, fit_pages, join_same_pages
from centernet_cli.datasets.formats.fit_masks import one_polygon
from centernet_cli.datasets.formats.image_header import image_size
from centernet_cli.datasets.formats.places import only_file
from centernet_cli.datasets.formats.problems import Problems
from centernet_cli.datasets.formats.shapes import ShapeError, keep_shape, numbers, text_score
from centernet_cli.datasets.formats.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from centernet_cli.core.records import Annotation, Box, Polygon

Item = TypeVar("Item")
P = ParamSpec("P")
_COLUMNS = ("image", "page", "width", "height", "label", "x0", "y0", "x1", "y1", "score", "crowd", "polygon")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "'")
"""Beginnings of a text that a spreadsheet would take for a formula, or that are our own mark of one."""
_TRIED = 20
"""Rows whose images are looked for to find the folder of all."""
_SNIFFED_BYTES = 100_000
_FIELD_LIMIT = 10_000_000
_DIGITS = 4


def sniff_csv(path: Path) -> bool:
    """Tell whether a file is a table of boxes, or a folder holds just one such table."""
    try:
        file = only_file(path, (".csv", ".tsv"), "boxes.csv", "CSV")
        if file.suffix.lower() not in {".csv", ".tsv"} or not file.is_file():  # a pipe would be waited for
            return False
        with file.open("rb") as stream:
            head = stream.read(_SNIFFED_BYTES)
        return find_columns(_first_line(head.decode("utf-8-sig", "replace"))) is not None
    except (InputError, OSError):
        return False


def read_csv(path: Path, *, tally: Tally | None = None) -> Dataset:
    """Read a table of boxes: separated by commas, semicolons or tabs, with a header or like those of known programs.

    Columns are an image, a label and a box in pixels, `x0 y0 x1 y1` or `xmin ymin xmax ymax` or `x y w h` or any of
    the names that `find_columns` knows; optional are the page's width and height (else the image is looked at), a
    page number, a score, and a polygon as `x,y x,y …`, around which the box is if it has none. A row with neither
    label nor box is a page without boxes. Pages come in the order of their first rows, classes by name. With a column
    `status`, the rows are predictions on files anywhere.

    Args:
        path: The file, or a folder with just one.
        tally: Counts what became of each row.

    Raises:
        InputError: D001 no table of boxes, D002-D017 for rows, X310 for images out of the folder; all in one error.
    """
    tally = Tally() if tally is None else tally
    path = only_file(path, (".csv", ".tsv"), "boxes.csv", "CSV")
    reader = _Reader(_Table.read(path), tally, Problems(path))
    tally.files.append(path)
    pages = reader.pages()
    reader.problems.raise_if_any()
    classes = sorted({annotation.label for page in pages for annotation in page.annotations})
    return Dataset(classes=tuple(classes), pages=tuple(pages), root=reader.root)


@dataclass(frozen=True, slots=True)
class _Table:
    """The rows of a file, and which column means what."""

    path: Path
    columns: Columns
    rows: list[tuple[int, list[str]]]
    """Line number and cells."""

    @classmethod
    def read(cls, path: Path) -> _Table:
        """Read a file.

        Raises:
            InputError: D001 no header, D017 not CSV or not UTF-8, J401, J402.
        """
        raw = read_bytes(path)
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = raw.count(b"\n", 0, error.start) + 1
            raise InputError("D017", "not UTF-8", path=path, line=line, hint="save it as UTF-8") from None
        columns = find_columns(_first_line(text))
        if columns is None:
            hint = "such as image,label,x0,y0,x1,y1"
            raise InputError("D001", "no header with image, label and box in the first line", path=path, hint=hint)
        rows: list[tuple[int, list[str]]] = []
        limit = csv.field_size_limit(_FIELD_LIMIT)
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=columns.separator, strict=True)
        try:
            rows.extend((reader.line_num, cells) for cells in reader if any(cells))
        except csv.Error as error:
            raise InputError("D017", f"not CSV: {error}", path=path, line=reader.line_num) from None
        finally:
            csv.field_size_limit(limit)
        return cls(path, columns, rows[1:] if columns.has_header else rows)


def _first_line(text: str) -> str:
    return text.lstrip("\r\n").partition("\n")[0].rstrip("\r")


@dataclass(slots=True)
class _Page:
    source: str
    page: int | None
    width: int
    height: int
    line: int
    annotations: list[Annotation]

    def info(self) -> PageInfo:
        return PageInfo(source=self.source, width=self.width, height=self.height, page=self.page)


class _Reader:
    def __init__(self, table: _Table, tally: Tally, problems: Problems) -> None:
        self.table = table
        self.tally = tally
        self.problems = problems
        first = [self._text(cells, "image") for _, cells in table.rows[:_TRIED]]
        self._images = None if "status" in table.columns.index else TableImages(table.path, first, tally)
        self.root = None if self._images is None else self._images.root
        self._pages: dict[tuple[str, str], _Page | None] = {}
        self._has_corners = False
        self._is_relative = table.columns.is_relative
        if "label" not in table.columns.index:
            tally.note(f"no column of classes: all are `{NO_CLASS}`")
        if self._is_relative is None and self._all_are_shares():
            self._is_relative = True
            tally.note("no coordinate is above 1: taken as shares of the page")

    def pages(self) -> list[PageRecord]:
        """Read all rows."""
        rows = [(line, cells, self._heard(line, self._page, line, cells)) for line, cells in self.table.rows]
        if "box" in self.table.columns.index and self._are_corners((cells, page) for _, cells, page in rows):
            self._has_corners = True
            self.tally.note("boxes taken as two corners: as corner and size they would leave their pages")
        for line, cells, page in rows:
            if page is None:
                continue
            annotation = self._heard(line, self._annotation, cells, page)
            if annotation is not None:
                page.annotations.append(annotation)
        return [
            PageRecord(info=page.info(), annotations=tuple(page.annotations))
            for page in self._pages.values()
            if page is not None
        ]

    def _heard(self, line: int, read: Callable[P, Item | None], *what: P.args, **named: P.kwargs) -> Item | None:
        """Return what is read in a line; None after a problem, which is reported."""
        try:
            return read(*what, **named)
        except (ShapeError, InputError) as error:
            message = error.message if isinstance(error, InputError) else str(error)
            self.problems.add_error(InputError(error.code, message, path=self.table.path, line=line))
            return None

    def _are_corners(self, rows: Iterable[tuple[list[str], _Page | None]]) -> bool:
        """Tell whether the four numbers of boxes in one column are two corners instead of a corner and a size."""
        leaves = False
        for cells, page in rows:
            if page is None:
                continue
            try:
                x0, y0, x1, y1 = self._numbers(self._sides(cells))
            except (ShapeError, ValueError):
                continue  # reported later, or no box
            width, height = (1.0, 1.0) if self._is_relative else (page.width + 1.0, page.height + 1.0)
            if not (x0 <= x1 <= width and y0 <= y1 <= height):
                return False
            leaves = leaves or x0 + x1 > width or y0 + y1 > height
        return leaves

    def _cell(self, cells: list[str], key: str) -> str:
        index = self.table.columns.index.get(key)
        return "" if index is None or index >= len(cells) else cells[index].strip()

    def _text(self, cells: list[str], key: str) -> str:
        """Return a cell as it was before it was made safe for spreadsheets."""
        index = self.table.columns.index[key]
        text = cells[index] if index < len(cells) else ""
        return text[1:] if text[:1] == "'" and text[1:].startswith(_FORMULA) else text

    def _page(self, line: int, cells: list[str]) -> _Page | None:
        """Return the page of a row; None if its first row was wrong."""
        name, number = self._text(cells, "image"), self._cell(cells, "page")
        size = self._size(cells)
        key = (name, number)
        if key not in self._pages:
            self._pages[key] = None  # what is wrong with it is said once
            source = name if self._images is None else self._images.find(name)
            if not source:
                raise ShapeError("D002", "no image named")
            page = int(number) if number.isascii() and number.isdigit() and len(number) < 10 else None
            if number and not page:
                raise ShapeError("D002", f"page {number!r:.40} is not a whole number from 1")
            if size is None and self.root is not None:
                size = image_size(self.root / source)
                self.tally.note("size of the page taken from its image")
            if size is None or size[0] == UNKNOWN_SIDE:
                missing = "no width and height of the page, and the image cannot be read"
                wrong = "width and height of the page are not whole numbers from 1"
                message = wrong if size else missing
                if self._is_relative:  # then there are no boxes without it
                    raise ShapeError("D007", message)
                self.problems.add_error(InputError("D007", message, path=self.table.path, line=line))
                size = (UNKNOWN_SIDE, UNKNOWN_SIDE)
            self._pages[key] = _Page(source, page, *size, line, [])
        found = self._pages[key]
        if (
            found is not None
            and found.width != UNKNOWN_SIDE
            and size is not None
            and size != (found.width, found.height)
        ):
            raise ShapeError("D007", f"width and height of the page are others than in line {found.line}")
        return found

    def _all_are_shares(self) -> bool:
        """Tell whether no box of the table would be more than a pixel."""
        found = False
        for _, cells in self.table.rows:
            try:
                texts = self._sides(cells)
                values = self._numbers(texts) if any(texts) else []
            except ShapeError:
                return False  # told of with the row
            if any(not 0 <= value <= 1 for value in values):
                return False
            found = found or bool(values)
        return found

    def _sides(self, cells: list[str]) -> list[str]:
        """Return the four numbers of a box, empty where there is none.

        Raises:
            ShapeError: D008, there are others than four in a column.
        """
        columns = self.table.columns
        if "box" not in columns.index:
            return [self._cell(cells, side) for side in columns.sides]
        texts = self._cell(cells, "box").strip("[](){} ").replace(",", " ").replace(";", " ").split()
        if texts and len(texts) != 4:
            raise ShapeError("D008", f"{len(texts)} numbers are no box of x, y, width and height")
        return texts or [""] * 4

    def _numbers(self, texts: list[str]) -> list[float]:
        return numbers([text.replace(",", ".") for text in texts] if self.table.columns.has_decimal_comma else texts)

    def _size(self, cells: list[str]) -> tuple[int, int] | None:
        """Return what a row says of its page's size; None: nothing; twice `UNKNOWN_SIDE`: nonsense."""
        texts = [self._cell(cells, "width"), self._cell(cells, "height")]
        if not all(texts):
            return None
        try:
            width, height = map(as_pixels, self._numbers(texts))
        except ShapeError:
            width = height = None
        return (UNKNOWN_SIDE, UNKNOWN_SIDE) if width is None or height is None else (width, height)

    def _annotation(self, cells: list[str], page: _Page) -> Annotation | None:
        has_class = "label" in self.table.columns.index
        label = self._text(cells, "label") if has_class else NO_CLASS
        texts = self._sides(cells)
        outline = self._cell(cells, "polygon")
        if not any(texts) and not outline and not (has_class and label):
            return None  # a page without boxes
        polygon = _polygon(outline) if outline else None
        box: Box
        if any(texts) or polygon is None:
            x0, y0, x1, y1 = self._numbers(texts)
            if self._is_relative:
                x0, y0, x1, y1 = x0 * page.width, y0 * page.height, x1 * page.width, y1 * page.height
            has_corners = self._has_corners or self.table.columns.sides[2] == "x1"
            box = (x0, y0, x1, y1) if has_corners else (x0, y0, x0 + x1, y0 + y1)
        else:
            box = points_box(polygon)
        crowd = self._cell(cells, "crowd").lower() in {"1", "true", "yes"}
        kind = "box" if polygon is None else "polygon"
        text = self._cell(cells, "score")
        score = text_score(text.replace(",", ".") if self.table.columns.has_decimal_comma else text)
        return keep_shape(kind, label, box, page.info(), self.tally, polygon=polygon, score=score, crowd=crowd)


def _polygon(text: str) -> Polygon:
    values = numbers(text.replace(",", " ").replace(";", " ").split())
    if len(values) < 6 or len(values) % 2:
        raise ShapeError("D008", "the polygon is not a list of at least 3 pairs of numbers")
    return tuple(zip(values[::2], values[1::2], strict=True))


def fit_csv(dataset: Dataset, tally: Tally) -> Dataset:
    """Return what reading a dataset written by `write_csv` gives, and count what is lost."""
    dataset = fit_annotations(
        fit_pages(dataset, tally),
        tally,
        lambda annotation, _info, losses: one_polygon(annotation, losses),
        lambda page: all(annotation.mask is None for annotation in page.annotations),
    )
    return fit_classes(join_same_pages(dataset, tally), tally)


def write_csv(dataset: Dataset, path: Path, *, tally: Tally | None = None) -> None:
    """Write a table: a row for each box, and one for each page without any.

    Texts that a spreadsheet would take for a formula get an apostrophe in front, which `read_csv` takes away.

    Raises:
        OutputError: O801.
    """
    dataset = fit_csv(dataset, Tally() if tally is None else tally)
    predicted = dataset.root is None
    rows = [csv_header(predicted=predicted), *(csv_rows(page, predicted=predicted) for page in dataset.pages)]
    atomic_write_text(path, "".join(rows))


def csv_header(*, predicted: bool) -> str:
    """Return the first line, with its end."""
    return ",".join([*_COLUMNS, "status"] if predicted else _COLUMNS) + "\n"


def csv_rows(page: PageRecord, *, predicted: bool) -> str:
    """Return the lines of a page, with their ends: one for each box, or one without a box."""
    out = io.StringIO(newline="")
    plain = csv.writer(out, lineterminator="\n")
    # The plain one doesn't put a lone \r in quotes, which readers take for the end of the line.
    quoting = csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL)
    status = ["ok"] if predicted else []
    info = page.info
    start = [_safe(info.source), info.page or "", info.width, info.height]
    if not page.annotations:
        (quoting if "\r" in info.source else plain).writerow([*start, *[""] * 8, *status])
    for annotation in page.annotations:
        writer = quoting if "\r" in info.source + annotation.label else plain
        writer.writerow([*start, *_cells(annotation), *status])
    return out.getvalue()


def _cells(annotation: Annotation) -> list[str | float]:
    polygon = annotation.polygon or ()
    return [
        _safe(annotation.label),
        *(round(float(side), _DIGITS) for side in annotation.box),
        "" if annotation.score is None else round(float(annotation.score), 6),
        1 if annotation.crowd else "",
        " ".join(f"{round(float(x), _DIGITS)},{round(float(y), _DIGITS)}" for x, y in polygon),
    ]


def _safe(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text
