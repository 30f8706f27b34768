"""Label Studio's export: percentages, turned boxes, several annotators, predictions, and addresses of images."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from centernet_cli.core.errors import InputError
from centernet_cli.core.records import Annotation, Dataset, PageInfo, PageRecord
from centernet_cli.datasets.formats import detect_format
from centernet_cli.datasets.formats.label_studio import read_label_studio
from centernet_cli.datasets.formats.label_studio_write import write_label_studio
from centernet_cli.datasets.formats.tally import Tally


def item(kind: str = "rectanglelabels", label: str | None = "a", **value: object) -> dict[str, Any]:
    geometry: dict[str, object] = {"x": 10, "y": 20, "width": 30, "height": 40, "rotation": 0, **value}
    if label is not None:
        geometry[kind] = [label]
    return {
        "id": "x1",
        "type": kind,
        "from_name": "label",
        "to_name": "image",
        "original_width": 200,
        "original_height": 100,
        "image_rotation": 0,
        "value": geometry,
    }


def task(*results: dict[str, Any], image: str = "/data/upload/1/0a1b2c3d-a.jpg", **others: object) -> dict[str, Any]:
    return {"id": 1, "data": {"image": image}, "annotations": [{"id": 1, "result": list(results)}], **others}


def put(folder: Path, *tasks: object) -> Path:
    path = folder / "export.json"
    path.write_text(json.dumps(tasks))
    return path


def test_boxes_are_hundredths_of_the_page(tmp_path: Path) -> None:
    path = put(tmp_path, task(item()))
    assert detect_format(path) == detect_format(tmp_path) == "label_studio"
    dataset = read_label_studio(path)
    assert dataset.classes == ("a",)
    (page,) = dataset.pages
    assert page.info == PageInfo(source="a.jpg", width=200, height=100)
    assert [annotation.box for annotation in page.annotations] == [pytest.approx((20, 20, 80, 60))]


@pytest.mark.parametrize(("suffix", "separator"), [(".csv", ","), (".tsv", "\t"), (".csv", "\t")])
def test_tables(tmp_path: Path, suffix: str, separator: str) -> None:
    """Label Studio calls its TSV `.csv`, too."""
    size = {"original_width": 200, "original_height": 100}
    box = {"x": 10, "y": 20, "width": 30, "height": 40, "rotation": 0, "rectanglelabels": ["a"], **size}
    outline = {"points": [[1, 1], [50, 2], [30, 40]], "polygonlabels": ["b"], **size}
    rows = [
        ["annotation_id", "annotator", "choice", "id", "image", "label"],
        ["1", "1", "[illegible]", "7", "/data/upload/1/0a1b2c3d-a.jpg", json.dumps([box, outline])],
        ["2", "1", "", "8", "/data/upload/1/0a1b2c3d-b.jpg", ""],
    ]
    Image.new("L", (60, 40)).save(tmp_path / "b.jpg")
    path = tmp_path / f"result{suffix}"
    with path.open("w", newline="") as stream:
        csv.writer(stream, delimiter=separator).writerows(rows)
    assert detect_format(path) == detect_format(tmp_path) == "label_studio"
    first, second = read_label_studio(tmp_path).pages
    assert [item.label for item in first.annotations] == ["a", "b"]
    assert [item.box for item in first.annotations] == [
        pytest.approx((20, 20, 80, 60)),
        pytest.approx((2, 1, 100, 40)),
    ]
    assert (second.info.source, second.info.width, second.annotations) == ("b.jpg", 60, ())


def test_tables_with_damaged_regions(tmp_path: Path) -> None:
    text = 'id,annotation_id,image,label\n1,1,a.jpg,"[{""x"": 1, "\n'
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(InputError, match=r"a\.csv:2: J404 `label`"):
        read_label_studio(tmp_path / "a.csv")


def test_turned_images_are_told(tmp_path: Path) -> None:
    tally = Tally()
    read_label_studio(put(tmp_path, task({**item(), "image_rotation": 90})), tally=tally)
    assert [note for note in tally.notes if "image_rotation" in note]


def test_json_min(tmp_path: Path) -> None:
    """Regions stand under the name of their control, annotations of the same task are objects of their own."""
    size = {"original_width": 200, "original_height": 100}
    box = {"x": 10, "y": 20, "width": 30, "height": 40, "rotation": 0, "rectanglelabels": ["a"], **size}
    outline = {"points": [[1, 1], [50, 2], [30, 40]], "polygonlabels": ["b"], **size}
    bare = {"x": 10, "y": 20, "width": 30, "height": 40, "labels": ["c"], **size}
    first = {"id": 1, "image": "/data/upload/1/0a1b2c3d-a.jpg", "annotator": 1, "lead_time": 2.5, "kind": "letter"}
    path = put(
        tmp_path,
        {**first, "label": [box], "outline": [outline], "bare": [bare]},
        {**first, "label": [box]},
        {"id": 2, "image": "b.png"},
    )
    Image.new("1", (30, 20)).save(tmp_path / "b.png")
    assert detect_format(path) == detect_format(tmp_path) == "label_studio"
    tally = Tally()
    page, empty = read_label_studio(path, tally=tally).pages
    assert page.info == PageInfo(source="a.jpg", width=200, height=100)
    assert [item.label for item in page.annotations] == ["a", "b", "c"]
    boxes = [item.box for item in page.annotations]
    assert boxes == [pytest.approx(box) for box in ((20, 20, 80, 60), (2, 1, 100, 40), (20, 20, 80, 60))]
    assert (empty.info.source, empty.annotations) == ("b.png", ())
    assert tally.total("dropped") == 1


def test_json_min_of_the_template_for_texts(tmp_path: Path) -> None:
    """A region's shape, class and text stand under three controls; two at one place of one control are two."""
    place = {"x": 10, "y": 20, "width": 30, "height": 40, "rotation": 0, "original_width": 200, "original_height": 100}
    other = {**place, "x": 50}
    path = put(
        tmp_path,
        {
            "id": 1,
            "ocr": "/data/upload/1/0a1b2c3d-a.jpg",
            "bbox": [place, other, other],
            "label": [{**place, "labels": ["a"]}, {**other, "labels": ["b"]}, {**other, "labels": ["c"]}],
            "transcription": ["one", "two", "three"],
        },
    )
    (page,) = read_label_studio(path).pages
    assert [(item.label, item.box[0]) for item in page.annotations] == [("a", 20), ("b", 100), ("c", 100)]


# A mask from 2,1 to 5,3 on a page of 6 x 4 pixels, once grey and once coloured, and an empty one.
GREY = [0, 0, 0, 96, 57, 27, 254, 31, 0, 183, 255, 108, 2, 223, 254, 27, 0, 0]
COLOURED = [
    *[0, 0, 0, 96, 57, 27, 254, 31, 0, 0, 36, 0, 128, 1, 192, 255, 0, 36, 0, 128, 1, 192, 255, 0, 36, 0, 128, 1, 192],
    *[255, 182, 0, 0, 72, 1, 0, 3, 129, 254, 0, 72, 1, 0, 3, 129, 254, 0, 72, 1, 0, 3, 129, 255, 134, 192, 0],
]
EMPTY = [0, 0, 0, 96, 57, 27, 254, 95, 0, 0]


@pytest.mark.parametrize(
    ("rle", "box", "why"),
    [
        (GREY, (2, 1, 5, 3), ""),
        (COLOURED, (2, 1, 5, 3), ""),
        (EMPTY, None, "is an empty mask"),
        (GREY[:-4], None, "is a mask that cannot be read: it is broken off"),
        ([0, 0, 1, *GREY[3:]], None, "is a mask that cannot be read: it has 88 pixels, its page 24"),
        ([-1], None, "is a mask that cannot be read: it is no list of bytes"),
        (None, None, "is a mask that cannot be read: it is no list of bytes"),
    ],
)
def test_brush_strokes(tmp_path: Path, rle: object, box: tuple[float, ...] | None, why: str) -> None:
    result = {**item("brushlabels", rle=rle, format="rle"), "original_width": 6, "original_height": 4}
    tally = Tally()
    (page,) = read_label_studio(put(tmp_path, task(result)), tally=tally).pages
    assert [annotation.box for annotation in page.annotations] == ([] if box is None else [box])
    assert [row[2] for row in tally.rows()] == [why]


@pytest.mark.parametrize(
    ("result", "outcome", "box"),
    [
        # Turned clockwise about its corner: what went right goes down.
        (item(rotation=90), "converted", (20 - 40, 20, 20, 20 + 60)),
        (item(rotation=360), "converted", (20, 20, 80, 60)),
        (item("polygonlabels", points=[[10, 10], [20, 10], [20, 50]]), "converted", (20, 10, 40, 50)),
        (item("ellipselabels", x=50, y=50, radiusX=10, radiusY=20), "reduced", (80, 30, 120, 70)),
        (item("ellipselabels", x=50, y=50, radiusX=10, radiusY=10, rotation=90), "reduced", (90, 30, 110, 70)),
        (item("keypointlabels"), "dropped", None),
        (item("brushlabels", rle=[1, 2], format="rle"), "dropped", None),
    ],
)
def test_shapes(tmp_path: Path, result: dict[str, Any], outcome: str, box: tuple[float, ...] | None) -> None:
    tally = Tally()
    (page,) = read_label_studio(put(tmp_path, task(result)), tally=tally).pages
    assert [row[1] for row in tally.rows()] == [outcome]
    assert [annotation.box for annotation in page.annotations] == ([] if box is None else [pytest.approx(box)])


@pytest.mark.parametrize("points", [[], [[1, 2], [3, 4]]])
def test_polygons_that_were_never_closed(tmp_path: Path, points: list[list[float]]) -> None:
    tally = Tally()
    unfinished = {**item("polygonlabels", points=points), "id": "x2"}
    (page,) = read_label_studio(put(tmp_path, task(item(), unfinished)), tally=tally).pages
    assert len(page.annotations) == 1
    assert ("polygon", "dropped", "has fewer than three points", 1) in tally.rows()


def test_class_and_text_in_items_of_their_own(tmp_path: Path) -> None:
    shape = item("rectangle", None)
    labels = {**item("labels"), "value": {**shape["value"], "labels": ["line", "other"]}}
    text = {**item("textarea", None), "value": {**shape["value"], "text": ["words"]}}
    choice = {"id": "c", "type": "choices", "from_name": "c", "to_name": "image", "value": {"choices": ["good"]}}
    relation = {"type": "relation", "from_id": "x1", "to_id": "x2"}
    tally = Tally()
    (page,) = read_label_studio(put(tmp_path, task(shape, labels, text, choice, relation)), tally=tally).pages
    assert [annotation.label for annotation in page.annotations] == ["line"]
    assert tally.notes["results of type `textarea` ignored"] == 1
    assert tally.notes["results of type `choices` ignored"] == 1
    assert tally.notes["regions of several classes, the first taken"] == 1
    tally = Tally()
    (page,) = read_label_studio(put(tmp_path, task(shape)), tally=tally).pages
    assert [annotation.label for annotation in page.annotations] == ["region"]


def test_which_version_is_taken_and_that_the_others_are_counted(tmp_path: Path) -> None:
    def version(label: str, **others: object) -> dict[str, object]:
        return {"result": [item(label=label)], **others}

    versions = [version("cancelled", was_cancelled=True), version("first"), version("truth", ground_truth=True)]
    both = {"id": 1, "data": {"image": "a.jpg"}, "annotations": versions, "predictions": [version("model")]}
    tally = Tally()
    (page,) = read_label_studio(put(tmp_path, both), tally=tally).pages
    assert [annotation.label for annotation in page.annotations] == ["truth"]
    assert tally.rows() == [
        ("rectangle", "dropped", "in another annotation of the same task", 2),
        ("rectangle", "converted", "", 1),
        ("rectangle", "dropped", "a prediction of a task that has annotations", 1),
    ]
    guess = {"id": 1, "data": {"image": "a.jpg"}, "annotations": [], "predictions": [version("model", score=0.5)]}
    (page,) = read_label_studio(put(tmp_path, guess)).pages
    assert [(annotation.label, annotation.score) for annotation in page.annotations] == [("model", 0.5)]


@pytest.mark.parametrize(
    ("address", "there", "found"),
    [
        ("/data/upload/1/0a1b2c3d-a.jpg", "a.jpg", "a.jpg"),
        ("/data/upload/1/0a1b2c3d-a.jpg", "images/0a1b2c3d-a.jpg", "images/0a1b2c3d-a.jpg"),
        ("/data/upload/1/0a1b2c3d-a.jpg", None, "a.jpg"),
        ("/data/local-files/?d=scans/sub%20folder/a.jpg", "scans/sub folder/a.jpg", "scans/sub folder/a.jpg"),
        ("/data/local-files/?d=scans/sub%20folder/a.jpg", "a.jpg", "a.jpg"),
        ("/data/local-files/?d=scans/a+b.jpg", None, "scans/a b.jpg"),
        ("s3://bucket/x/y/a.jpg", "y/a.jpg", "y/a.jpg"),
        ("https://example.org/x/a%20b.jpg?token=1#f", None, "a b.jpg"),
        ("x/a.jpg", None, "x/a.jpg"),
        ("0a1b2c3d-a.jpg", None, "0a1b2c3d-a.jpg"),
    ],
)
def test_addresses_of_images(tmp_path: Path, address: str, there: str | None, found: str) -> None:
    if there is not None:
        (tmp_path / there).parent.mkdir(parents=True, exist_ok=True)
        Image.new("1", (200, 100)).save(tmp_path / there, "PNG")
    (page,) = read_label_studio(put(tmp_path, task(item(), image=address))).pages
    assert page.info.source == found


def test_uploads_of_one_name_stay_apart(tmp_path: Path) -> None:
    tasks = [task(item(), image=f"/data/upload/1/{number}a1b2c3d-a.jpg") for number in (1, 2)]
    pages = read_label_studio(put(tmp_path, *tasks)).pages
    assert [page.info.source for page in pages] == ["1a1b2c3d-a.jpg", "2a1b2c3d-a.jpg"]


@pytest.mark.parametrize(
    "address", ["../a.jpg", "/etc/passwd", "/data/local-files/?d=../../a.jpg", "C:\\a.jpg", "x\0.jpg"]
)
def test_images_outside_are_refused(tmp_path: Path, address: str) -> None:
    with pytest.raises(InputError, match="X310 /0: "):
        read_label_studio(put(tmp_path, task(item(), image=address)))


def test_several_images_in_a_task(tmp_path: Path) -> None:
    several = task({**item(), "item_index": 1, "id": "x2"}, item())
    several["data"] = {"pages": ["a.jpg", "b.jpg"]}
    pages = read_label_studio(put(tmp_path, several)).pages
    assert [(page.info.source, len(page.annotations)) for page in pages] == [("a.jpg", 1), ("b.jpg", 1)]
    several["data"] = {"pages": ["a.jpg"]}
    with pytest.raises(InputError, match="D004"):
        read_label_studio(put(tmp_path, several))


def test_tasks_without_results(tmp_path: Path) -> None:
    Image.new("1", (20, 10)).save(tmp_path / "there.png")
    tally = Tally()
    path = put(tmp_path, task(image="there.png"), task(image="gone.png"), {"data": {"image": "skipped.png"}})
    (page,) = read_label_studio(path, tally=tally).pages
    assert page.info == PageInfo(source="there.png", width=20, height=10)
    assert tally.notes["tasks without results whose image cannot be read left out"] == 2


@pytest.mark.parametrize(
    ("broken", "code", "place"),
    [
        ({"id": 1}, "D002", "/1"),
        ({"data": {"x": 3}}, "D002", "/1/data"),
        (task({**item(), "value": 3}), "D002", "/1/annotations/0"),
        (task(item(label=None, rectanglelabels=[3])), "D013", "/1/annotations/0"),
        (task(item(x="1")), "D008", "/1/annotations/0/result/0"),
        (task(item(x=1e20)), "D008", "/1/annotations/0/result/0"),
        (task(item("polygonlabels", points=[[1, 2], [3]])), "D008", "/1/annotations/0/result/0"),
        (task({**item(), "score": 2}), "D012", "/1/annotations/0/result/0"),
        (task({**item(), "original_width": 0}), "D007", "/1"),
        (task(item(), {**item(), "id": "x2", "original_width": 5}), "D007", "/1"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, broken: dict[str, Any], code: str, place: str) -> None:
    with pytest.raises(InputError, match=f"{place}: .*") as caught:
        read_label_studio(put(tmp_path, task(item()), broken))
    assert caught.value.code == code


def test_other_json_is_refused(tmp_path: Path) -> None:
    others: tuple[object, ...] = ([], {}, [{"image": "a.jpg", "label": []}], [3])
    for value in others:
        (tmp_path / "export.json").write_text(json.dumps(value))
        with pytest.raises(InputError, match="D001"):
            read_label_studio(tmp_path)


def test_scores_make_predictions(tmp_path: Path) -> None:
    pages = tuple(
        PageRecord(
            info=PageInfo(source=f"x y/{name}.jpg", width=200, height=100),
            annotations=(Annotation(label="a", box=(20, 20, 80, 60), score=score),),
        )
        for name, score in (("true", None), ("found", 0.5))
    )
    write_label_studio(Dataset(classes=("a",), pages=pages, root=tmp_path), tmp_path / "tasks.json")
    truth, found = json.loads((tmp_path / "tasks.json").read_text())
    assert truth["data"]["image"] == "/data/local-files/?d=x%20y/true.jpg"
    value = truth["annotations"][0]["result"][0]["value"]
    assert value == {"x": 10, "y": 20, "width": 30, "height": 40, "rotation": 0, "rectanglelabels": ["a"]}
    assert "predictions" not in truth
    assert found["predictions"][0]["result"][0]["score"] == 0.5
    assert "annotations" not in found
