"""VIA's annotations exported as CSV, a row for each region with its attributes as JSON: made into its other export."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

from centernet_cli.core.errors import InputError
from centernet_cli.core.safe_io import read_bytes
from centernet_cli.core.strict_json import parse_json

if TYPE_CHECKING:
    from pathlib import Path

_SHAPE, _CLASS, _FILE = "region_shape_attributes", "region_attributes", "file_attributes"
_FIELD_LIMIT = 10_000_000


def looks_like_via_csv(path: Path) -> bool:
    """Tell whether a file is a table of VIA's, by its first line.

    Raises:
        OSError: It cannot be read.
    """
    if path.suffix.lower() != ".csv" or not path.is_file():  # a pipe would be waited for
        return False
    with path.open("rb") as stream:
        head = stream.read(1000)
    return b"filename" in head and _SHAPE.encode() in head


def read_via_csv(path: Path) -> dict[str, Any]:
    """Return the images of a table, as the export as JSON has them.

    Raises:
        InputError: J4xx, D002 or D017, with the line.
    """
    try:
        text = read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError("D017", "not UTF-8", path=path, hint="save it as UTF-8") from None
    images: dict[str, Any] = {}
    limit = csv.field_size_limit(_FIELD_LIMIT)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [name.strip().lstrip("#") for name in next(reader, [])]
        for cells in filter(any, reader):
            row = dict(zip(header, cells, strict=False))
            name = row.get("filename", "")
            image = images.setdefault(
                f"{name}{row.get('file_size', '')}",
                {"filename": name, "regions": [], "file_attributes": _json(row, _FILE, path, reader.line_num)},
            )
            shape = _json(row, _SHAPE, path, reader.line_num)
            if shape:  # an image without regions has a row, too
                attributes = _json(row, _CLASS, path, reader.line_num)
                image["regions"].append({"shape_attributes": shape, "region_attributes": attributes})
    except csv.Error as error:
        raise InputError("D017", f"not CSV: {error}", path=path, line=reader.line_num) from None
    finally:
        csv.field_size_limit(limit)
    return images


def _json(row: dict[str, str], key: str, path: Path, line: int) -> dict[str, Any]:
    try:
        value = parse_json((row.get(key) or "{}").encode())
    except InputError as error:
        raise InputError(error.code, f"`{key}`: {error.message}", path=path, line=line, hint=error.hint) from None
    if not isinstance(value, dict):
        raise InputError("D002", f"`{key}` is not an object", path=path, line=line)
    return value
