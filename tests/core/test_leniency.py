from __future__ import annotations

import json

import pytest

from centernet_cli.core.errors import InputError
from centernet_cli.core.leniency import hearer, lenient
from centernet_cli.core.strict_json import parse_json
from centernet_cli.datasets.formats import read_dataset
from centernet_cli.datasets.formats.fields import UNKNOWN_SIDE


class Ears:
    def __init__(self):
        self.codes, self.pages, self.shapes = [], [], []

    def problem(self, error):
        self.codes.append(error.code)
        self.last = error

    def page(self, identity):
        self.pages.append(identity)

    def shape(self, page, identity):
        self.shapes.append((page, identity))


def test_nobody_hears_outside_of_the_block():
    assert hearer() is None
    with lenient(Ears()) as _:
        assert hearer() is not None
    assert hearer() is None


@pytest.mark.parametrize(
    ("text", "value", "code"),
    [
        ('{"a": [1, NaN, -Infinity, 2]}', {"a": [1, None, None, 2]}, "J406"),
        ('{"a": 1e999}', {"a": None}, "J406"),
        ('{"a": 1' + 5000 * "0" + "}", {"a": None}, "J406"),
        ('{"a": 1, "a": 2}', {"a": 2}, "J405"),
        ('{"a": 1, "a": NaN}', {"a": None}, "J406"),
    ],
)
def test_json_that_is_nearly_right(text, value, code):
    with pytest.raises(InputError, match="J40"):
        parse_json(text.encode())
    ears = Ears()
    with lenient(ears):
        assert parse_json(text.encode()) == value
    assert ears.codes[0] == code
    assert ears.last.line == 1


@pytest.mark.parametrize(
    "text", ["", "{", '{"a": 1} x', "[" * 300 + "]" * 300, "[NaN, ", '{"a": 1, "a": 2, }', "[NaN] x"]
)
def test_what_is_no_json_stays_an_error(text):
    with lenient(Ears()), pytest.raises(InputError, match="J40"):
        parse_json(text.encode())


def test_coco_is_read_as_far_as_it_goes(tmp_path):
    boxes = [[0, 0, 5, 5], [5, 5, -3, 2], [50, 50, 5, 5], [1, 1, 0, 3], None, [1, 2, float("nan"), 3]]
    data = {
        "images": [{"id": 7, "file_name": "a.png", "width": 20, "height": 20}, {"id": 9, "file_name": "b.png"}],
        "categories": [{"id": 1, "name": "line"}],
        "annotations": [
            {"id": index, "image_id": 7, "category_id": 1, "bbox": box} for index, box in enumerate(boxes, start=1)
        ],
    }
    (tmp_path / "annotations.json").write_text(json.dumps(data), encoding="utf-8")
    ears = Ears()
    with lenient(ears):
        dataset = read_dataset(tmp_path, "coco")
    assert [annotation.box for annotation in dataset.pages[0].annotations] == [
        (0, 0, 5, 5),
        (5, 5, 2, 7),
        (50, 50, 55, 55),
        (1, 1, 1, 4),
    ]
    assert dataset.pages[1].info.width == UNKNOWN_SIDE
    assert ears.codes == ["J406", "D007", "D008", "D008"]
    assert ears.pages == [7, 9]
    assert ears.shapes == [(7, 1), (7, 2), (7, 3), (7, 4)]
    with pytest.raises(InputError, match="J406"):
        read_dataset(tmp_path, "coco")
