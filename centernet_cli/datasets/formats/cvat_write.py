"""Writing CVAT for images, XML version 1.1."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from centernet_cli.core.records import RunLengths
from centernet_cli.core.safe_io import atomic_write_text
from centernet_cli.datasets.formats.fit import (
    Losses,
    box_of_polygon,
    fit_annotations,
    fit_labels,
    fit_pages,
    used_classes,
)
from centernet_cli.datasets.formats.fit_masks import parts_or_pixels
from centernet_cli.datasets.formats.parts import PART
from centernet_cli.datasets.formats.places import page_names
from centernet_cli.datasets.formats.tally import Tally
from centernet_cli.datasets.formats.xml_write import escape, xml_label

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from centernet_cli.core.records import Annotation, Dataset, PageInfo, Polygon

_DIGITS = 4


def fit_cvat(dataset: Dataset, tally: Tally) -> Dataset:
    """Return what reading a dataset written by `write_cvat` gives, and count what is lost."""
    dataset = fit_labels(fit_pages(dataset, tally), tally, xml_label)

    def change(annotation: Annotation, info: PageInfo, losses: Losses) -> Annotation:
        return box_of_polygon(parts_or_pixels(annotation, info, losses), tally)

    dataset = fit_annotations(dataset, tally, change)
    return replace(dataset, classes=used_classes(dataset))


def write_cvat(dataset: Dataset, path: Path, *, tally: Tally | None = None) -> None:
    """Write one XML file; scores and crowds are attributes of shapes, parts of one thing polygons of a group.

    Raises:
        OutputError: O801.
    """
    dataset = fit_cvat(dataset, Tally() if tally is None else tally)
    atomic_write_text(path, "\n".join(_lines(dataset)) + "\n")


def _lines(dataset: Dataset) -> Iterator[str]:
    has_parts = any(isinstance(item.mask, tuple) for page in dataset.pages for item in page.annotations)
    yield '<?xml version="1.0" encoding="utf-8"?>'
    yield "<annotations>"
    yield "  <version>1.1</version>"
    yield f"  <meta><task><size>{len(dataset.pages)}</size><mode>annotation</mode><labels>"
    for name in dataset.classes:
        yield f"    <label><name>{escape(name)}</name><attributes>"
        yield _attribute("score", "number", "", "0;1;0.000001")
        yield _attribute("crowd", "checkbox", "false", "false")
        if has_parts:
            yield _attribute(PART, "checkbox", "false", "false")
        yield "    </attributes></label>"
    yield "  </labels></task></meta>"
    for number, (name, page) in enumerate(zip(page_names(dataset), dataset.pages, strict=True)):
        info = page.info
        yield f'  <image id="{number}" name="{escape(name)}" width="{info.width}" height="{info.height}">'
        for group, annotation in enumerate(page.annotations, start=1):
            yield from _shapes(annotation, group)
        yield "  </image>"
    yield "</annotations>"


def _attribute(name: str, kind: str, default: str, values: str) -> str:
    return (
        f"      <attribute><name>{name}</name><mutable>False</mutable><input_type>{kind}</input_type>"
        f"<default_value>{default}</default_value><values>{values}</values></attribute>"
    )


def _shapes(annotation: Annotation, group: int) -> Iterator[str]:
    mask = annotation.mask
    if isinstance(mask, RunLengths):
        from centernet_cli.datasets.formats.mask_pixels import pixels_of, row_runs  # with numpy

        pixels, left, top = pixels_of(mask)
        height, width = pixels.shape
        runs = ", ".join(map(str, row_runs(pixels)))
        yield _shape("mask", f'rle="{runs}" left="{left}" top="{top}" width="{width}" height="{height}"', annotation)
    elif mask is not None:
        for part in mask:
            yield _shape("polygon", f'points="{_points(part)}" group_id="{group}"', annotation)
    elif annotation.polygon is not None:
        yield _shape("polygon", f'points="{_points(annotation.polygon)}"', annotation)
    else:
        x0, y0, x1, y1 = (round(float(side), _DIGITS) for side in annotation.box)
        yield _shape("box", f'xtl="{x0}" ytl="{y0}" xbr="{x1}" ybr="{y1}"', annotation)


def _points(polygon: Polygon) -> str:
    return ";".join(f"{round(float(x), _DIGITS)},{round(float(y), _DIGITS)}" for x, y in polygon)


def _shape(kind: str, place: str, annotation: Annotation) -> str:
    start = f'label="{escape(annotation.label)}" source="manual" occluded="0"'
    inside = ""
    if annotation.score is not None:
        inside += f'<attribute name="score">{annotation.score:.6g}</attribute>'
    if annotation.crowd:
        inside += '<attribute name="crowd">true</attribute>'
    if isinstance(annotation.mask, tuple):
        inside += f'<attribute name="{PART}">true</attribute>'
    return f'    <{kind} {start} {place} z_order="0">{inside}</{kind}>'
