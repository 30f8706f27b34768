"""Reading all files of a page format, at the level that is wanted: regions, lines or words."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Protocol

from centernet_cli.core.errors import InputError
from centernet_cli.core.records import Dataset, PageRecord
from centernet_cli.core.strict_json import parse_json
from centernet_cli.datasets.formats.fields import MAX_COORDINATE, PageExtras, is_id, read_page_extras
from centernet_cli.datasets.formats.layout_images import ImageFinder
from centernet_cli.datasets.formats.places import files_below
from centernet_cli.datasets.formats.problems import Problems
from centernet_cli.datasets.formats.shapes import ShapeError, keep_shape, text_score
from centernet_cli.datasets.formats.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from centernet_cli.core.records import Annotation, PageInfo, Polygon
    from centernet_cli.datasets.formats.layout import Level, Part, Sheet

_ORDER: tuple[Level, ...] = ("line", "region", "word")
_SNIFFED = 50
"""Files to look at before deciding that a folder holds none of a format."""
_HEAD = 65_536


class SheetReader(Protocol):
    """Reads the pages of one file; faults that are not of parts go to `problems`, notes to `tally`.

    Raises `InputError` if the file cannot be parsed, `WrongRootError` if it is of another format.
    """

    def __call__(self, path: Path, finder: ImageFinder, problems: Problems, tally: Tally) -> list[Sheet]: ...


_DOCTYPE = b"<!doctype"


class WrongRootError(InputError):
    """A file is well-formed, but of another format."""


def read_layout(
    path: Path,
    read: SheetReader,
    *,
    suffixes: Sequence[str],
    marks: Sequence[bytes],
    what: str,
    level: str | None,
    tally: Tally | None,
    may_declare: bool = False,
) -> Dataset:
    """Read all files of a page format in a folder and below, or a single one.

    Pages come in the order of their files' paths, classes by name. Files that have none of the `marks` at their
    beginning, or another root, are skipped with a count, but a single file is an error.

    Args:
        path: The data folder, which holds files and images; a single file's folder if it is one.
        read: Reads one file.
        suffixes: Lower-case endings of names to look at.
        marks: See `looks_like`.
        what: The format's name for messages.
        level: One of `LEVELS`; None for `auto`.
        tally: Counts what became of each shape, and the shapes of levels that are not read as notes.
        may_declare: Whether a DOCTYPE is usual in such files; else a file with one is an error, whatever it is.

    Raises:
        InputError: D001 no such file; J4xx, X301, X302, X310, D002, D007, D008, D012, D014, D020-D022 for the files,
            all problems in one error.
    """
    tally = Tally() if tally is None else tally
    problems = Problems(path)
    root = path if path.is_dir() else path.parent
    finder = ImageFinder(root, tally)
    choice = _Choice(level or "auto")
    sheets: list[tuple[Path, Sheet]] = []
    for file in layout_files(path, suffixes):
        if path.is_dir() and not looks_like(file, marks if may_declare else (*marks, _DOCTYPE)):
            tally.note(f"files of this ending that are not {what}, skipped")
            continue
        try:
            found = read(file, finder, problems, tally)
        except WrongRootError as error:
            if not path.is_dir():
                raise InputError(error.code, error.message, path=file, hint=error.hint) from error
            tally.note(f"files of this ending that are not {what}, skipped")
        except InputError as error:
            at = error.path or file
            problems.add_error(
                InputError(error.code, error.message, path=at, line=error.line, col=error.col, hint=error.hint)
            )
        else:
            tally.files.append(file)
            for sheet in found:
                choice.take(sheet)
                sheets.append((file, sheet))
    wanted = choice.end(tally)
    pages = [_record(sheet, wanted, file, problems, tally) for file, sheet in sheets]
    problems.raise_if_any()
    if not pages:
        raise InputError("D001", f"no page of {what}" if path.exists() else "no such file or folder", path=path)
    classes = sorted({annotation.label for page in pages for annotation in page.annotations})
    return Dataset(classes=tuple(classes), pages=tuple(pages), root=root)


def sniff_layout(path: Path, suffixes: Sequence[str], marks: Sequence[bytes]) -> bool:
    """Tell whether a file has, or a folder holds files that have, one of the marks; never raises."""
    try:
        return any(
            looks_like(file, marks) for _, file in zip(range(_SNIFFED), layout_files(path, suffixes), strict=False)
        )
    except (OSError, ValueError):
        return False


def looks_like(path: Path, marks: Sequence[bytes]) -> bool:
    """Tell whether the beginning of a file, in any Unicode encoding, has one of the marks (lower case)."""
    try:
        if not path.is_file():
            return False
        with path.open("rb") as handle:
            head = handle.read(_HEAD)
    except (OSError, ValueError):
        return False
    head = head.replace(b"\0", b"").lower()
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"[")):
        return False  # JSON, which may well speak of such files
    return any(mark in head for mark in marks)


def layout_files(path: Path, suffixes: Sequence[str]) -> Iterator[Path]:
    """Yield the files of some endings below a folder, sorted, or a file itself."""
    if not path.is_dir():
        yield path
        return
    yield from sorted({file for suffix in suffixes for file in files_below(path, suffix)})


def read_extras(text: str | None, problems: Problems, path: Path) -> tuple[PageExtras, str | None, str | None]:
    """Read what `layout_write.extras_text` returned: the page's origin, its group, and its source if kept there.

    Problems are J4xx and D002; the values are then defaults.
    """
    data: object = {}
    try:
        data = parse_json(text.encode(), path=path) if text else {}
        extras = read_page_extras(data if isinstance(data, dict) else {})
    except InputError as error:
        problems.add_error(InputError(error.code, f"facts of the page: {error.message}", path=path))
        extras = read_page_extras({})
    except ValueError as error:
        problems.add("D002", f"facts of the page: {error}", path=path)
        extras = read_page_extras({})
    if not isinstance(data, dict):
        return extras, None, None
    group, source = data.get("group"), data.get("source")
    return extras, str(group) if is_id(group) else None, source if isinstance(source, str) else None


class _Choice:
    """Which levels are read.

    Pages may have thousands of words: what is known not to be read is let go at once.
    """

    def __init__(self, level: str) -> None:
        self._level = level
        self._counts: Counter[Level] = Counter()

    @property
    def _wanted(self) -> set[Level]:
        """The levels that are read as far as is known."""
        if self._level == "all":
            return set(_ORDER)
        if self._level == "auto":
            return {"line"} if self._counts["line"] else set(_ORDER)
        return {kind for kind in _ORDER if kind == self._level}

    def take(self, sheet: Sheet) -> None:
        """Count the parts of a page, and leave only those that may be read."""
        self._counts.update(part.level for part in sheet.parts)
        wanted = self._wanted
        sheet.parts = [part for part in sheet.parts if part.level in wanted]

    def end(self, tally: Tally) -> set[Level]:
        """Return the levels to read, and note what is left out."""
        if self._level == "all":
            return set(_ORDER)
        chosen: Level = next(
            (kind for kind in _ORDER if kind == self._level or (self._level == "auto" and self._counts[kind])), "line"
        )
        for kind in _ORDER:
            if kind != chosen and self._counts[kind]:
                hint = f"--level {kind} or --level all reads them"
                tally.note(f"{kind}s left out, {chosen}s are read ({hint})", self._counts[kind])
        return {chosen}


def _record(sheet: Sheet, wanted: set[Level], path: Path, problems: Problems, tally: Tally) -> PageRecord:
    annotations = []
    for part in sheet.parts:
        if part.level not in wanted:
            continue
        try:
            annotation = _annotation(part, sheet.info, tally)
        except ShapeError as error:
            problems.add_error(InputError(error.code, f"{part.kind}: {error}", path=path, line=part.line or None))
        else:
            if annotation is not None:
                annotations.append(annotation)
    return PageRecord(info=sheet.info, annotations=tuple(annotations), group=sheet.group)


def _annotation(part: Part, info: PageInfo, tally: Tally) -> Annotation | None:
    geometry = part.geometry
    if geometry.fault is not None:
        raise ShapeError(*geometry.fault)
    if any(abs(value) > MAX_COORDINATE for point in geometry.polygon or () for value in point):
        raise ShapeError("D021", f"reaches beyond {MAX_COORDINATE:.0e} pixels")
    score = text_score(part.score)
    if geometry.box is None:
        tally.dropped(part.kind, part.label, geometry.dropped)
        return None
    try:
        found = keep_shape(
            part.kind,
            part.label,
            geometry.box,
            info,
            tally,
            polygon=geometry.polygon,
            reduced=geometry.reduced,
            score=score,
            crowd=part.crowd,
        )
    except ShapeError as error:
        raise ShapeError("D021", str(error)) from error
    if found is not None and found.polygon is not None and not _is_simple(found.polygon):
        tally.note("outlines that cross or touch themselves, kept as they are")
    return found


def _is_simple(polygon: Polygon) -> bool:
    from shapely import Polygon as ShapelyPolygon

    return bool(ShapelyPolygon(polygon).is_valid)
