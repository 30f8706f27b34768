"""All formats by name, how to recognise them, and the one way to read any of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from centernet_cli.core.errors import UsageError
from centernet_cli.datasets.formats.alto import alto_files, fit_alto, read_alto, sniff_alto, write_alto
from centernet_cli.datasets.formats.coco import read_coco, sniff_coco, write_coco
from centernet_cli.datasets.formats.csv_table import fit_csv, read_csv, sniff_csv, write_csv
from centernet_cli.datasets.formats.cvat import read_cvat, sniff_cvat
from centernet_cli.datasets.formats.cvat_write import fit_cvat, write_cvat
from centernet_cli.datasets.formats.format import Format
from centernet_cli.datasets.formats.hocr import fit_hocr, hocr_files, read_hocr, sniff_hocr, write_hocr
from centernet_cli.datasets.formats.json_lines import fit_jsonl, read_jsonl, sniff_jsonl, write_jsonl
from centernet_cli.datasets.formats.label_studio import read_label_studio, sniff_label_studio
from centernet_cli.datasets.formats.label_studio_write import fit_label_studio, write_label_studio
from centernet_cli.datasets.formats.labelme import read_labelme, sniff_labelme, write_labelme
from centernet_cli.datasets.formats.labelme_write import fit_labelme, labelme_files
from centernet_cli.datasets.formats.layout import LEVELS
from centernet_cli.datasets.formats.page_xml import (
    fit_page_xml,
    page_xml_files,
    read_page_xml,
    sniff_page_xml,
    write_page_xml,
)
from centernet_cli.datasets.formats.parquet import read_parquet, sniff_parquet, write_parquet
from centernet_cli.datasets.formats.peek import peeking
from centernet_cli.datasets.formats.unrecognised import several_formats, unrecognised
from centernet_cli.datasets.formats.via import fit_via, read_via, sniff_via, write_via
from centernet_cli.datasets.formats.voc import read_voc, read_voc_from_0, read_voc_from_1, sniff_voc
from centernet_cli.datasets.formats.voc_write import fit_voc, voc_files, voc_images, write_voc, write_voc_from_0
from centernet_cli.datasets.formats.yolo import read_yolo, sniff_yolo
from centernet_cli.datasets.formats.yolo_write import (
    fit_yolo,
    fit_yolo_obb,
    fit_yolo_segment,
    write_yolo,
    write_yolo_fitted,
    write_yolo_obb,
    write_yolo_segment,
    yolo_files,
    yolo_images,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from centernet_cli.core.records import Dataset
    from centernet_cli.datasets.formats.tally import Tally


def _never(_path: Path, /) -> bool:
    """Sniff nothing: another name of the same files is found instead."""
    return False


FORMATS: dict[str, Format] = {
    "coco": Format(
        read=read_coco,
        write=write_coco,
        sniff=sniff_coco,
        description="COCO object detection, one JSON file",
        output="annotations.json",
    ),
    "labelme": Format(
        read=read_labelme,
        write=write_labelme,
        sniff=sniff_labelme,
        description="labelme and X-AnyLabeling, a JSON file for each image",
        output="labelme",
        files=labelme_files,
        fit=fit_labelme,
    ),
    "yolo": Format(
        read=read_yolo,
        write=write_yolo,
        sniff=sniff_yolo,
        description="YOLO labels (read: of any kind, written: boxes)",
        output="yolo",
        files=yolo_files,
        images=yolo_images,
        fit=fit_yolo,
        write_fitted=write_yolo_fitted,
    ),
    "yolo_segment": Format(
        read=read_yolo,
        write=write_yolo_segment,
        sniff=_never,
        description="YOLO labels with polygons",
        output="yolo",
        files=yolo_files,
        images=yolo_images,
        fit=fit_yolo_segment,
    ),
    "yolo_obb": Format(
        read=read_yolo,
        write=write_yolo_obb,
        sniff=_never,
        description="YOLO labels with oriented boxes",
        output="yolo",
        files=yolo_files,
        images=yolo_images,
        fit=fit_yolo_obb,
    ),
    "voc": Format(
        read=read_voc,
        write=write_voc,
        sniff=sniff_voc,
        description="Pascal VOC, an XML file for each image",
        output="voc",
        files=voc_files,
        images=voc_images,
        fit=fit_voc,
    ),
    "voc_from_0": Format(
        read=read_voc_from_0,
        write=write_voc_from_0,
        sniff=_never,
        description="Pascal VOC with pixels counted from 0",
        output="voc",
        files=voc_files,
        images=voc_images,
        fit=fit_voc,
    ),
    "voc_from_1": Format(
        read=read_voc_from_1,
        write=write_voc,
        sniff=_never,
        description="Pascal VOC with pixels counted from 1, whatever it looks like",
        output="voc",
        files=voc_files,
        images=voc_images,
        fit=fit_voc,
    ),
    "cvat": Format(
        read=read_cvat,
        write=write_cvat,
        sniff=sniff_cvat,
        description="CVAT for images 1.1, one XML file",
        output="annotations.xml",
        fit=fit_cvat,
    ),
    "label_studio": Format(
        read=read_label_studio,
        write=write_label_studio,
        sniff=sniff_label_studio,
        description="Label Studio's tasks, one JSON file",
        output="tasks.json",
        fit=fit_label_studio,
    ),
    "via": Format(
        read=read_via,
        write=write_via,
        sniff=sniff_via,
        description="VGG Image Annotator 1 and 2, one JSON file",
        output="via_project.json",
        fit=fit_via,
    ),
    "csv": Format(
        read=read_csv,
        write=write_csv,
        sniff=sniff_csv,
        description="a table with a row for each box",
        output="boxes.csv",
        fit=fit_csv,
    ),
    "jsonl": Format(
        read=read_jsonl,
        write=write_jsonl,
        sniff=sniff_jsonl,
        description="a page on each line, with the keys of boxes.json",
        output="boxes.jsonl",
        fit=fit_jsonl,
    ),
    "parquet": Format(
        read=read_parquet,
        write=write_parquet,
        sniff=sniff_parquet,
        description="Parquet with a row for each page (extra `parquet`)",
        output="boxes.parquet",
    ),
    "page": Format(
        read=read_page_xml,
        write=write_page_xml,
        sniff=sniff_page_xml,
        description="PAGE XML (read: 2009 to 2019, written: 2019), a file for each page",
        output="page",
        files=page_xml_files,
        fit=fit_page_xml,
        levels=LEVELS,
    ),
    "alto": Format(
        read=read_alto,
        write=write_alto,
        sniff=sniff_alto,
        description="ALTO (read: 1 to 4, written: 4), a file for each page",
        output="alto",
        files=alto_files,
        fit=fit_alto,
        levels=LEVELS,
    ),
    "hocr": Format(
        read=read_hocr,
        write=write_hocr,
        sniff=sniff_hocr,
        description="hOCR, a file for each page",
        output="hocr",
        files=hocr_files,
        fit=fit_hocr,
        levels=LEVELS,
    ),
}


def _sniffed(path: Path) -> list[str]:
    return [name for name, entry in FORMATS.items() if entry.sniff(path)]


def detect_format(path: Path) -> str:
    """Return the name of the format that a file or folder is in.

    Raises:
        InputError: D031 none is recognised, D032 several are.
    """
    with peeking():
        found = _sniffed(path)
        if not found:
            raise unrecognised(path, list(FORMATS), _sniffed)
        if len(found) > 1:
            raise several_formats(path, found, _sniffed)
    return found[0]


def level_of_each(names: Sequence[str], level: str | None) -> list[str | None]:
    """Return the level at which to read sources of some formats: the one asked for, where the format has levels.

    Raises:
        UsageError: U304, none of them has any.
    """
    known = [FORMATS[name].levels if name in FORMATS else () for name in names]
    if level is not None and names and not any(known) and names[0] in FORMATS:
        raise UsageError("U304", f"{names[0]} has no level '{level}'", hint="leave the level out")
    return [level if levels or name not in FORMATS else None for name, levels in zip(names, known, strict=True)]


def read_dataset(
    path: Path,
    format: str = "auto",  # noqa: A002 (the word users know)
    *,
    tally: Tally | None = None,
    level: str | None = None,
) -> Dataset:
    """Read a dataset.

    Args:
        path: File or folder.
        format: A key of `FORMATS`, or `auto`.
        tally: Counts what became of each shape.
        level: One of the format's `levels`; None for the format's default.

    Raises:
        UsageError: U301 no such format, U304 the format has no such level.
        InputError: The format is not recognised, or what its reader raises.
    """
    if format == "auto":
        format = detect_format(path)  # noqa: A001
    if format not in FORMATS:
        raise UsageError("U301", f"unknown format '{format}'", hint=f"formats: auto, {', '.join(FORMATS)}")
    entry = FORMATS[format]
    if level is not None and level not in entry.levels:
        hint = f"levels: {', '.join(entry.levels)}" if entry.levels else "leave the level out"
        raise UsageError("U304", f"{format} has no level '{level}'", hint=hint)
    options: dict[str, Any] = {} if level is None else {"level": level}
    return entry.read(path, tally=tally, **options)
