"""Label Studio's export as CSV or TSV: a row for each annotation, with its regions as JSON; made into JSON-MIN."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

from centernet_cli.core.errors import InputError
from centernet_cli.core.safe_io import read_bytes
from centernet_cli.core.strict_json import parse_json

if TYPE_CHECKING:
    from pathlib import Path

SUFFIXES = (".csv", ".tsv")
_FIELD_LIMIT = 10_000_000
_HEAD = 5_000


def looks_like_label_studio_table(path: Path) -> bool:
    """Tell whether a file is a table of Label Studio's, by its first line.

    Raises:
        OSError: It cannot be read.
    """
    if path.suffix.lower() not in SUFFIXES or not path.is_file():  # a pipe would be waited for
        return False
    with path.open("rb") as stream:
        head = stream.read(_HEAD).decode("utf-8-sig", "replace").partition("\n")[0]
    names = {name.strip().strip('"') for name in head.split(_separator(head))}
    return "id" in names and bool(names & {"annotation_id", "annotator"})


def read_label_studio_table(path: Path) -> list[dict[str, Any]]:
    """Return the rows of a table, as the export as JSON-MIN has them.

    Raises:
        InputError: J4xx in a cell, D017 no table; with the line.
    """
    try:
        text = read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError("D017", "not UTF-8", path=path, hint="save it as UTF-8") from None
    items: list[dict[str, Any]] = []
    limit = csv.field_size_limit(_FIELD_LIMIT)
    separator = _separator(text.partition("\n")[0])
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        header = next(reader, [])
        for cells in filter(any, reader):
            row = dict(zip(header, cells, strict=False))
            items.append({key: _value(key, cell, path, reader.line_num) for key, cell in row.items() if cell})
    except csv.Error as error:
        raise InputError("D017", f"not CSV: {error}", path=path, line=reader.line_num) from None
    finally:
        csv.field_size_limit(limit)
    return items


def _separator(head: str) -> str:
    return "\t" if head.count("\t") > head.count(",") else ","


def _value(key: str, cell: str, path: Path, line: int) -> object:
    """Return what a cell means: texts are as they are, lists and objects are JSON."""
    if cell[0] not in "[{":
        return cell
    try:
        return parse_json(cell.encode())
    except InputError as error:
        if error.code == "J404" and not cell.startswith(("[{", '{"')):  # such as `[illegible]`
            return cell
        raise InputError(error.code, f"`{key}`: {error.message}", path=path, line=line, hint=error.hint) from None
