"""Parquet: a row for each page, with the keys of boxes.json and a list of its boxes; by pyarrow (extra `parquet`)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from centernet_cli.core.errors import InputError, MissingRequirementError
from centernet_cli.core.records import Annotation, Dataset, Failure, PageInfo, PageRecord
from centernet_cli.core.safe_io import atomic_path
from centernet_cli.core.strict_json import parse_json
from centernet_cli.datasets.formats.coco_segmentation import (
    NOTHING,
    Segmentation,
    read_segmentation,
    segmentation_of,
)
from centernet_cli.datasets.formats.fields import NameChecker, page_extras
from centernet_cli.datasets.formats.layout_write import parents
from centernet_cli.datasets.formats.places import image_folder, only_file
from centernet_cli.datasets.formats.shapes import ShapeError, keep_shape
from centernet_cli.datasets.formats.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SUFFIXES = (".parquet",)
KEY = b"centernet"
"""Of the metadata in which the classes and facts of the dataset are, as JSON; tells our files from others."""
MAGIC = b"PAR1"
ROWS = 512
"""Pages of a row group: read and written at once."""
_EXTRAS = ("page", "dpi", "width_pt", "height_pt", "rotation", "orientation")


def sniff_parquet(path: Path) -> bool:
    """Tell whether a file is Parquet and its last bytes speak of us, or a folder holds just one such file."""
    try:
        file = only_file(path, SUFFIXES, "boxes.parquet", "Parquet")
        return file.suffix.lower() in SUFFIXES and file.is_file() and is_ours(file)
    except (InputError, OSError):
        return False


def is_ours(path: Path) -> bool:
    """Tell whether a file is Parquet that this program wrote.

    Raises:
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        if file.read(4) != MAGIC:
            return False
        end = file.seek(0, 2)
        file.seek(max(4, end - 8))
        tail = file.read()
        length = int.from_bytes(tail[:4], "little")
        if tail[4:] != MAGIC or length > end - 12:
            return False
        file.seek(end - 8 - length)
        return b"centernet" in file.read(length)


def pyarrow() -> Any:
    """Return the library.

    Raises:
        MissingRequirementError: E712.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet
    except ImportError as error:
        hint = "pip install 'centernet-cli[parquet]'"
        raise MissingRequirementError("E712", "Parquet needs pyarrow", hint=hint) from error
    return pa


def schema(classes: tuple[str, ...], info: dict[str, object], *, predicted: bool) -> Any:
    """Return the columns of our files, with classes and facts as metadata."""
    pa = pyarrow()
    box = [pa.field(side, pa.float64(), nullable=False) for side in ("x0", "y0", "x1", "y1")]
    outline = pa.list_(pa.float64())
    found = [
        pa.field("label", pa.string(), nullable=False),
        *box,
        pa.field("score", pa.float64()),
        pa.field("crowd", pa.bool_(), nullable=False),
        pa.field("polygon", outline),
        pa.field("mask", pa.string()),  # several polygons or runs, in JSON as COCO's `segmentation`
        pa.field("parent", pa.int32()),  # place in the list of the region that holds a line
    ]
    columns = [
        pa.field("source", pa.string(), nullable=False),
        pa.field("page", pa.int32()),
        pa.field("width", pa.int32()),
        pa.field("height", pa.int32()),
        *(pa.field(name, pa.float64()) for name in ("dpi", "width_pt", "height_pt")),
        *(pa.field(name, pa.int16()) for name in ("rotation", "orientation")),
        pa.field("group", pa.string()),
        pa.field("status", pa.string(), nullable=False),
        pa.field("code", pa.string()),
        pa.field("message", pa.string()),
        pa.field("network_size", pa.int32()),
        pa.field("annotations", pa.list_(pa.field("item", pa.struct(found), nullable=False))),
    ]
    facts = {"program": "centernet", "classes": classes, "predicted": predicted, "info": info}
    return pa.schema(columns, metadata={KEY: json.dumps(facts).encode()})


def page_row(page: PageRecord, network_size: int | None = None) -> dict[str, object]:
    """Return the row of a page."""
    return {
        "source": _text(page.info.source),
        "width": page.info.width,
        "height": page.info.height,
        **page_extras(page.info),
        "group": None if page.group is None else _text(page.group),
        "status": "ok",
        "network_size": network_size,
        "annotations": [
            {**_item(found), "parent": parent}
            for found, parent in zip(page.annotations, parents(page.annotations), strict=True)
        ],
    }


def failure_row(failure: Failure) -> dict[str, object]:
    """Return the row of what could not be read."""
    message = _text(failure.message)
    source = _text(failure.source)
    return {"source": source, "page": failure.page, "status": "failed", "code": failure.code, "message": message}


def _item(found: Annotation) -> dict[str, object]:
    x0, y0, x1, y1 = map(float, found.box)
    polygon = None if found.polygon is None else [float(value) for point in found.polygon for value in point]
    score = None if found.score is None else float(found.score)
    box = {"x0": x0, "y0": y0, "x1": x1, "y1": y1}
    mask = None if found.mask is None else json.dumps(segmentation_of(found), allow_nan=False)
    outline = {"polygon": polygon, "mask": mask}
    return {"label": _text(found.label), **box, "score": score, "crowd": found.crowd, **outline}


def _text(text: str) -> str:
    r"""Return a text as UTF-8 can hold it: lone surrogates of file names become `\udcXX`."""
    return text.encode("utf-8", "backslashreplace").decode()


def write_parquet(dataset: Dataset, path: Path, *, tally: Tally | None = None) -> None:
    """Write a dataset with all that records hold, completely or not at all.

    Raises:
        OutputError: O801.
        MissingRequirementError: E712, pyarrow is missing.
    """
    del tally  # nothing is lost
    pa = pyarrow()
    columns = schema(dataset.classes, dataset.info, predicted=dataset.root is None)
    rows = [*map(page_row, dataset.pages), *map(failure_row, dataset.failures)]
    with atomic_path(path) as temporary, pa.parquet.ParquetWriter(temporary, columns, compression="zstd") as writer:
        for start in range(0, len(rows), ROWS):
            writer.write_table(pa.Table.from_pylist(rows[start : start + ROWS], schema=columns))


def read_parquet(path: Path, *, tally: Tally | None = None) -> Dataset:
    """Read a file that `write_parquet` or `predict` wrote.

    Args:
        path: The file, or a folder with just one.
        tally: Counts what became of each box.

    Raises:
        InputError: D001 no such file, or not one of ours; J401 it cannot be read; D002-D013, X310 for rows.
        MissingRequirementError: E712, pyarrow is missing.
    """
    tally = Tally() if tally is None else tally
    path = only_file(path, SUFFIXES, "boxes.parquet", "Parquet")
    pa = pyarrow()
    try:
        with path.open("rb") as stream:
            file = pa.parquet.ParquetFile(stream)
            facts = (file.schema_arrow.metadata or {}).get(KEY)
            if facts is None:
                raise InputError("D001", "not a Parquet file of centernet", path=path)
            rows = [row for batch in file.iter_batches(batch_size=ROWS) for row in batch.to_pylist()]
    except (OSError, ValueError, pa.ArrowException) as error:
        first = next(iter(str(error).splitlines()), type(error).__name__)
        raise InputError("J401", f"cannot be read: {first}", path=path) from error
    tally.files.append(path)
    return _dataset(path, json.loads(facts), rows, tally)


def _dataset(path: Path, facts: dict[str, Any], rows: list[dict[str, Any]], tally: Tally) -> Dataset:
    sources = (row["source"] for row in rows if row["status"] != "failed")
    root = None if facts["predicted"] else image_folder(path.parent, sources)
    checker = None if root is None else NameChecker(root)
    pages: list[PageRecord] = []
    failures: list[Failure] = []
    for number, row in enumerate(rows, start=1):
        try:
            if row["status"] == "failed":
                failures.append(
                    Failure(source=row["source"], page=row["page"], code=row["code"], message=row["message"])
                )
            else:
                source = row["source"] if checker is None else checker.inside(row["source"])
                pages.append(_page(row, source, tally))
        except (ShapeError, InputError, TypeError, KeyError) as error:
            code = error.code if isinstance(error, ShapeError | InputError) else "D002"
            message = error.message if isinstance(error, InputError) else str(error)
            raise InputError(code, f"row {number}: {message}", path=path) from error
    return Dataset(
        classes=tuple(facts["classes"]),
        pages=tuple(pages),
        root=root,
        failures=tuple(failures),
        info=dict(facts["info"]),
    )


def _page(row: dict[str, Any], source: str, tally: Tally) -> PageRecord:
    extras = {name: row[name] for name in _EXTRAS}
    info = PageInfo(source=source, width=row["width"], height=row["height"], **extras)
    return PageRecord(info=info, annotations=tuple(_annotations(row, info, tally)), group=row["group"])


def _annotations(row: dict[str, Any], info: PageInfo, tally: Tally) -> Iterator[Annotation]:
    for item in row["annotations"] or ():
        values = item["polygon"]
        polygon = None if values is None else tuple(zip(values[::2], values[1::2], strict=True))
        drawn = _drawn(item.get("mask"), info)
        kept = keep_shape(
            "polygon" if polygon is not None else drawn.kind,
            item["label"],
            (item["x0"], item["y0"], item["x1"], item["y1"]),
            info,
            tally,
            polygon=drawn.polygon if polygon is None else polygon,
            mask=drawn.mask if polygon is None else None,
            reduced=drawn.reduced,
            score=item["score"],
            crowd=item["crowd"],
        )
        if kept is not None:
            yield kept


def _drawn(text: str | None, info: PageInfo) -> Segmentation:
    if text is None:
        return NOTHING
    try:
        return read_segmentation(parse_json(text.encode()), info)
    except (ValueError, InputError) as error:
        raise ShapeError("D011", str(error)) from error
