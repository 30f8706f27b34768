"""Labelme in all its versions and dialects, and the images that files mean."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from centernet_cli.core.errors import InputError, OutputError
from centernet_cli.core.records import Annotation, Dataset, PageInfo, PageRecord
from centernet_cli.datasets.formats import detect_format
from centernet_cli.datasets.formats.labelme import embedded_images, read_labelme, write_labelme
from centernet_cli.datasets.formats.tally import Tally


def shape(kind: str | None, points: object, **others: object) -> dict[str, object]:
    found: dict[str, object] = {"label": "text", "points": points, "group_id": None, "flags": {}, **others}
    return found if kind is None else {**found, "shape_type": kind}


def labelme(*shapes: object, **others: object) -> dict[str, object]:
    return {
        "version": "5.4.1",
        "flags": {},
        "shapes": list(shapes),
        "imagePath": "a.png",
        "imageData": None,
        "imageHeight": 50,
        "imageWidth": 100,
        **others,
    }


def write(path: Path, data: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(data))


def image(width: int = 100, height: int = 50, orientation: int = 1) -> bytes:
    file = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.new("L", (width, height)).save(file, "JPEG", exif=exif)
    return file.getvalue()


BOX = (10.0, 20.0, 30.0, 40.0)
CORNERS = [[10, 20], [30, 20], [30, 40], [10, 40]]


@pytest.mark.parametrize(
    ("kind", "points", "outcome", "box", "is_polygon"),
    [
        ("rectangle", [[10, 20], [30, 40]], "converted", BOX, False),
        ("rectangle", [[30, 40], [10, 20]], "converted", BOX, False),
        ("rectangle", [[30, 20], [10, 40]], "converted", BOX, False),
        ("rectangle", CORNERS, "converted", BOX, False),
        ("rectangle", CORNERS[2:] + CORNERS[:2], "converted", BOX, False),
        ("rectangle", [[20, 20], [30, 30], [20, 40], [10, 30]], "converted", BOX, True),
        ("polygon", CORNERS, "converted", BOX, True),
        (None, CORNERS, "converted", BOX, True),
        ("rotation", [[20, 20], [30, 30], [20, 40], [10, 30]], "converted", BOX, True),
        ("oriented_rectangle", [[20, 20], [30, 30], [20, 40], [10, 30]], "converted", BOX, True),
        ("quadrilateral", CORNERS, "converted", BOX, True),
        ("circle", [[20, 30], [26, 38]], "reduced", (10, 20, 30, 40), False),
        ("mask", [[10, 20], [29, 39]], "reduced", BOX, False),
        ("cuboid", CORNERS * 2, "reduced", BOX, False),
        ("point", [[10, 20]], "dropped", None, False),
        ("points", CORNERS, "dropped", None, False),
        ("line", [[10, 20], [30, 40]], "dropped", None, False),
        ("linestrip", CORNERS, "dropped", None, False),
        ("polygon", CORNERS[:2], "dropped", None, False),
        ("polygon", [], "dropped", None, False),
        ("rectangle", [[10, 20]], "dropped", None, False),
        ("rectangle", CORNERS[:3], "dropped", None, False),
        ("rectangle", [[10, 20], [10, 40]], "dropped", None, False),
        ("rectangle", [[100, 20], [130, 40]], "dropped", None, False),
        ("circle", CORNERS, "dropped", None, False),
        ("mask", [], "dropped", None, False),
        ("banana", CORNERS, "dropped", None, False),
    ],
)
def test_shapes(tmp_path: Path, kind: str | None, points: object, outcome: str, box: object, is_polygon: bool) -> None:
    write(tmp_path / "a.json", labelme(shape(kind, points, mask="x" if kind == "mask" else None)))
    tally = Tally()
    (page,) = read_labelme(tmp_path, tally=tally).pages
    assert [(row[0], row[1], row[3]) for row in tally.rows()] == [(kind or "polygon", outcome, 1)]
    if box is None:
        assert page.annotations == ()
        assert tally.rows()[0][2]
    else:
        assert [annotation.box for annotation in page.annotations] == [box]
        assert (page.annotations[0].polygon is not None) == is_polygon


def test_other_keys_are_ignored_with_counts_and_scores_kept(tmp_path: Path) -> None:
    anylabeling = shape(
        "rectangle", CORNERS, score=0.75, difficult=True, attributes={}, kie_linking=[], group_id=4, description="x"
    )
    flagged = shape("rotation", CORNERS, direction=1.5, flags={"blurred": True, "crowd": True, "no": False})
    write(tmp_path / "a.json", labelme(anylabeling, flagged, flags={"done": True}, lineColor=[0, 255, 0, 128]))
    tally = Tally()
    (page,) = read_labelme(tmp_path, tally=tally).pages
    assert [annotation.score for annotation in page.annotations] == [0.75, None]
    assert [annotation.crowd for annotation in page.annotations] == [False, True]
    assert tally.notes == {
        "`group_id` of shapes ignored": 1,
        "`description` of shapes ignored": 1,
        "`difficult` of shapes ignored": 1,
        "`direction` of shapes ignored": 1,
        "flags of shapes ignored": 1,
        "flags of pages ignored": 1,
        "`lineColor` of pages ignored": 1,
        "image not found where `imagePath` says": 1,
    }


def test_windows_paths_across_folders(tmp_path: Path) -> None:
    write(tmp_path / "ann" / "a.json", labelme(imagePath="..\\img\\x y.jpg"))
    (page,) = read_labelme(tmp_path).pages
    assert page.info.source == "img/x y.jpg"
    with pytest.raises(InputError, match=r"ann/a.json: X310 /imagePath: .*read the folder that holds both"):
        read_labelme(tmp_path / "ann")


@pytest.mark.parametrize("stated", ["..\\img\\b.jpg", "C:\\Users\\me\\b.jpg", "/home/me/b.jpg", "b.jpg", "old/b.jpg"])
def test_an_image_next_to_its_file_is_found(tmp_path: Path, stated: str) -> None:
    write(tmp_path / "a.json", labelme(imagePath=stated))
    (tmp_path / "b.jpg").write_bytes(b"")
    assert read_labelme(tmp_path).pages[0].info.source == "b.jpg"


@pytest.mark.parametrize("stated", ["C:\\me\\b.jpg", "c:/me/b.JPG", "/home/me/b.png", "\\\\server\\share\\b.tif"])
def test_of_paths_of_other_computers_the_last_part_counts(tmp_path: Path, stated: str) -> None:
    write(tmp_path / "sub" / "a.json", labelme(imagePath=stated))
    tally = Tally()
    assert read_labelme(tmp_path, tally=tally).pages[0].info.source == f"sub/{stated[-5:]}"
    assert tally.notes["image not found where `imagePath` says"] == 1


@pytest.mark.parametrize("stated", ["renamed.jpg", "", None])
def test_an_image_of_the_files_own_name_is_found(tmp_path: Path, stated: str | None) -> None:
    write(tmp_path / "sub" / "a.json", labelme(imagePath=stated))
    (tmp_path / "sub" / "a.JPG").write_bytes(b"")
    assert read_labelme(tmp_path).pages[0].info.source == "sub/a.JPG"


@pytest.mark.parametrize(
    "stated",
    [
        "../../etc/passwd",
        "..\\..\\x.png",
        "/etc/passwd",
        "file:///etc/passwd",
        "http://example.org/a.png",
        "a.png\0",
        "link.png",
        "folder/secret.png",
    ],
)
def test_images_outside_are_refused(tmp_path: Path, stated: str) -> None:
    root = tmp_path / "data"
    write(root / "a.json", labelme(imagePath=stated))
    (tmp_path / "secret.png").write_bytes(b"")
    (root / "link.png").symlink_to("../secret.png")
    (root / "folder").symlink_to("..")
    with pytest.raises(InputError, match="X310"):
        read_labelme(root)


@pytest.mark.parametrize("orientation", [1, 6])
@pytest.mark.parametrize("embedded", [False, True])
@pytest.mark.parametrize("missing", [{"imageHeight": None}, {"imageWidth": "100"}, {"imageHeight": 0}])
def test_the_size_can_come_from_the_image(
    tmp_path: Path, missing: dict[str, object], embedded: bool, orientation: int
) -> None:
    content = image(orientation=orientation)
    data = labelme(imagePath="a.jpg", **missing)
    if embedded:
        data["imageData"] = base64.b64encode(content).decode()
    else:
        (tmp_path / "a.jpg").write_bytes(content)
    write(tmp_path / "a.json", data)
    info = read_labelme(tmp_path).pages[0].info
    assert (info.width, info.height) == ((100, 50) if orientation == 1 else (50, 100))
    if embedded:
        assert list(embedded_images(tmp_path)) == [("a.jpg", content)]


@pytest.mark.parametrize(
    ("data", "code", "place"),
    [
        (labelme(imageHeight=None), "D007", ""),
        (labelme(imageHeight=None, imageData="!!"), "D007", ""),
        (labelme(imagePath=None), "D002", "/imagePath"),
        ({**labelme(), "shapes": {}}, "D002", "/shapes"),
        (labelme(5), "D002", "/shapes/0"),
        (labelme(shape("polygon", CORNERS), shape("polygon", CORNERS, label=3)), "D013", "/shapes/1"),
        (labelme({**shape("polygon", CORNERS), "shape_type": [1]}), "D002", "/shapes/0"),
        (labelme(shape("polygon", [[1, 2, 3]] * 3)), "D008", "/shapes/0"),
        (labelme(shape("polygon", [[1, "2"]] * 3)), "D008", "/shapes/0"),
        (labelme(shape("polygon", [[1, 1e300]] * 3)), "D008", "/shapes/0"),
        (labelme(shape("polygon", None)), "D008", "/shapes/0"),
        (labelme(shape("polygon", CORNERS, score=7)), "D012", "/shapes/0"),
        (labelme(page_info={"page": 0}), "D002", "/page_info"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, data: object, code: str, place: str) -> None:
    write(tmp_path / "a.json", data)
    with pytest.raises(InputError, match=f"a.json: {code} {place}"):
        read_labelme(tmp_path)


def test_problems_of_all_files_are_listed_and_others_skipped(tmp_path: Path) -> None:
    write(tmp_path / "a.json", labelme(5))
    (tmp_path / "b.json").write_text('{"shapes": [')
    write(tmp_path / "c.json", {"something": "else"})
    (tmp_path / "._d.json").write_bytes(b"\0\0")
    with pytest.raises(InputError) as caught:
        read_labelme(tmp_path)
    first, second = caught.value.lines()
    assert "a.json: D002 /shapes/0" in first
    assert "b.json:1:13: J404" in second


def test_pages_and_classes_are_sorted_and_doubles_noted(tmp_path: Path) -> None:
    write(tmp_path / "b.json", labelme(shape("polygon", CORNERS, label="z")))
    write(tmp_path / "a.json", labelme(shape("polygon", CORNERS, label="b")))
    write(tmp_path / "sub" / "c.json", labelme(imagePath="c.png"))
    write(tmp_path / "list.json", [1])
    tally = Tally()
    dataset = read_labelme(tmp_path, tally=tally)
    assert dataset.classes == ("b", "z")
    assert [page.info.source for page in dataset.pages] == ["a.png", "a.png", "sub/c.png"]
    assert tally.notes["image annotated by several files, kept as pages of their own"] == 1
    assert tally.notes["JSON files that are not labelme, skipped"] == 1
    assert detect_format(tmp_path) == "labelme"


def test_one_file_alone(tmp_path: Path) -> None:
    write(tmp_path / "a.json", labelme())
    write(tmp_path / "b.json", {"x": 1})
    assert len(read_labelme(tmp_path / "a.json").pages) == 1
    with pytest.raises(InputError, match="D001 not a labelme file"):
        read_labelme(tmp_path / "b.json")
    (tmp_path / "a.json").unlink()
    with pytest.raises(InputError, match="D001 no labelme file"):
        read_labelme(tmp_path)


def page(source: str, **others: Any) -> PageRecord:
    return PageRecord(info=PageInfo(source=source, width=100, height=50, **others))


def test_names_of_files(tmp_path: Path) -> None:
    pages = (page("a/b.png"), page("a/b.jpg"), page("a/b.png"), page("c.pdf", page=3), page("x" * 240 + ".png"))
    write_labelme(Dataset(classes=(), pages=pages, root=Path()), tmp_path / "out")
    names = sorted(path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.json"))
    assert names == ["a/b.jpg.json", "a/b.json", "a/b.png.json", "c-p003.json", "x" * 200 + ".json"]
    assert json.loads((tmp_path / "out/a/b.jpg.json").read_text())["imagePath"] == "b.jpg"


def test_predictions_point_to_their_images(tmp_path: Path) -> None:
    source = str(tmp_path / "scans" / "a.png")
    write_labelme(Dataset(classes=(), pages=(page(source),)), tmp_path / "out")
    assert json.loads((tmp_path / "out" / "a.json").read_text())["imagePath"] == "../scans/a.png"


def test_a_polygon_replaces_a_box_that_differs(tmp_path: Path) -> None:
    annotation = Annotation(label="x", box=(0, 0, 40, 40), polygon=((1, 1), (20, 1), (20, 20)))
    record = PageRecord(info=PageInfo(source="a.png", width=50, height=50), annotations=(annotation,))
    tally = Tally()
    write_labelme(Dataset(classes=("x",), pages=(record,), root=tmp_path), tmp_path, tally=tally)
    assert tally.notes == {"boxes that differ from their polygon's replaced by it": 1}


def test_all_files_or_none(tmp_path: Path) -> None:
    (tmp_path / "b.json").mkdir()
    with pytest.raises(OutputError, match="O801"):
        write_labelme(Dataset(classes=(), pages=(page("a.png"), page("b.png")), root=tmp_path), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["b.json"]


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 10**400) | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
    max_leaves=5,
)
PAGE_KEYS = ["shapes", "imagePath", "imageData", "imageHeight", "imageWidth", "flags", "group", "page_info"]
SHAPE_KEYS = ["label", "points", "shape_type", "score", "flags", "group_id", "mask"]


@given(st.sampled_from(PAGE_KEYS + SHAPE_KEYS), JSON_VALUES)
@settings(deadline=None)
def test_any_value_anywhere_gives_a_dataset_or_an_input_error(
    tmp_path_factory: pytest.TempPathFactory, key: str, value: object
) -> None:
    drawn = shape("circle", [[1, 2], [3, 4]])
    data = labelme({**drawn, key: value} if key in SHAPE_KEYS else drawn)
    folder = tmp_path_factory.getbasetemp() / "any"
    write(folder / "a.json", data if key in SHAPE_KEYS else {**data, key: value})
    try:
        dataset = read_labelme(folder)
    except InputError as error:
        assert all(len(line) < 1000 for line in error.lines())  # noqa: PT017 (either outcome is right)
    else:
        assert len(dataset.pages) == 1
