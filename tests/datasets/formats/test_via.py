"""VIA 1 and 2, projects and exports."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from centernet_cli.core.errors import InputError
from centernet_cli.datasets.formats import detect_format
from centernet_cli.datasets.formats.tally import Tally
from centernet_cli.datasets.formats.via import read_via

RECT = {"name": "rect", "x": 10, "y": 5, "width": 30, "height": 20}


def region(shape: dict[str, Any], **attributes: object) -> dict[str, Any]:
    return {"shape_attributes": shape, "region_attributes": attributes}


def entry(name: str, *regions: dict[str, Any]) -> dict[str, Any]:
    return {"filename": name, "size": 123, "regions": list(regions), "file_attributes": {}}


def put(folder: Path, value: object) -> Path:
    path = folder / "via.json"
    path.write_text(json.dumps(value))
    if not (folder / "a.png").exists():
        Image.new("1", (100, 50)).save(folder / "a.png")
    return path


def test_both_versions_and_projects(tmp_path: Path) -> None:
    second = {"a.png123": entry("a.png", region(RECT, type="line"))}
    first = {"a.png123": {**entry("a.png"), "regions": {"0": region(RECT, type="line")}, "base64_img_data": ""}}
    project = {
        "_via_settings": {},
        "_via_img_metadata": second,
        "_via_attributes": {},
        "_via_image_id_list": ["a.png123"],
    }
    for value in (first, second, project):
        path = put(tmp_path, value)
        assert detect_format(path) == detect_format(tmp_path) == "via"
        dataset = read_via(path)
        (page,) = dataset.pages
        assert dataset.classes == ("line",)
        assert (page.info.source, page.info.width, page.info.height) == ("a.png", 100, 50)
        assert [item.box for item in page.annotations] == [(10, 5, 40, 25)]


HEADER = "filename,file_size,file_attributes,region_count,region_id,region_shape_attributes,region_attributes\n"


@pytest.mark.parametrize("mark", ["", "#"])
def test_exports_as_csv(tmp_path: Path, mark: str) -> None:
    Image.new("1", (100, 50)).save(tmp_path / "a.png")
    Image.new("1", (30, 20)).save(tmp_path / "b.png")
    cells = [json.dumps(value).replace('"', '""') for value in (RECT, {"type": "line"})]
    text = f'{mark}{HEADER}a.png,9,"{{}}",1,0,"{cells[0]}","{cells[1]}"\r\nb.png,7,"{{}}",0,0,"{{}}","{{}}"\r\n'
    (tmp_path / "via_export_csv.csv").write_text(text)
    assert detect_format(tmp_path) == detect_format(tmp_path / "via_export_csv.csv") == "via"
    first, second = read_via(tmp_path).pages
    assert [(item.label, item.box) for item in first.annotations] == [("line", (10, 5, 40, 25))]
    assert (second.info.source, second.annotations) == ("b.png", ())


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ('a.png,9,"{}",1,0,"{""name"":","{}"', "J4"),
        ('a.png,9,"{}",1,0,"[1]","{}"', "D002"),
        ('a.png,9,"{}"x,1,0,"{}","{}"', "D017"),
    ],
)
def test_what_is_wrong_in_csv_is_named_with_its_line(tmp_path: Path, row: str, code: str) -> None:
    (tmp_path / "a.csv").write_text(f"{HEADER}{row}\n")
    with pytest.raises(InputError, match=rf"a\.csv:2: {code}"):
        read_via(tmp_path / "a.csv")


@pytest.mark.parametrize(
    ("shape", "outcome", "box"),
    [
        (RECT, "converted", (10, 5, 40, 25)),
        ({"name": "polygon", "all_points_x": [1, 30, 1], "all_points_y": [2, 2, 20]}, "converted", (1, 2, 30, 20)),
        ({"name": "circle", "cx": 20, "cy": 20, "r": 5.5}, "reduced", (14.5, 14.5, 25.5, 25.5)),
        ({"name": "ellipse", "cx": 20, "cy": 20, "rx": 10, "ry": 5}, "reduced", (10, 15, 30, 25)),
        ({"name": "ellipse", "cx": 20, "cy": 20, "rx": 10, "ry": 5, "theta": math.pi / 2}, "reduced", (15, 10, 25, 30)),
        ({"name": "polyline", "all_points_x": [1, 2], "all_points_y": [1, 2]}, "dropped", None),
        ({"name": "point", "cx": 20, "cy": 20}, "dropped", None),
        ({"name": "star"}, "dropped", None),
        ({**RECT, "width": 0}, "dropped", None),
    ],
)
def test_shapes(tmp_path: Path, shape: dict[str, Any], outcome: str, box: tuple[float, ...] | None) -> None:
    tally = Tally()
    (page,) = read_via(put(tmp_path, {"k": entry("a.png", region(shape, label="x"))}), tally=tally).pages
    assert [row[1] for row in tally.rows()] == [outcome]
    assert [item.box for item in page.annotations] == ([] if box is None else [pytest.approx(box)])


@pytest.mark.parametrize(
    ("regions", "labels", "note"),
    [
        ([{"type": "x"}, {"type": {"y": True}}], ["x", "y"], None),
        (
            [{"type": {"z": True, "y": True, "a": False}}],
            ["y"],
            "several options of a class ticked, the first by name taken",
        ),
        (
            [{"text": "words", "type": "x"}, {"type": "y", "text": ""}],
            ["x", "y"],
            "classes taken from the attribute `type`; other attributes ignored",
        ),
        ([{"note": "n", "class": "x"}], ["x"], "classes taken from the attribute `class`; other attributes ignored"),
        ([{"b": "n", "a": "x"}], ["x"], "classes taken from the attribute `a`; other attributes ignored"),
        ([{"number": 3}], ["3"], None),
        ([{}, {"type": ""}], ["region", "region"], "regions without a class named `region`"),
    ],
)
def test_the_class_is_the_attribute_that_most_regions_have(
    tmp_path: Path, regions: list[dict[str, Any]], labels: list[str], note: str | None
) -> None:
    tally = Tally()
    found = read_via(put(tmp_path, {"k": entry("a.png", *(region(RECT, **item) for item in regions))}), tally=tally)
    assert [item.label for item in found.pages[0].annotations] == labels
    assert list(tally.notes) == ([] if note is None else [note])


@pytest.mark.parametrize(
    ("value", "code", "place"),
    [
        ({"k": {"filename": "a.png", "regions": [3]}}, "D002", "/k/regions/0"),
        ({"k": entry("a.png"), "l": {"filename": ""}}, "D002", "/l"),
        ({"k": entry("a.png", region({**RECT, "x": None}))}, "D008", "/k/regions/0"),
        (
            {"k": entry("a.png", region({"name": "polygon", "all_points_x": [1], "all_points_y": [2]}))},
            "D008",
            "/k/regions/0",
        ),
        ({"k": entry("a.png", region({"x": 1}))}, "D002", "/k/regions/0"),
        ({"k": entry("a.png", region({**RECT, "x": 1e10}))}, "D008", "/k/regions/0"),
        ({"k": entry("gone.png", region(RECT))}, "D007", "/k"),
        ({"k": entry("../a.png", region(RECT))}, "X310", "/k"),
        ({"k": entry("http://x/a.png", region(RECT))}, "X310", "/k"),
        ({"_via_img_metadata": []}, "D002", "/_via_img_metadata"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, value: object, code: str, place: str) -> None:
    with pytest.raises(InputError, match=f"{place}: ") as caught:
        read_via(put(tmp_path, value))
    assert caught.value.code == code


def test_version_3_and_other_json(tmp_path: Path) -> None:
    others: tuple[object, ...] = ({"project": {}, "metadata": {}, "view": {}, "file": {}}, [], {}, {"a": 1})
    for value in others:
        with pytest.raises(InputError, match="D001"):
            read_via(put(tmp_path, value))


def test_images_that_are_gone_matter_only_if_they_have_regions(tmp_path: Path) -> None:
    tally = Tally()
    assert len(read_via(put(tmp_path, {"k": entry("gone.png"), "l": entry("a.png")}), tally=tally).pages) == 1
    assert tally.notes["images without regions that cannot be read left out"] == 1


@pytest.mark.parametrize(
    ("core", "found"),
    [
        ({"default_filepath": "pics/"}, True),
        ({"default_filepath": "C:\\Users\\me\\pics\\"}, True),
        ({"default_filepath": "", "filepath": {"pics": 1}}, True),
        ({"default_filepath": "../outside/"}, False),
        ({"default_filepath": "/etc/"}, False),
        ({"default_filepath": 3, "filepath": ["pics"]}, False),
        ("pics", False),
    ],
)
def test_images_lie_where_the_project_says(tmp_path: Path, core: object, found: bool) -> None:
    folder = tmp_path / "project"
    for place in (folder / "pics", tmp_path / "outside"):
        place.mkdir(parents=True)
        Image.new("1", (100, 50)).save(place / "b.png")
    path = folder / "via.json"
    images = {"b.png1": entry("b.png", region(RECT, type="line"))}
    path.write_text(json.dumps({"_via_settings": {"core": core}, "_via_img_metadata": images}))
    if found:
        dataset = read_via(path)
        assert dataset.root == folder / "pics"
        assert dataset.pages[0].info.source == "b.png"
    else:
        with pytest.raises(InputError) as caught:
            read_via(path)
        assert caught.value.code == "D007"
