"""Pascal VOC as VOC, LabelImg and others write it."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from centernet_cli.cli import main
from centernet_cli.core.errors import InputError
from centernet_cli.core.records import Annotation, Dataset, PageInfo, PageRecord
from centernet_cli.datasets.formats import FORMATS, detect_format, read_dataset
from centernet_cli.datasets.formats.tally import Tally
from centernet_cli.datasets.formats.voc import read_voc
from centernet_cli.datasets.formats.voc_write import fit_voc, write_voc

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


def sides(*values: float) -> str:
    box = "".join(
        f"<{name}>{value}</{name}>" for name, value in zip(("xmin", "ymin", "xmax", "ymax"), values, strict=True)
    )
    return f"<object><name>dog</name><bndbox>{box}</bndbox></object>"


@pytest.mark.parametrize(
    ("boxes", "first", "note"),
    [
        ([(5, 11, 20, 30)], (4, 10, 20, 30), ""),
        # One that begins at the edge tells of all, in other files too.
        ([(5, 11, 20, 30), (0, 11, 20, 30)], (5, 11, 20, 30), "boxes begin at 0"),
        ([(5, 11, 20, 30), (0, 11, 20, 30), (9, 0, 20, 30), (1, 5, 9, 9)], (5, 11, 20, 30), "boxes begin at 0"),
        # Where more begin at 1, it is 0 that is odd.
        ([(5, 11, 20, 30), (0, 11, 20, 30), (1, 1, 20, 30)], (4, 10, 20, 30), "begin at the edge of the page"),
        # No pixel has a number with a fraction.
        ([(5.5, 11.25, 20, 30), (1, 11.5, 20, 30), (7, 9, 20, 30)], (5.5, 11.25, 20, 30), "have fractions"),
        ([(5, 11, 20, 30), (1, 11.5, 20, 30)], (4, 10, 20, 30), ""),
    ],
)
def test_which_pixel_is_the_first(
    tmp_path: Path, boxes: list[tuple[float, ...]], first: tuple[float, ...], note: str
) -> None:
    for number, box in enumerate(boxes):
        put(tmp_path / f"{number}.xml", voc("a.jpg", sides(*box)))
    tally = Tally()
    assert read_voc(tmp_path, tally=tally).pages[0].annotations[0].box == first
    assert [text for text in tally.notes if "image" not in text] == [
        text for text in tally.notes if note and note in text
    ]
    assert not note or any(note in text for text in tally.notes)
    for name, origin in (("voc_from_0", 0), ("voc_from_1", 1)):
        x0, y0, x1, y1 = boxes[0]
        assert read_dataset(tmp_path, name).pages[0].annotations[0].box == (x0 - origin, y0 - origin, x1, y1)


def test_pixels_counted_from_zero_are_written(tmp_path: Path) -> None:
    page = PageRecord(
        info=PageInfo(source="a.png", width=100, height=50), annotations=(Annotation(label="a", box=(5, 10, 20, 30)),)
    )
    FORMATS["voc_from_0"].write(Dataset(classes=("a",), pages=(page,), root=tmp_path), tmp_path)
    text = (tmp_path / "Annotations/a.xml").read_text()
    assert "<xmin>5</xmin><ymin>10</ymin><xmax>20</xmax><ymax>30</ymax>" in text


def test_what_was_deleted_is_no_finding(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(tmp_path / "a.xml", voc("a.jpg", DOG, DOG.replace("<object>", "<object><deleted>1</deleted>")))
    put(tmp_path / "a.jpg")
    assert main(["data", "check", str(tmp_path), "--strict"]) == 0
    assert "D026" not in capsys.readouterr().out


def test_the_online_labelme(tmp_path: Path) -> None:
    """Sizes in `imagesize`, folders of collections, points instead of pixels, masks, and what was deleted."""
    put(tmp_path / "Images" / "x" / "a.jpg")
    box, triangle = (
        "<polygon><username>u</username>" + "".join(f"<pt><x>{x}</x><y>{y}</y></pt>" for x, y in points) + "</polygon>"
        for points in (((10, 20), (40, 20), (40, 45), (10, 45)), ((10, 20), (40, 20), (40, 45)))
    )
    mask = "<segm><box><xmin>5</xmin><ymin>6</ymin><xmax>25</xmax><ymax>26</ymax></box><mask>m.png</mask></segm>"
    about = "<deleted>{}</deleted><verified>0</verified><occluded>no</occluded><attributes/><parts><hasparts/></parts>"
    content = "".join(
        f"<object><name>{name}</name>{about.format(int(name == 'gone'))}<id>1</id>{shape}</object>"
        for name, shape in (("box", box), ("triangle", triangle), ("gone", triangle), ("mask", mask))
    )
    size = "<imagesize><nrows>50</nrows><ncols>100</ncols></imagesize>"
    put(tmp_path / "Annotations" / "x" / "a.xml", voc("a.jpg", content, size=size))
    tally = Tally()
    (page,) = read_dataset(tmp_path, tally=tally).pages
    assert page.info == PageInfo(source="Images/x/a.jpg", width=100, height=50)
    assert [(item.label, item.box, item.polygon is None) for item in page.annotations] == [
        ("box", (10, 20, 40, 45), True),
        ("triangle", (10, 20, 40, 45), False),
        ("mask", (5, 6, 25, 26), True),
    ]
    assert tally.rows() == [
        ("box", "converted", "", 1),
        ("mask", "reduced", "to its box", 1),
        ("polygon", "converted", "", 1),
        ("polygon", "dropped", "is marked as deleted", 1),
    ]
    assert not tally.notes


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
