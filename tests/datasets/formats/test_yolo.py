"""YOLO as it is met: splits, darknet, labels beside images, every kind of line, and what is wrong with it."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from centernet_cli.core.errors import InputError
from centernet_cli.core.records import Annotation, Dataset, PageInfo, PageRecord
from centernet_cli.datasets.formats import detect_format
from centernet_cli.datasets.formats.tally import Tally
from centernet_cli.datasets.formats.yolo import read_yolo
from centernet_cli.datasets.formats.yolo_write import fit_yolo_obb, write_yolo, yolo_files, yolo_images

BOX = "0 0.5 0.5 0.2 0.4\n"


def put(folder: Path, **files: str | None) -> Path:
    """Write files, names with `__` for `/`, and images of 100 x 50 pixels for None."""
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        if text is None:
            Image.new("1", (100, 50)).save(path, "PNG")
        else:
            path.write_text(text, encoding="utf-8")
    return folder


def boxes(dataset: Dataset) -> dict[str, list[tuple[str, tuple[float, ...]]]]:
    return {
        page.info.source: [(item.label, tuple(round(side, 3) for side in item.box)) for item in page.annotations]
        for page in dataset.pages
    }


HERE = ("person", (40.0, 15.0, 60.0, 35.0))


def test_the_splits_of_ultralytics_are_read_together(tmp_path: Path) -> None:
    yaml = "path: ../datasets/mine # relative to another computer\ntrain: images/train\nval: images/val\ntest: # none\n"
    put(
        tmp_path,
        mine_dot_yaml=yaml + "names:\n  1: 'no'\n  0: person\n",
        images__train__b_dot_jpg=None,
        images__train__a_dot_png=None,
        images__val__c_dot_jpg=None,
        labels__train__b_dot_txt=BOX,
        labels__val__c_dot_txt="\n1 .5 .5 1 1\n",
    )
    assert detect_format(tmp_path) == "yolo"
    dataset = read_yolo(tmp_path)
    assert dataset.classes == ("person", "no")
    assert boxes(dataset) == {
        "images/train/a.png": [],
        "images/train/b.jpg": [HERE],
        "images/val/c.jpg": [("no", (0.0, 0.0, 100.0, 50.0))],
    }
    assert read_yolo(tmp_path / "mine.yaml") == dataset


def test_the_layout_of_roboflow_is_read(tmp_path: Path) -> None:
    yaml = "train: ../train/images\nval: ../valid/images\ntest: ../test/images\nnc: 1\nnames: ['person']\n"
    put(tmp_path, data_dot_yaml=yaml, train__images__a_dot_jpg=None, train__labels__a_dot_txt=BOX)
    put(tmp_path, valid__images__b_dot_jpg=None, valid__labels__b_dot_txt="")
    tally = Tally()
    assert boxes(read_yolo(tmp_path, tally=tally)) == {"train/images/a.jpg": [HERE], "valid/images/b.jpg": []}
    assert tally.notes["split left out, as its folder or list is not there: test: ../test/images"] == 1


def test_darknet_is_read(tmp_path: Path) -> None:
    data = "classes = 1\nnames = data/obj.names\ntrain = data/train.txt\nbackup = backup/\n"
    put(tmp_path, obj_dot_data=data, obj_dot_names="person\n\n", train_dot_txt="data/obj_train_data/a.jpg\n")
    put(tmp_path, obj_train_data__a_dot_jpg=None, obj_train_data__a_dot_txt=BOX, obj_train_data__b_dot_jpg=None)
    for path in (tmp_path, tmp_path / "obj.data"):
        assert detect_format(path) == "yolo"
        assert boxes(read_yolo(path)) == {"obj_train_data/a.jpg": [HERE]}


@pytest.mark.parametrize("names", ["classes_dot_txt", "labels__classes_dot_txt", "obj_dot_names"])
def test_a_list_of_classes_is_enough(tmp_path: Path, names: str) -> None:
    put(tmp_path, **{names: "person\ncar\n"}, images__a_dot_jpg=None, labels__a_dot_txt=BOX)
    dataset = read_yolo(tmp_path)
    assert dataset.classes == ("person", "car")
    assert boxes(dataset) == {"images/a.jpg": [HERE]}


def test_labels_beside_images_and_no_names(tmp_path: Path) -> None:
    put(tmp_path, a_dot_jpg=None, a_dot_txt="7 .5 .5 .2 .4", README_dot_txt="read me\n", b_dot_jpg=None)
    assert detect_format(tmp_path) == "yolo"
    tally = Tally()
    dataset = read_yolo(tmp_path, tally=tally)
    assert dataset.classes == ("7",)
    assert boxes(dataset) == {"a.jpg": [("7", HERE[1])], "b.jpg": []}
    assert tally.notes["no list of classes found: their numbers are their names"] == 1


@pytest.mark.parametrize(
    ("line", "kind", "points", "score"),
    [
        ("0 .1 .2 .1 .2", "box", 0, None),
        ("0.0 .1 .2 .1 .2 0.9", "box", 0, 0.9),
        ("0 .1 .1 .3 .1 .2 .3", "polygon", 3, None),
        ("0 .1 .1 .3 .1 .2 .3 1", "polygon", 3, 1.0),
        ("0 .1 .1 .3 .2 .3 .4 .1 .3", "polygon of 4 points", 4, None),
        ("0 .1 .1 .3 .2 .3 .4 .1 .3 .25", "polygon of 4 points", 4, 0.25),
        ("0 .1 .1 .3 .1 .3 .4 .1 .4", "polygon of 4 points", 0, None),
        ("0 .1 .1 .3 .2 .3 .4 .1 .3 .05 .2", "polygon", 5, None),
    ],
)
def test_kinds_of_lines(tmp_path: Path, line: str, kind: str, points: int, score: float | None) -> None:
    put(tmp_path, classes_dot_txt="a", images__a_dot_jpg=None, labels__a_dot_txt=line)
    tally = Tally()
    (annotation,) = read_yolo(tmp_path, tally=tally).pages[0].annotations
    assert len(annotation.polygon or ()) == points
    assert annotation.score == score
    assert tally.rows() == [(kind, "converted", "", 1)]


@pytest.mark.parametrize(
    ("lines", "scores", "noted"),
    [
        ("0 .5 .5 .2 .4 7\n0 .5 .5 .2 .4 1\n", [None, None], 2),
        ("0 .5 .5 .2 .4 0.9 7\n0 .5 .5 .2 .4 0.8 1\n", [0.9, 0.8], 2),
        ("0 .5 .5 .2 .4 0.9 1\n", [0.9], 1),
        ("0 .5 .5 .2 .4\n0 .5 .5 .2 .4 7\n", [None, None], 1),
        ("0 .5 .5 .2 .4 1\n", [1.0], 0),  # may be a confidence
    ],
)
def test_numbers_of_tracks_are_left_out(tmp_path: Path, lines: str, scores: list[float | None], noted: int) -> None:
    put(tmp_path, images__a_dot_png=None, labels__a_dot_txt=lines, classes_dot_txt="person\n")
    tally = Tally()
    dataset = read_yolo(tmp_path, tally=tally)
    assert boxes(dataset) == {"images/a.png": [HERE] * len(scores)}
    assert [item.score for item in dataset.pages[0].annotations] == scores
    assert tally.notes["numbers of tracks ignored"] == noted


@pytest.mark.parametrize("line", ["0 .1 .1 .5 .1 .3 1.0", "0 .1 .1 .9 .1 .5 1", "0 .5 .5 .2 .4 .9 2.5"])
def test_triangles_at_the_lower_edge_are_triangles(tmp_path: Path, line: str) -> None:
    put(tmp_path, images__a_dot_png=None, labels__a_dot_txt=f"{line}\n", classes_dot_txt="person\n")
    (item,) = read_yolo(tmp_path).pages[0].annotations
    assert item.polygon is not None
    assert len(item.polygon) == 3


def test_labels_beside_the_folder_of_images(tmp_path: Path) -> None:
    put(tmp_path, images__a_dot_png=None, a_dot_txt=BOX, classes_dot_txt="person\n")
    assert detect_format(tmp_path) == "yolo"
    assert boxes(read_yolo(tmp_path)) == {"images/a.png": [HERE]}


def test_keypoints_are_left_out(tmp_path: Path) -> None:
    yaml = "train: images\nval: images\nkpt_shape: [2, 3]\nnames: [person]\n"
    put(tmp_path, data_dot_yaml=yaml, images__a_dot_jpg=None, labels__a_dot_txt=f"{BOX.strip()} .1 .1 2 .2 .2 1")
    tally = Tally()
    assert boxes(read_yolo(tmp_path, tally=tally)) == {"images/a.jpg": [HERE]}
    assert tally.notes["keypoints ignored"] == 1


def test_what_has_no_extent_or_is_off_the_page_is_dropped(tmp_path: Path) -> None:
    put(
        tmp_path,
        classes_dot_txt="a",
        images__a_dot_jpg=None,
        labels__a_dot_txt="0 .5 .5 0 .1\n0 2 2 .1 .1\n0 1 1 1 1\n",
    )
    tally = Tally()
    assert len(read_yolo(tmp_path, tally=tally).pages[0].annotations) == 1
    assert tally.rows() == [
        ("box", "converted", "", 1),
        ("box", "dropped", "has no extent", 1),
        ("box", "dropped", "lies outside its page", 1),
    ]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("0 .1 .1 .1", "D017"),
        ("0 .1 .1 .1 x", "D008"),
        ("0 .1 .1 .1 nan", "D008"),
        ("0 .1 .1 .1 1_0", "D008"),
        ("0 .1 .1 .1 1e300", "D008"),
        ("0 .1 .1 .1 .1 1.5", "D012"),
        ("1 .1 .1 .1 .1", "D005"),
        ("-1 .1 .1 .1 .1", "D005"),
        ("0.5 .1 .1 .1 .1", "D005"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(tmp_path: Path, line: str, code: str) -> None:
    put(tmp_path, classes_dot_txt="a", images__a_dot_jpg=None, labels__a_dot_txt=f"{BOX}{line}\n")
    with pytest.raises(InputError, match=rf"labels/a\.txt:2: {code}"):
        read_yolo(tmp_path)


@pytest.mark.parametrize(
    ("yaml", "code"),
    [
        ("train: images\nnames: [a\n", "R302"),
        ("train: images\nnames: [a]\nnames: [b]\n", "R304"),
        ("train: images\nnames: {0: a, 2: b}\n", "D002"),
        ("train: images\nnames: {x: a}\n", "D002"),
        ("train: images\nnames: 3\n", "D002"),
        ("train: images\nnames: [[a]]\n", "D013"),
        ("train: {}\nnames: [a]\n", "D002"),
        ("train: elsewhere\nnames: [a]\n", "D016"),
        ("train: ../../../etc\nnames: [a]\n", "D016"),
        ("- a\n", "D001"),
    ],
)
def test_descriptions_that_are_wrong(tmp_path: Path, yaml: str, code: str) -> None:
    put(tmp_path, data_dot_yaml=yaml, images__a_dot_jpg=None, labels__a_dot_txt=BOX)
    with pytest.raises(InputError, match=rf"data\.yaml(:\d+:\d+)?: {code}"):
        read_yolo(tmp_path)


def test_nothing_outside_the_folder_is_read(tmp_path: Path) -> None:
    outside = put(tmp_path / "outside", images__a_dot_jpg=None, labels__a_dot_txt=BOX)
    inside = put(tmp_path / "inside", data_dot_yaml=f"train: {outside}/images\nnames: [a]\n")
    with pytest.raises(InputError, match="D016"):
        read_yolo(inside)
    (inside / "data.yaml").write_text("train: images\nnames: [a]\n")
    (inside / "images").symlink_to(outside / "images")
    with pytest.raises(InputError, match="X310"):
        read_yolo(inside)
    (inside / "images").unlink()
    (inside / "data.yaml").write_text("train: train.txt\nnames: [a]\n")
    (inside / "train.txt").write_text("../outside/images/a.jpg\n")
    with pytest.raises(InputError, match=r"train\.txt:1: X310"):
        read_yolo(inside)


def test_labels_need_their_images(tmp_path: Path) -> None:
    put(tmp_path, classes_dot_txt="a", images__a_dot_jpg=None, labels__a_dot_txt=BOX, labels__b_dot_txt=BOX)
    (tmp_path / "images" / "c.jpg").write_bytes(b"no image")
    with pytest.raises(InputError) as caught:
        read_yolo(tmp_path)
    assert [line.split(": ")[1][:4] for line in caught.value.lines()] == ["D007", "D016"]
    with pytest.raises(InputError, match="D001"):
        read_yolo(put(tmp_path / "other", a_dot_jpg=None))


def dataset(*sources: str, classes: tuple[str, ...] = ("b", "a"), root: Path | None = Path()) -> Dataset:
    pages = tuple(
        PageRecord(
            info=PageInfo(source=source, width=100, height=50),
            annotations=(Annotation(label="a", box=(40, 15, 60, 35)),),
        )
        for source in sources
    )
    return Dataset(classes=classes, pages=pages, root=root)


def test_written_files(tmp_path: Path) -> None:
    write_yolo(dataset("x/a.jpg"), tmp_path)
    assert (tmp_path / "labels/x/a.txt").read_text() == "1 0.5 0.5 0.2 0.4\n"
    assert (tmp_path / "data.yaml").read_text().splitlines()[1:] == [
        'train: "images"',
        'val: "images"',
        "nc: 2",
        "names:",
        '  0: "b"',
        '  1: "a"',
    ]


def test_splits_are_kept_where_paths_tell_them(tmp_path: Path) -> None:
    pages = dataset("images/train/a.jpg", "images/valid/b.jpg", "images/test/c.jpg", "images/train/2/d.jpg")
    write_yolo(pages, tmp_path)
    assert (tmp_path / "data.yaml").read_text().splitlines()[:3] == [
        'train: ["images/train", "images/train/2"]',
        'val: "images/valid"',
        'test: "images/test"',
    ]
    assert (tmp_path / "labels/train/2/d.txt").is_file()


@pytest.mark.parametrize(
    ("source", "image", "label"),
    [
        ("a.jpg", "images/a.jpg", "labels/a.txt"),
        ("x/a.b.jpg", "images/x/a.b.jpg", "labels/x/a.b.txt"),
        ("images/a.jpg", "images/a.jpg", "labels/a.txt"),
        ("train/images/a.jpg", "train/images/a.jpg", "train/labels/a.txt"),
        ("images/images/a.jpg", "images/images/a.jpg", "images/labels/a.txt"),
        ("images", "images/images", "labels/images.txt"),
    ],
)
def test_where_things_are_put(source: str, image: str, label: str) -> None:
    assert yolo_images(dataset(source)) == [image]
    assert yolo_files(dataset(source)) == [label, "data.yaml"]


def test_images_of_one_stem_get_names_of_their_own() -> None:
    pages = dataset("a.jpg", "a.png", "a.png.tif")
    assert yolo_files(pages)[:3] == ["labels/a.txt", "labels/a.png.txt", "labels/a.png.tif.txt"]
    assert yolo_images(pages) == ["images/a.jpg", "images/a.png.png", "images/a.png.tif.tif"]


@given(st.lists(st.text(min_size=1, max_size=6), min_size=1, max_size=4, unique=True))
@settings(deadline=None, max_examples=60)
def test_any_class_name_survives(names: list[str]) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = put(Path(place), images__a_dot_jpg=None)
        write_yolo(
            dataset("images/a.jpg", classes=(*names, "a")[: len(names)] + (() if "a" in names else ("a",))), folder
        )
        known = [name.encode("utf-8", "replace").decode() for name in names]
        assert read_yolo(folder).classes[: len(names)] == tuple(dict.fromkeys(known))


def test_an_oriented_box_that_leaves_its_page_becomes_upright() -> None:
    turned = ((-10.0, 20.0), (10.0, 10.0), (20.0, 30.0), (0.0, 40.0))
    annotation = Annotation(label="a", box=(-10, 10, 20, 40), polygon=turned)
    page = PageRecord(info=PageInfo(source="a.png", width=100, height=50), annotations=(annotation,))
    tally = Tally()
    fitted = fit_yolo_obb(Dataset(classes=("a",), pages=(page,), root=Path()), tally)
    (found,) = fitted.pages[0].annotations
    assert found.polygon is None
    assert found.box == pytest.approx((0, 10, 20, 40))
    assert tally.total("reduced") == tally.total() == 1
