"""Reading COCO as it comes, and refusing what is wrong with code and place."""

from __future__ import annotations

import copy
import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from centernet_cli.core.errors import InputError
from centernet_cli.core.records import Annotation, Dataset, Failure, PageInfo, PageRecord
from centernet_cli.core.strict_json import encode_json
from centernet_cli.datasets.formats import detect_format, read_dataset
from centernet_cli.datasets.formats.coco import dataset_to_coco, read_coco, write_coco
from centernet_cli.datasets.formats.tally import Tally

SQUARE = [10, 10, 20, 10, 20, 20, 10, 20]
GOOD: dict[str, Any] = {
    "images": [
        {"id": 7, "file_name": "b.png", "width": 100, "height": 50, "group": "book", "page": 3},
        {"id": 2, "file_name": "img\\a.png", "width": 100.0, "height": 50},
    ],
    "categories": [{"id": 9, "name": "title"}, {"id": 4, "name": "text", "supercategory": "x"}],
    "annotations": [
        {"id": 1, "image_id": 2, "category_id": 9, "bbox": [1, 2, 3, 4]},
        {"id": 2, "image_id": 7, "category_id": 4, "bbox": [10, 10, 10, 10], "segmentation": [SQUARE], "iscrowd": 0},
    ],
}


def test_a_file_in_pieces_is_the_whole(tmp_path: Path) -> None:
    """What `write_coco` writes lot by lot is what the object written at once would be."""
    info = PageInfo(source="a.png", width=100, height=100)
    boxes = tuple(Annotation(label="line", box=(1.0, number / 100, 50.0, 60.0)) for number in range(2500))
    for root in (tmp_path, None):
        for found in ((), boxes[:1], boxes):
            pages = (PageRecord(info=info, annotations=found), PageRecord(info=info, annotations=found))
            failures = (Failure(source="\udc80", code="I101", message="no image"),) if found else ()
            dataset = Dataset(classes=("line", "\ud800"), pages=pages, root=root, failures=failures, info={"a": [1]})
            write_coco(dataset, tmp_path / "x.json")
            whole = encode_json(dataset_to_coco(dataset)).encode("utf-8", "backslashreplace")
            assert (tmp_path / "x.json").read_bytes() == whole


def write(folder: Path, data: object) -> Path:
    path = folder / "annotations.json"
    path.write_text(json.dumps(data))
    return path


def changed(pointer: str, value: object) -> dict[str, Any]:
    """Return the good file with one value replaced, or taken out if `value` is `...`."""
    data = copy.deepcopy(GOOD)
    *way, last = [int(part) if part.isdigit() else part for part in pointer.split("/")]
    place: Any = data
    for part in way:
        place = place[part]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return data


def test_order_and_names(tmp_path: Path) -> None:
    dataset = read_coco(write(tmp_path, GOOD))
    assert dataset.classes == ("text", "title")
    assert [page.info.source for page in dataset.pages] == ["b.png", "img/a.png"]
    assert dataset.pages[0].group == "book"
    assert dataset.pages[0].info.page is None  # only our own files mean the page of a document by it
    assert dataset.pages[1].annotations == (Annotation(label="title", box=(1, 2, 4, 6)),)
    assert dataset.root == tmp_path


@pytest.mark.parametrize(
    ("segmentation", "shape", "outcome", "points"),
    [
        ([], "box", "converted", 0),
        (None, "box", "converted", 0),
        ([SQUARE], "polygon", "converted", 4),
        (SQUARE, "polygon", "converted", 4),
        ([SQUARE, SQUARE], "polygon in parts", "converted", 0),
        ([SQUARE[:4]], "polygon", "reduced", 0),
        ({"size": [50, 100], "counts": [3, 4]}, "run-length mask", "reduced", 0),
        ({"size": [50, 100], "counts": "abc"}, "run-length mask", "reduced", 0),
    ],
)
def test_segmentations(tmp_path: Path, segmentation: object, shape: str, outcome: str, points: int) -> None:
    tally = Tally()
    dataset = read_coco(write(tmp_path, changed("annotations/1/segmentation", segmentation)), tally=tally)
    (annotation,) = dataset.pages[0].annotations
    assert list(annotation.box) == [10, 10, 20, 20]
    assert len(annotation.polygon or ()) == points
    assert (shape, outcome) in {(row[0], row[1]) for row in tally.rows()}
    assert tally.total() == 2


def test_a_box_can_come_from_the_polygon(tmp_path: Path) -> None:
    dataset = read_coco(write(tmp_path, changed("annotations/1/bbox", ...)))
    assert dataset.pages[0].annotations[0].box == (10, 10, 20, 20)


@pytest.mark.parametrize(
    ("pointer", "value", "code"),
    [
        ("images", ..., "D001"),
        ("annotations", ..., "D001"),
        ("categories", ..., "D001"),
        ("images", {}, "D002"),
        ("images/0", 5, "D002"),
        ("images/0/id", ..., "D002"),
        ("images/0/id", True, "D002"),
        ("images/0/id", [1], "D002"),
        ("images/0/id", 2, "D003"),
        ("images/0/file_name", ..., "D002"),
        ("images/0/file_name", "../../etc/passwd", "X310"),
        ("images/0/file_name", "/etc/passwd", "X310"),
        ("images/0/file_name", "file:///etc/passwd", "X310"),
        ("images/0/width", 0, "D007"),
        ("images/0/width", 10.5, "D007"),
        ("images/0/height", "50", "D007"),
        ("images/0/height", ..., "D007"),
        ("categories/0", 3, "D002"),
        ("categories/0/name", True, "D013"),
        ("categories/0/name", [3], "D013"),
        ("categories/0/name", ..., "D013"),
        ("categories/0/id", 4, "D003"),
        ("annotations/0", None, "D002"),
        ("annotations/0/id", 2, "D003"),
        ("annotations/0/image_id", 99, "D004"),
        ("annotations/0/image_id", ..., "D002"),
        ("annotations/0/category_id", 1, "D005"),
        ("annotations/0/bbox", ..., "D008"),
        ("annotations/0/bbox", [1, 2, 3], "D008"),
        ("annotations/0/bbox", [1, 2, 3, "4"], "D008"),
        ("annotations/0/bbox", [1, 2, 3, True], "D008"),
        ("annotations/0/bbox", [1, 2, 0, 4], "D009"),
        ("annotations/0/bbox", [1, 2, 3, -4], "D009"),
        ("annotations/0/bbox", [1, 2, 1e300, 4], "D009"),
        ("annotations/0/bbox", [100, 2, 3, 4], "D010"),
        ("annotations/0/bbox", [-9, 2, 3, 4], "D010"),
        ("annotations/0/segmentation", "abc", "D011"),
        ("annotations/0/segmentation", [[1, 2, 3]], "D011"),
        ("annotations/0/segmentation", {"counts": 3}, "D011"),
        ("annotations/0/score", 1.5, "D012"),
        ("annotations/0/score", "high", "D012"),
        ("annotations/0/iscrowd", [], "D002"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, pointer: str, value: object, code: str) -> None:
    path = write(tmp_path, changed(pointer, value))
    with pytest.raises(InputError) as caught:
        read_coco(path)
    lines = caught.value.lines()
    assert any(f" {code} " in line for line in lines), lines
    assert all(line.startswith(str(path)) for line in lines)
    place = "/".join(pointer.split("/")[:2])
    if code != "D001":
        assert any(f" /{place}" in line for line in lines) or code == "D003", lines


def test_what_tables_and_tools_make_of_ids_and_empty_values(tmp_path: Path) -> None:
    data = copy.deepcopy(GOOD)
    data["images"][1]["id"] = 2.0
    data["categories"][0]["id"] = 9.0
    data["annotations"][0] |= {"image_id": 2.0, "iscrowd": None, "area": None, "segmentation": None}
    data["annotations"][1] |= {"bbox": [], "iscrowd": False}
    pages = {page.info.source: page for page in read_coco(write(tmp_path, data)).pages}
    assert [(item.label, item.box) for item in pages["img/a.png"].annotations] == [("title", (1, 2, 4, 6))]
    assert [(item.label, item.box) for item in pages["b.png"].annotations] == [("text", (10, 10, 20, 20))]


def test_names_of_classes_may_be_numbers(tmp_path: Path) -> None:
    data = copy.deepcopy(GOOD)
    data["categories"][0]["name"] = 3
    assert "3" in read_coco(write(tmp_path, data)).classes


@pytest.mark.parametrize("as_text", [True, False])
def test_ids_are_found_as_numbers_or_texts(tmp_path: Path, as_text: bool) -> None:
    """VIA 2 exports `image_id` as a text, and the image's `id` as a number."""
    data = copy.deepcopy(GOOD)
    ids, others = (str, int) if as_text else (int, str)
    for image in data["images"]:
        image["id"] = others(image["id"])
    data["categories"] = [{**each, "id": others(each["id"])} for each in data["categories"]]
    for each in data["annotations"]:
        each |= {"image_id": ids(each["image_id"]), "category_id": ids(each["category_id"])}
    tally = Tally()
    pages = {page.info.source: page for page in read_coco(write(tmp_path, data), tally=tally).pages}
    assert [item.label for item in pages["img/a.png"].annotations] == ["title"]
    assert [item.label for item in pages["b.png"].annotations] == ["text"]
    assert tally.notes["ids found as number or text, where the annotation has the other"] == 4
    for other in ("02", "2.0", " 2", "\u0662", "2" * 5000):
        data["annotations"][0]["image_id"] = other
        with pytest.raises(InputError, match="D004 /annotations/0"):
            read_coco(write(tmp_path, data))


@pytest.mark.parametrize(
    "name",
    ["C:\\Users\\me\\scans\\a.png", "/home/me/scans/a.png", "https://host/x/scans/a.png?sig=1", "s3://b/scans/a.png"],
)
@pytest.mark.parametrize("folder", ["scans", "images/scans", "images"])
def test_paths_of_other_computers_count_by_their_end_that_is_there(tmp_path: Path, name: str, folder: str) -> None:
    data = copy.deepcopy(GOOD)
    data["images"][0]["file_name"] = name
    path = write(tmp_path, data)
    with pytest.raises(InputError, match="X310 /images/0: "):
        read_coco(path)
    (tmp_path / folder).mkdir(parents=True)
    Image.new("RGB", (100, 50)).save(tmp_path / folder / "a.png")
    tally = Tally()
    dataset = read_coco(path, tally=tally)
    assert dataset.root is not None
    assert dataset.root / dataset.pages[0].info.source == tmp_path / folder / "a.png"
    assert tally.notes["image found under the end of its path, which names another place"] == 1


def test_what_check_leaves_out_is_hinted_at_once(tmp_path: Path) -> None:
    data = copy.deepcopy(GOOD)
    data["annotations"] = [{**data["annotations"][0], "id": number, "bbox": [1, 2, 0, 4]} for number in range(3)]
    with pytest.raises(InputError) as caught:
        read_coco(write(tmp_path, data))
    assert ["--fix" in line for line in caught.value.lines()] == [True, False, False]


def test_missing_sizes_are_taken_from_the_images(tmp_path: Path) -> None:
    Image.new("1", (30, 20)).save(tmp_path / "a.png")
    data = {**GOOD, "images": [{"id": 2, "file_name": "a.png"}, {"id": 7, "file_name": "../a.png"}], "annotations": []}
    with pytest.raises(InputError) as caught:
        read_coco(write(tmp_path, data))
    assert [line.split()[1:3] for line in caught.value.lines()] == [["X310", "/images/1:"], ["D007", "/images/1:"]]
    data["images"].pop()
    tally = Tally()
    (page,) = read_coco(write(tmp_path, data), tally=tally).pages
    assert page.info == PageInfo(source="a.png", width=30, height=20)
    assert tally.notes == {"size of the page taken from its image": 1}


def test_twenty_problems_are_listed_and_the_rest_counted(tmp_path: Path) -> None:
    data = changed("annotations", [{"image_id": 2, "category_id": 1, "bbox": [1, 1, 1, 1]}] * 30)
    with pytest.raises(InputError) as caught:
        read_coco(write(tmp_path, data))
    lines = caught.value.lines()
    assert len(lines) == 21
    assert lines[-1].endswith("D000 10 more problems are not listed")
    assert "/annotations/19: no category has id 1" in lines[19]
    assert pickle.loads(pickle.dumps(caught.value)).lines() == lines  # noqa: S301 (our own)


def test_the_splits_of_roboflow_are_named(tmp_path: Path) -> None:
    for split in ("train", "valid"):
        (tmp_path / split).mkdir()
        write(tmp_path / split, GOOD).rename(tmp_path / split / "_annotations.coco.json")
    with pytest.raises(InputError, match=r"read: train/_annotations\.coco\.json, valid/_annotations\.coco\.json"):
        read_coco(tmp_path)
    assert detect_format(tmp_path / "train") == "coco"


def test_a_results_list_is_refused_helpfully(tmp_path: Path) -> None:
    path = write(tmp_path, [{"image_id": 1, "category_id": 1, "bbox": [1, 1, 1, 1], "score": 1}])
    with pytest.raises(InputError, match=r"D001 a COCO results list.*next to the truth's"):
        read_coco(path)


def test_labelme_is_recognised_as_such(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"D001 .*labelme"):
        read_coco(write(tmp_path, {"shapes": [], "imagePath": "a.png"}))


def test_links_out_of_the_folder_are_refused(tmp_path: Path) -> None:
    root = tmp_path / "data"
    root.mkdir()
    (tmp_path / "secret.png").write_bytes(b"")
    (root / "b.png").symlink_to("../secret.png")
    with pytest.raises(InputError, match=r"X310 /images/0: .*link"):
        read_coco(write(root, GOOD))


def test_same_names_are_one_class_and_boxes_off_the_page_are_counted(tmp_path: Path) -> None:
    data = changed("categories/0/name", "text")
    data["annotations"][0] |= {"bbox": [-1, 2, 3, 4], "attributes": {"occluded": True}}
    tally = Tally()
    dataset = read_coco(write(tmp_path, data), tally=tally)
    assert dataset.classes == ("text",)
    assert dataset.pages[1].annotations[0].box == (-1.0, 2.0, 2.0, 6.0)
    assert set(tally.notes) == {
        "annotation key `attributes` ignored",
        "boxes reach outside their page, kept as they are",
    }


def test_the_file_in_a_folder_is_found(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="D001 no COCO file"):
        read_coco(tmp_path)
    (tmp_path / "annotations").mkdir()
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "b.png").write_bytes(b"")
    (tmp_path / "annotations" / "train.json").write_text(json.dumps(GOOD))
    assert detect_format(tmp_path) == "coco"
    assert read_dataset(tmp_path).root == tmp_path / "images"
    (tmp_path / "annotations" / "val.json").write_text(json.dumps(GOOD))
    with pytest.raises(InputError, match=r"several JSON files: train.json, val.json"):
        read_coco(tmp_path)


def test_images_of_coco_itself_lie_in_a_folder_that_the_file_names(tmp_path: Path) -> None:
    for name in ("annotations", "train2017", "val2017"):
        (tmp_path / name).mkdir()
    (tmp_path / "val2017" / "b.png").write_bytes(b"")
    for name in ("instances_train2017.json", "instances_val2017.json"):
        write(tmp_path, GOOD).rename(tmp_path / "annotations" / name)
    assert read_coco(tmp_path / "annotations" / "instances_val2017.json").root == tmp_path / "val2017"
    assert read_coco(tmp_path / "annotations" / "instances_train2017.json").root == tmp_path / "annotations"
    (tmp_path / "images").mkdir()
    (tmp_path / "val2017").rename(tmp_path / "images" / "val2017")
    assert read_coco(tmp_path / "annotations" / "instances_val2017.json").root == tmp_path / "images" / "val2017"


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 10**400) | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["id", "counts", "x"]), inner),
    max_leaves=5,
)
PLACES = st.sampled_from(
    [
        f"{item}/{key}"
        for item, keys in {
            "images/0": ("id", "file_name", "width", "height", "group", "source", "status", "page", "orientation"),
            "categories/0": ("id", "name"),
            "annotations/1": ("id", "image_id", "category_id", "bbox", "segmentation", "iscrowd", "score"),
        }.items()
        for key in keys
    ]
    + ["images", "annotations", "categories", "failures", "info", "images/0", "categories/0", "annotations/0"]
)


@given(PLACES, JSON_VALUES)
@settings(deadline=None)
def test_any_value_anywhere_gives_a_dataset_or_an_input_error(
    tmp_path_factory: pytest.TempPathFactory, place: str, value: object
) -> None:
    path = write(tmp_path_factory.getbasetemp(), changed(place, value))
    try:
        dataset = read_coco(path)
    except InputError as error:
        assert all(len(line) < 1000 for line in error.lines())  # noqa: PT017 (either outcome is right)
    else:
        write_coco(dataset, path)
        assert read_coco(path).classes == dataset.classes


def predictions() -> Dataset:
    page = PageInfo(source="/scans/a.pdf", width=100, height=200, page=2, dpi=72.5, width_pt=99.3, height_pt=198.6)
    found = (
        Annotation(label="text", box=(1.23456, 2, 50.00004, 60), score=0.98765432),
        Annotation(label="title", box=(5, 5, 5, 9), score=0.5, polygon=((5, 5), (9, 5), (9, 9))),
    )
    return Dataset(
        classes=("title", "text"),
        pages=(PageRecord(info=page, annotations=found), PageRecord(info=page)),
        failures=(Failure(source="b.png", code="I101", message="image is truncated"),),
        info={"program": "centernet"},
    )


def test_predictions_are_a_coco_file() -> None:
    data: Any = dataset_to_coco(predictions())
    assert data["info"] == {"program": "centernet"}
    assert data["failures"] == [{"source": "b.png", "page": None, "code": "I101", "message": "image is truncated"}]
    assert data["images"][0] == {
        "id": 1,
        "file_name": "/scans/a.pdf#2",
        "width": 100,
        "height": 200,
        "source": "/scans/a.pdf",
        "page": 2,
        "dpi": 72.5,
        "width_pt": 99.3,
        "height_pt": 198.6,
        "rotation": 0,
        "orientation": 1,
        "status": "ok",
    }
    assert data["images"][1]["file_name"] == "/scans/a.pdf#2~2"
    assert data["categories"] == [
        {"id": 1, "name": "title", "supercategory": ""},
        {"id": 2, "name": "text", "supercategory": ""},
    ]
    first, second = data["annotations"]
    assert first["score"] == pytest.approx(0.98765432, abs=1e-4)
    assert first["bbox"] == pytest.approx([1.23456, 2, 48.76548, 58], abs=0.01)
    assert second["bbox"][2] > 0
    assert second["area"] == 8
    assert second["segmentation"] == [[5, 5, 9, 5, 9, 9]]


def test_arrays_of_the_decoder_become_plain_numbers() -> None:
    box = tuple(np.asarray([1, 2, 3, 4.5], np.float32))
    page = PageRecord(
        info=PageInfo(source="a.png", width=9, height=9),
        annotations=(Annotation(label="text", box=box, score=np.float32(0.5)),),  # type: ignore[arg-type]
    )
    json.dumps(dataset_to_coco(Dataset(classes=("text",), pages=(page,))))


def test_pycocotools_takes_our_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_coco(predictions(), tmp_path / "boxes.json")
    coco = COCO(str(tmp_path / "boxes.json"))
    assert coco.getImgIds() == [1, 2]
    assert [category["name"] for category in coco.loadCats(coco.getCatIds())] == ["title", "text"]
    results = coco.loadRes(
        [
            {key: item[key] for key in ("image_id", "category_id", "bbox", "score")}
            for item in coco.dataset["annotations"]
        ]
    )
    evaluation = COCOeval(coco, results, "bbox")
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
    assert evaluation.stats[0] == pytest.approx(1)
    capsys.readouterr()


def test_labels_missing_from_the_classes_are_added() -> None:
    page = PageRecord(
        info=PageInfo(source="a.png", width=9, height=9),
        annotations=tuple(Annotation(label=label, box=(0, 0, 1, 1)) for label in "cba"),
    )
    data: Any = dataset_to_coco(Dataset(classes=("b",), pages=(page,), root=Path()))
    assert [category["name"] for category in data["categories"]] == ["b", "a", "c"]
    assert [item["category_id"] for item in data["annotations"]] == [3, 1, 2]


@pytest.mark.parametrize("key", ["images", "annotations", "categories"])
def test_a_missing_list_is_told_where_the_format_is_to_be_found_out(tmp_path: Path, key: str) -> None:
    path = tmp_path / "annotations.json"
    path.write_text(json.dumps({name: value for name, value in GOOD.items() if name != key}))
    assert detect_format(tmp_path) == "coco"
    with pytest.raises(InputError, match=f"D001 .*{key}"):
        read_dataset(tmp_path)
