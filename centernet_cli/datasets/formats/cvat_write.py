"""Writing CVAT for images, XML version 1.1."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from centernet_cli.core.safe_io import atomic_write_text
from centernet_cli.datasets.formats.fit import box_of_polygon, fit_annotations, fit_labels, fit_pages, used_classes
from centernet_cli.datasets.formats.places import page_names
from centernet_cli.datasets.formats.tally import Tally
from centernet_cli.datasets.formats.xml_write import escape, xml_label

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from centernet_cli.core.records import Annotation, Dataset

_DIGITS = 4


def fit_cvat(dataset: Dataset, tally: Tally) -> Dataset:
    """Return what reading a dataset written by `write_cvat` gives, and count what is lost."""
    dataset = fit_labels(fit_pages(dataset, tally), tally, xml_label)
    dataset = fit_annotations(dataset, tally, lambda annotation, _info, _losses: box_of_polygon(annotation, tally))
    return replace(dataset, classes=used_classes(dataset))


def write_cvat(dataset: Dataset, path: Path, *, tally: Tally | None = None) -> None:
    """Write one XML file; scores and crowds are attributes of shapes.

    Raises:
        OutputError: O801.
    """
    dataset = fit_cvat(dataset, Tally() if tally is None else tally)
    atomic_write_text(path, "\n".join(_lines(dataset)) + "\n")


def _lines(dataset: Dataset) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="utf-8"?>'
    yield "<annotations>"
    yield "  <version>1.1</version>"
    yield f"  <meta><task><size>{len(dataset.pages)}</size><mode>annotation</mode><labels>"
    for name in dataset.classes:
        yield f"    <label><name>{escape(name)}</name><attributes>"
        yield _attribute("score", "number", "", "0;1;0.000001")
        yield _attribute("crowd", "checkbox", "false", "false")
        yield "    </attributes></label>"
    yield "  </labels></task></meta>"
    for number, (name, page) in enumerate(zip(page_names(dataset), dataset.pages, strict=True)):
        info = page.info
        yield f'  <image id="{number}" name="{escape(name)}" width="{info.width}" height="{info.height}">'
        yield from map(_shape, page.annotations)
        yield "  </image>"
    yield "</annotations>"


def _attribute(name: str, kind: str, default: str, values: str) -> str:
    return (
        f"      <attribute><name>{name}</name><mutable>False</mutable><input_type>{kind}</input_type>"
        f"<default_value>{default}</default_value><values>{values}</values></attribute>"
    )


def _shape(annotation: Annotation) -> str:
    start = f'label="{escape(annotation.label)}" source="manual" occluded="0"'
    if annotation.polygon is None:
        x0, y0, x1, y1 = (round(float(side), _DIGITS) for side in annotation.box)
        kind, place = "box", f'xtl="{x0}" ytl="{y0}" xbr="{x1}" ybr="{y1}"'
    else:
        points = ";".join(f"{round(float(x), _DIGITS)},{round(float(y), _DIGITS)}" for x, y in annotation.polygon)
        kind, place = "polygon", f'points="{points}"'
    inside = ""
    if annotation.score is not None:
        inside += f'<attribute name="score">{annotation.score:.6g}</attribute>'
    if annotation.crowd:
        inside += '<attribute name="crowd">true</attribute>'
    return f'    <{kind} {start} {place} z_order="0">{inside}</{kind}>'
