"""The fast way that readers take with usual files gives what the general way gives."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from centernet_cli.core.errors import InputError
from centernet_cli.core.strict_json import parse_json
from centernet_cli.datasets.formats import coco, labelme_typed
from centernet_cli.datasets.formats.coco import read_coco
from centernet_cli.datasets.formats.coco_typed import TypedAnnotation, parse_typed
from centernet_cli.datasets.formats.labelme import read_labelme
from centernet_cli.datasets.formats.labelme_typed import LabelmeParser, TypedShape
from centernet_cli.datasets.formats.tally import Tally

NUMBER = st.sampled_from([-1.0, -0.001, 0.0, 0, 10.0, 20.5, 49.9, 50.0, 50.001, 99, 100.0, 100.5, 1e12])
SQUARE = [1, 1, 20, 1, 20, 20]
SHARED = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def read(reader: Any, path: Path) -> tuple[object, ...]:
    """Return the dataset and its account, or what is wrong with it."""
    tally = Tally()
    try:
        return reader(path, tally=tally), +tally.shapes, +tally.outlines, +tally.notes
    except InputError as error:
        return tuple(error.lines())


ANNOTATION: dict[str, st.SearchStrategy[Any]] = {
    "id": st.integers(0, 3) | st.sampled_from(["1", 1.0, True]),
    "image_id": st.sampled_from([2, 2, 2, 3, "2"]),
    "category_id": st.sampled_from([1, 1, 1, 4, None]),
    "bbox": st.lists(NUMBER, min_size=4, max_size=4) | st.lists(NUMBER | st.booleans(), max_size=5),
}
OPTIONAL: dict[str, st.SearchStrategy[Any]] = {
    "area": st.sampled_from([5, 5.5, None, "5"]),
    "iscrowd": st.sampled_from([0, 1, 2, False]),
    "segmentation": st.sampled_from(
        [[], None, [SQUARE], SQUARE, [SQUARE, SQUARE], {"size": [50, 100], "counts": [5, 5]}, {}, [[]], "x"]
    ),
    "score": st.sampled_from([0, 1, 0.5, 2.0, None]),
}


@given(st.lists(st.fixed_dictionaries(ANNOTATION, optional=OPTIONAL), max_size=4))
@SHARED
def test_coco(tmp_path: Path, annotations: list[dict[str, Any]]) -> None:
    image = {"id": 2, "file_name": "a.png", "width": 100, "height": 50}
    data = {"images": [image], "annotations": annotations, "categories": [{"id": 1, "name": "a"}]}
    path = tmp_path / "annotations.json"
    path.write_text(json.dumps(data))
    fast = read(read_coco, path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(coco, "parse_typed", lambda _content: None)
        assert read(read_coco, path) == fast


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "label": st.sampled_from(["a", "b", "", 5]),
                "points": st.lists(st.lists(NUMBER, min_size=2, max_size=2), max_size=4),
                "group_id": st.sampled_from([None, None, 0, 5]),
                "shape_type": st.sampled_from(["rectangle", "rectangle", "polygon", "circle", "point", "x", None]),
                "flags": st.sampled_from([{}, {}, {"crowd": True}, {"x": False}]),
            },
        ),
        max_size=3,
    ),
    st.sampled_from([{}, {"description": ""}, {"description": None, "mask": None}, {"description": "x", "mask": None}]),
)
@SHARED
def test_labelme(tmp_path: Path, shapes: list[dict[str, Any]], more: dict[str, Any]) -> None:
    data: dict[str, Any] = {
        "version": "5.5.0",
        "flags": {},
        "shapes": [shape | more for shape in shapes],
        "imagePath": "a.png",
    }
    data |= {"imageData": None, "imageHeight": 50, "imageWidth": 100}
    path = tmp_path / "a.json"
    path.write_text(json.dumps(data, indent=2))
    fast = read(read_labelme, path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(labelme_typed, "_decoders", ())
        assert read(read_labelme, path) == fast


ONE = '{"id": 1, "image_id": 2, "category_id": 1, "bbox": [1, 2, 3, 4], "area": 12, "iscrowd": 0, "segmentation": []'
FILE = '{"images": [{"id": 2}], "categories": [], "annotations": [%s]}'


@pytest.mark.parametrize(
    ("content", "is_usual"),
    [
        (FILE % (ONE + "}"), True),
        (FILE % (ONE + ', "score": 0.5}'), True),
        # Without a box the general way is taken, which may find one in a mask.
        (FILE % '{"image_id": 2, "category_id": 1}', False),
        (FILE % (ONE + ', "score": 1.5}'), False),
        (FILE % (ONE + ', "attributes": {}}'), False),
        (FILE % (ONE + ', "id": 1}'), False),
        # The same number of colons as two whole annotations have.
        (FILE % (ONE + ', "id": 1}, ' + ONE.replace('"area": 12, ', "") + "}"), False),
        (FILE.replace('"id": 2', '"id": 2, "id": 2') % (ONE + "}"), False),
        (FILE % (ONE.replace("[]", '{"size": [1, 1], "counts": "1", "counts": "1"}') + "}"), False),
        (FILE % (ONE.replace("[]", '{"size": [1, 1], "counts": "1"}') + "}"), True),
        (FILE % (ONE.replace("12", "1" + "0" * 400) + "}"), False),
        (FILE % (ONE.replace("12", "NaN") + "}"), False),
        (FILE % (ONE.replace("12", "1e999") + "}"), False),
        (FILE % (ONE.replace('"id": 1', '"id": "1"') + "}"), False),
        ((FILE % (ONE + "}")) + "x", False),
        (FILE.replace('"id": 2', '"id": ' + "[" * 300 + "]" * 300) % (ONE + "}"), False),
        ("[]", False),
        ("", False),
    ],
)
def test_usual_coco(content: str, is_usual: bool) -> None:
    found = parse_typed(content.encode())
    assert (found is not None) == is_usual
    if found is not None:
        assert all(type(item) is TypedAnnotation for item in found["annotations"])
        value = parse_json(content.encode())
        assert isinstance(value, dict)
        assert found.keys() == value.keys()


SHAPE = '{"label": "a", "points": [[1, 2], [3, 4]], "group_id": null, "shape_type": "rectangle", "flags": {}%s}'
PAGE = (
    '{"version": "5", "flags": {}, "shapes": [%s], "imagePath": "a", "imageData": null, '
    '"imageHeight": 5, "imageWidth": 5}'
)


@pytest.mark.parametrize("more", ["", ', "description": ""', ', "description": null, "mask": null'])
def test_usual_labelme(more: str, tmp_path: Path) -> None:
    parser = LabelmeParser()
    for content, is_usual in [
        (PAGE % "", True),
        (PAGE % (SHAPE % more), True),
        (PAGE % (SHAPE % f'{more}, "score": 0.5'), False),
        (PAGE.replace('"5"', '"5", "x": 1') % (SHAPE % more), False),
    ]:
        value = parser.parse(content.encode(), tmp_path)
        general = parse_json(content.encode())
        assert isinstance(value, dict)
        shapes = value.pop("shapes")
        assert isinstance(general, dict)
        assert value == {key: value for key, value in general.items() if key != "shapes"}
        assert all(isinstance(shape, TypedShape) == is_usual for shape in shapes)
    for fault in (', "label": "b"', ', "flags": {}'):
        with pytest.raises(InputError, match="J405"):
            parser.parse((PAGE % (SHAPE % (more + fault))).encode(), tmp_path)
