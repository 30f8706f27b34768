"""The short way that readers take with plain boxes gives what the long way gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from centernet_cli.core.errors import InputError
from centernet_cli.core.records import Annotation, PageInfo
from centernet_cli.datasets.formats.coco_annotations import AnnotationReader
from centernet_cli.datasets.formats.labelme_shapes import read_shape
from centernet_cli.datasets.formats.problems import Problems
from centernet_cli.datasets.formats.shapes import ShapeError
from centernet_cli.datasets.formats.tally import Tally

INFO = PageInfo(source="a.png", width=100, height=50)
NUMBER = st.sampled_from([-1.0, -0.001, 0.0, 0, 10.0, 20.5, 49.9, 50.0, 50.001, 99, 100.0, 100.5, 1e12])


def read_labelme(shape: dict[str, Any]) -> tuple[Annotation | str | None, Tally]:
    tally = Tally()
    try:
        return read_shape(shape, INFO, tally), tally
    except ShapeError as error:
        return error.code, tally


@given(st.lists(st.lists(NUMBER | st.booleans() | st.text(max_size=1), min_size=1, max_size=3), max_size=3), st.text())
def test_labelme(points: list[list[object]], label: str) -> None:
    shape = {"label": label, "points": points, "shape_type": "rectangle", "flags": {}}
    short, long = read_labelme(shape), read_labelme({**shape, "flags": {"crowd": False}})
    assert short == long


def read_coco(item: dict[str, Any], *, twice: bool) -> tuple[object, object, object]:
    tally, problems = Tally(), Problems(Path("a.json"))
    reader = AnnotationReader(problems, tally, {1: "a", "1": "a"}, {2: INFO, "2": INFO})
    found: dict[object, list[Annotation]] = {2: [], "2": []}
    for index in range(1 + twice):
        reader.read(index, item, found)
    try:
        problems.raise_if_any()
    except InputError as error:
        return error.code, None, None
    return found[2] + found["2"], tally.shapes, tally.notes


@given(
    st.lists(NUMBER | st.booleans(), min_size=3, max_size=5),
    st.sampled_from(
        [{}, {"score": 0.5}, {"score": 1}, {"score": 2.0}, {"iscrowd": 0}, {"iscrowd": 1}, {"segmentation": []}]
    ),
    st.booleans(),
)
def test_coco(bbox: list[object], others: dict[str, Any], twice: bool) -> None:
    item = {"id": 5, "image_id": 2, "category_id": 1, "bbox": bbox, **others}
    # Ids that are texts are for the long way.
    other = {**item, "id": "5", "image_id": "2", "category_id": "1"}
    assert read_coco(item, twice=twice) == read_coco(other, twice=twice)
