"""JSON Lines: everything of a page on its line."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from centernet_cli.core.errors import InputError
from centernet_cli.core.records import Annotation, Dataset, Failure, PageInfo, PageRecord
from centernet_cli.datasets.check.checking import Options, check
from centernet_cli.datasets.check.sources import Request
from centernet_cli.datasets.formats import detect_format
from centernet_cli.datasets.formats.json_lines import read_jsonl, write_jsonl

PAGE: dict[str, Any] = {"file_name": "a.png", "width": 100, "height": 50, "annotations": []}


def line(**others: object) -> dict[str, Any]:
    return {**PAGE, **others}


def shape(**others: object) -> dict[str, Any]:
    return line(annotations=[{"label": "a", "bbox": [1, 2, 3, 4], **others}])


def put(folder: Path, *lines: object) -> Path:
    path = folder / "boxes.jsonl"
    path.write_text("\n".join(json.dumps(item) for item in lines))
    return path


@pytest.mark.parametrize("key", ["categories", "category"])
def test_metadata_of_image_folders(tmp_path: Path, key: str) -> None:
    Image.new("1", (100, 50)).save(tmp_path / "a.png")
    path = tmp_path / "metadata.jsonl"
    boxes = [[10.0, 5.0, 30.0, 20.0], [1, 2, 3, 4]]
    path.write_text(json.dumps({"file_name": "a.png", "objects": {"bbox": boxes, key: [0, "line"]}}))
    assert detect_format(path) == detect_format(tmp_path) == "jsonl"
    (page,) = read_jsonl(path).pages
    assert page.info == PageInfo(source="a.png", width=100, height=50)
    assert [(item.label, item.box) for item in page.annotations] == [("0", (10, 5, 40, 25)), ("line", (1, 2, 4, 6))]


@pytest.mark.parametrize(
    ("objects", "code"),
    [({"bbox": [[1, 2, 3, 4]]}, "D013"), ({"bbox": [[1, 2, 3, 4]], "categories": []}, "D002")],
)
def test_metadata_that_is_wrong(tmp_path: Path, objects: object, code: str) -> None:
    with pytest.raises(InputError, match=rf"boxes\.jsonl:1: {code}"):
        read_jsonl(put(tmp_path, {"file_name": "a.png", "width": 100, "height": 50, "objects": objects}))


def test_pages_and_failures_of_predictions(tmp_path: Path) -> None:
    info = PageInfo(
        source="/x/a.pdf", width=100, height=50, page=2, dpi=150.0, width_pt=48.0, height_pt=24.0, rotation=90
    )
    corners = ((1.0, 2.0), (4.0, 2.0), (4.0, 6.0))
    annotations = (
        Annotation(label="a", box=(1.0, 2.0, 4.0, 6.0), score=0.5),
        Annotation(label="b", box=(1.0, 2.0, 4.0, 6.0), polygon=corners, crowd=True),
    )
    page = PageRecord(info=info, annotations=annotations, group="book")
    failure = Failure(source="bad.png", code="I101", message="image is truncated", page=None)
    dataset = Dataset(classes=("a", "b"), pages=(page, replace(page, annotations=())), root=None, failures=(failure,))
    path = tmp_path / "boxes.jsonl"
    write_jsonl(dataset, path)
    assert read_jsonl(path) == dataset
    assert detect_format(path) == detect_format(tmp_path) == "jsonl"
    first, _, last = map(json.loads, path.read_text().splitlines())
    assert first["file_name"] == "/x/a.pdf#2"
    assert first["annotations"][0] == {"label": "a", "bbox": [1.0, 2.0, 3.0, 4.0], "score": 0.5}
    assert last == {
        "source": "bad.png",
        "page": None,
        "status": "failed",
        "error": {"code": "I101", "message": "image is truncated"},
    }


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ([], "D001"),
        ({"file_name": "a.png"}, "D001"),
        (line(file_name=3), "D002"),
        (line(width=0), "D007"),
        (line(annotations=3), "D002"),
        (line(annotations=[3]), "D002"),
        (line(file_name="../a.png"), "X310"),
        (line(source="a.png", dpi="x"), "D002"),
        (shape(label=3), "D013"),
        (shape(bbox=[1, 2, 3]), "D008"),
        (shape(bbox=None), "D008"),
        (shape(bbox=[1, 2, 1e12, 3]), "D008"),
        (shape(score=2), "D012"),
        (shape(iscrowd=[]), "D002"),
        (shape(segmentation=[[1, 2, 3]]), "D011"),
        (shape(segmentation={"counts": "x"}), "D011"),
        ({"status": "failed", "error": 3}, "D002"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(tmp_path: Path, value: object, code: str) -> None:
    with pytest.raises(InputError, match=rf"boxes\.jsonl:2: {code}"):
        read_jsonl(put(tmp_path, PAGE, value))


def test_json_that_is_wrong_is_named_with_line_and_column(tmp_path: Path) -> None:
    path = tmp_path / "boxes.jsonl"
    path.write_text(f'{json.dumps(PAGE)}\n\n{{"width": NaN}}\n{{"a": 1, "a": 2}}\n')
    with pytest.raises(InputError) as caught:
        read_jsonl(path)
    assert [text.partition("jsonl:")[2][:9] for text in caught.value.lines()] == ["3:11: J40", "4:10: J40"]


def test_every_wrong_annotation_is_told_and_leniently_the_others_are_kept(tmp_path: Path) -> None:
    items = [{"label": 7, "bbox": [1, 2, 3, 4]}, {"label": "dog", "bbox": [1, 2, 3, 4]}, {"label": "dog", "bbox": "?"}]
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps({"file_name": "a.png", "width": 10, "height": 10, "annotations": items}) + "\n")
    with pytest.raises(InputError) as caught:
        read_jsonl(path)
    told = [line.partition("a.jsonl:")[2] for line in caught.value.lines()]
    assert [line[:7] for line in told] == ["1: D013", "1: D008"]
    assert ["/annotations/0" in told[0], "/annotations/2" in told[1]] == [True, True]
    checked = check([Request(path, path, "train")], Options())
    (page,) = checked.sources[0].dataset.pages
    assert [each.label for each in page.annotations] == ["dog"]
