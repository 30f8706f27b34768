"""Pascal VOC as VOC, LabelImg and others write it."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from centernet_cli.core.errors import InputError
from centernet_cli.core.records import Annotation, Dataset, PageInfo, PageRecord
from centernet_cli.datasets.formats import detect_format
from centernet_cli.datasets.formats.tally import Tally
from centernet_cli.datasets.formats.voc import fit_voc, read_voc, write_voc

SIZE = "<size><width>100</width><height>50</height><depth>3</depth></size>"
DOG = "<object><name>dog</name><bndbox><xmin>1</xmin><ymin>11</ymin><xmax>20</xmax><ymax>30</ymax></bndbox></object>"


def voc(name: str, *objects: str, size: str = SIZE) -> str:
    return f"<annotation><folder>x</folder><filename>{name}</filename>{size}{''.join(objects)}</annotation>"


def put(path: Path, content: str | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    if content is None:
        Image.new("1", (100, 50)).save(path, "PNG")
    else:
        path.write_text(content, encoding="utf-8")
    return path


def test_pixels_count_from_one_and_both_ends_are_inside(tmp_path: Path) -> None:
    put(tmp_path / "a.xml", voc("a.jpg", DOG))
    assert detect_format(tmp_path) == "voc"
    dataset = read_voc(tmp_path)
    assert dataset.classes == ("dog",)
    assert [item.box for item in dataset.pages[0].annotations] == [(0.0, 10.0, 20.0, 30.0)]


def test_pixel_zero_is_the_edge_of_the_page(tmp_path: Path) -> None:
    """Written by tools that count from 0; nothing reaches over the edge then."""
    put(tmp_path / "a.xml", voc("a.jpg", DOG.replace("<xmin>1<", "<xmin>0<")))
    tally = Tally()
    dataset = read_voc(tmp_path, tally=tally)
    assert [item.box for item in dataset.pages[0].annotations] == [(0.0, 10.0, 20.0, 30.0)]
    (note,) = tally.notes
    assert "pixel 0" in note


def test_boxes_that_begin_before_the_page_come_back_as_they_are_fitted(tmp_path: Path) -> None:
    info = PageInfo(source="a.jpg", width=100, height=50)
    boxes = tuple(Annotation(label="dog", box=(start, 1.0, 20.0, 30.0)) for start in (-2.0, -1.0, -0.4))
    dataset = Dataset(classes=("dog",), pages=(PageRecord(info=info, annotations=boxes),), root=tmp_path)
    write_voc(dataset, tmp_path)
    found = [item.box[0] for item in read_voc(tmp_path).pages[0].annotations]
    assert found == [item.box[0] for item in fit_voc(dataset, Tally()).pages[0].annotations] == [-2, 0, 0]


def test_the_folders_of_voc_itself(tmp_path: Path) -> None:
    put(tmp_path / "Annotations" / "2007_1.xml", voc("2007_1.jpg", DOG))
    put(tmp_path / "JPEGImages" / "2007_1.jpg")
    put(tmp_path / "ImageSets" / "Main" / "train.txt", "2007_1\n")
    for path in (tmp_path, tmp_path / "Annotations", tmp_path / "Annotations" / "2007_1.xml"):
        dataset = read_voc(path)
        assert dataset.root == tmp_path
        assert [page.info.source for page in dataset.pages] == ["JPEGImages/2007_1.jpg"]


@pytest.mark.parametrize("name", ["annotations", "xmls", "labels"])
def test_folders_of_other_names(tmp_path: Path, name: str) -> None:
    put(tmp_path / name / "train" / "a.xml", voc("a.jpg", DOG))
    put(tmp_path / "images" / "train" / "a.jpg")
    for path in (tmp_path, tmp_path / name):
        dataset = read_voc(path)
        assert dataset.root == tmp_path
        assert [page.info.source for page in dataset.pages] == ["images/train/a.jpg"]


@pytest.mark.parametrize("stated", ["a.png", "/home/me/a.png", "C:\\data\\a.png", "a", "other.png", ""])
def test_the_image_next_to_its_file(tmp_path: Path, stated: str) -> None:
    put(tmp_path / "x" / "a.xml", voc(stated, DOG, size="<size><width>0</width></size>"))
    put(tmp_path / "x" / "a.png")
    tally = Tally()
    (page,) = read_voc(tmp_path, tally=tally).pages
    assert page.info == PageInfo(source="x/a.png", width=100, height=50)
    assert tally.notes["size of the page taken from its image"] == 1


def test_what_objects_say_besides(tmp_path: Path) -> None:
    turned = "<robndbox><cx>50</cx><cy>25</cy><w>40</w><h>10</h><angle>1.5707963267948966</angle></robndbox>"
    objects = [
        DOG.replace("</name>", "</name><difficult>1</difficult><truncated>1</truncated><pose>Left</pose>"),
        DOG.replace("</name>", "</name><part><name>head</name></part><score>0.5</score>"),
        f"<object><name>\n  cat\n</name>{turned}</object>",
        DOG.replace("<xmin>1<", "<xmin>21<"),
        DOG.replace("<xmin>1<", "<xmin>120<").replace("<xmax>20<", "<xmax>130<"),
    ]
    put(tmp_path / "a.xml", voc("a.jpg", *objects))
    tally = Tally()
    dataset = read_voc(tmp_path, tally=tally)
    first, second, third = dataset.pages[0].annotations
    assert (first.crowd, second.score, third.label) == (False, 0.5, "cat")
    assert third.box == pytest.approx((45, 5, 55, 45))
    assert tally.total() == 5
    assert tally.total("dropped") == 2
    assert tally.notes == {
        "objects marked `difficult`, kept like others": 1,
        "objects marked `truncated`, kept like others": 1,
        "`part` of objects ignored": 1,
    }


@pytest.mark.parametrize(
    "points",
    [
        "<x1>2</x1><y1>11</y1><x2>20</x2><y2>12</y2><x3>9</x3><y3>30</y3>",
        "<pt><x>2</x><y>11</y></pt><pt><x>20</x><y>12</y></pt><pt><x>9</x><y>30</y></pt>",
    ],
)
def test_polygons_of_roboflow_and_labelme_online(tmp_path: Path, points: str) -> None:
    polygon = f"<polygon>{points}</polygon>"
    alone = f"<object><name>dog</name>{polygon}</object>"
    put(tmp_path / "a.xml", voc("a.jpg", DOG.replace("</object>", f"{polygon}</object>"), alone))
    first, second = read_voc(tmp_path).pages[0].annotations
    assert (first.box, second.box) == ((0, 10, 20, 30), (1, 10, 19, 29))
    assert first.polygon == second.polygon == ((1, 10), (19, 11), (8, 29))


@pytest.mark.parametrize(
    ("content", "code", "line"),
    [
        (voc("a.jpg", "\n<object><bndbox/></object>"), "D013", ":2"),
        (voc("a.jpg", "\n<object><name>x</name></object>"), "D008", ":2"),
        (voc("a.jpg", "\n\n" + DOG.replace("11", "x")), "D008", ":3"),
        (voc("a.jpg", "\n\n" + DOG.replace("11", "1e30")), "D008", ":3"),
        (voc("a.jpg", DOG.replace("</name>", "</name><score>2</score>")), "D012", ":1"),
        (voc("a.jpg", DOG, size="<size><width>1.5</width><height>3</height></size>"), "D007", ""),
        (voc("a.jpg", DOG, size=""), "D007", ""),
        (voc("a.jpg", DOG)[:-20], "X302", ":1:"),
        ('<!DOCTYPE a [<!ENTITY e "x">]>' + voc("&e;", DOG), "X301", ""),
        ("<page/>", "D001", ""),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, content: str, code: str, line: str) -> None:
    with pytest.raises(InputError, match=rf"a\.xml{line}.*: {code}"):
        read_voc(put(tmp_path / "a.xml", content))


def test_other_files_are_skipped_with_a_count(tmp_path: Path) -> None:
    put(tmp_path / "a.xml", voc("a.jpg", DOG))
    put(tmp_path / "b.xml", "<page/>")
    put(tmp_path / "._c.xml", "")
    tally = Tally()
    assert len(read_voc(tmp_path, tally=tally).pages) == 1
    assert tally.notes["XML files that are not VOC, skipped"] == 1


def test_links_out_of_the_folder_are_refused(tmp_path: Path) -> None:
    put(tmp_path / "secret.png")
    put(tmp_path / "data" / "a.xml", voc("a.png", DOG))
    (tmp_path / "data" / "a.png").symlink_to(tmp_path / "secret.png")
    with pytest.raises(InputError, match="X310"):
        read_voc(tmp_path / "data")


def test_writing(tmp_path: Path) -> None:
    annotations = (
        Annotation(label="<a>", box=(0.4, 9.6, 20, 30.5), score=0.25),
        Annotation(label="b", box=(5.1, 5.1, 5.2, 5.2), crowd=True),
        Annotation(label="b", box=(0, 0, 9, 9), polygon=((0, 0), (9, 0), (9, 9))),
    )
    page = PageRecord(info=PageInfo(source="x/a.png", width=100, height=50), annotations=annotations)
    tally = Tally()
    for annotation in annotations:
        tally.converted("shape", annotation.label, outline=annotation.polygon is not None)
    write_voc(Dataset(classes=("b", "<a>"), pages=(page,), root=tmp_path), tmp_path, tally=tally)
    text = (tmp_path / "Annotations/x/a.xml").read_text()
    assert "<name>&lt;a&gt;</name>" in text
    assert "<xmin>1</xmin><ymin>11</ymin><xmax>20</xmax><ymax>31</ymax>" in text
    assert "<folder>x</folder>" in text
    assert "<filename>a.png</filename>" in text
    assert tally.rows() == [("shape", "converted", "", 2), ("shape", "reduced", "to its box", 1)]
    assert tally.notes["boxes rounded to whole pixels"] == 2
    found = read_voc(tmp_path)
    assert [item.box for item in found.pages[0].annotations] == [(0, 10, 20, 31), (5, 5, 6, 6), (0, 0, 9, 9)]
    assert [item.crowd for item in found.pages[0].annotations] == [False, True, False]
    assert [item.score for item in found.pages[0].annotations] == [0.25, None, None]


def test_labels_that_xml_cannot_hold_are_changed_and_noted() -> None:
    annotations = tuple(Annotation(label=label, box=(0, 0, 9, 9)) for label in ("a\0", "\na\n", "a"))
    page = PageRecord(info=PageInfo(source="a.png", width=100, height=50), annotations=annotations)
    tally = Tally()
    fitted = fit_voc(Dataset(classes=("a",), pages=(page,), root=Path()), tally)
    assert [item.label for item in fitted.pages[0].annotations] == ["a\ufffd", "a", "a"]
    assert fitted.classes == ("a", "a\ufffd")
    assert tally.notes["labels with characters that the format cannot hold changed"] == 2
