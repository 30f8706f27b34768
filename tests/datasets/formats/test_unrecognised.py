"""What users are told when no format is recognised."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from centernet_cli.core.errors import InputError
from centernet_cli.datasets.formats import detect_format

COCO = json.dumps({"images": [], "annotations": [], "categories": []})


def told(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        detect_format(path)
    assert caught.value.code == "D031"
    return str(caught.value)


@pytest.mark.parametrize("place", ["", "annotations"])
def test_the_files_of_a_folder_are_named(tmp_path: Path, place: str) -> None:
    folder = tmp_path / place
    folder.mkdir(exist_ok=True)
    for name in ("train.json", "val.json"):
        (folder / name).write_text(COCO)
    names = ", ".join(str(Path(place) / name) + " (coco)" for name in ("train.json", "val.json"))
    assert told(tmp_path).endswith(f"(name the files to read: {names})")


def test_the_only_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "annotations").mkdir()
    (tmp_path / "annotations" / "boxes.csv").write_text("image,label,x0,y0,x1,y1\n")
    assert "(name the file to read: annotations" in told(tmp_path)


def test_of_many_files_a_few_are_named(tmp_path: Path) -> None:
    for number in range(30):
        (tmp_path / f"{number:02}.json").write_text(COCO)
    assert told(tmp_path).endswith("04.json (coco), …)")


def test_damaged_json_is_told_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "annotations.json").write_text(COCO.replace("[]", "[NaN]", 1))
    for path in (tmp_path, tmp_path / "annotations.json"):
        with pytest.raises(InputError) as caught:
            detect_format(path)
        assert str(caught.value).startswith(f"{tmp_path / 'annotations.json'}:1:13: J406 NaN")


@pytest.mark.parametrize("place", ["", "annotations", "Annotations"])
@pytest.mark.parametrize(
    ("text", "code"),
    [
        (
            '<!DOCTYPE annotation [<!ENTITY a SYSTEM "file:///etc/passwd">]><annotation><object/>&a;</annotation>',
            "X301",
        ),
        ("<thing><object>", "X302"),
    ],
)
def test_damaged_xml_is_told_with_its_place(tmp_path: Path, place: str, text: str, code: str) -> None:
    folder = tmp_path / place
    folder.mkdir(exist_ok=True)
    (folder / "a.xml").write_text(text)
    for path in (tmp_path, folder / "a.xml"):
        with pytest.raises(InputError) as caught:
            detect_format(path)
        assert (caught.value.code, caught.value.path) == (code, str(folder / "a.xml"))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("train: images\nnames: [a]\nnames: [b]\n", "R304"),
        ("train: ../../etc\nval: /etc\nnames: [a]\n", "D016"),
        ("train: images\nnames: [null]\n", "D013"),
    ],
)
def test_a_wrong_description_of_yolo_is_told(tmp_path: Path, text: str, code: str) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "data.yaml").write_text(text)
    for path in (tmp_path, tmp_path / "data.yaml"):
        with pytest.raises(InputError) as caught:
            detect_format(path)
        assert (caught.value.code, caught.value.path) == (code, str(tmp_path / "data.yaml"))


def test_zip_files_are_for_other_commands(tmp_path: Path) -> None:
    """`train` and `evaluate` come here with one, `convert` unpacks it before."""
    path = tmp_path / "my scans.zip"
    path.write_bytes(b"PK\5\6" + bytes(18))
    assert f"convert auto coco '{path}' --out DIR --images copy" in told(path)


def test_a_table_without_a_header(tmp_path: Path) -> None:
    (tmp_path / "boxes.csv").write_text("1,2,3\n")
    assert "a table needs a header" in told(tmp_path / "boxes.csv")


def test_of_several_formats_a_file_each_is_named(tmp_path: Path) -> None:
    (tmp_path / "boxes.csv").write_text("image,label,x0,y0,x1,y1\n")
    (tmp_path / "boxes.jsonl").write_text('{"file_name": "a.png", "annotations": []}\n')
    with pytest.raises(InputError) as caught:
        detect_format(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path}: D032 holds several formats: csv, jsonl "
        "(name the format to read, or a file: boxes.csv (csv), boxes.jsonl (jsonl))"
    )


def test_images_alone(tmp_path: Path) -> None:
    assert told(tmp_path).endswith("(the folder is empty)")
    (tmp_path / "below").mkdir()
    for name in ("a.png", "below/b.JPG"):
        (tmp_path / name).touch()
    assert "(no annotations, but images: 2; `centernet predict`" in told(tmp_path)
    assert "(an image; `centernet predict`" in told(tmp_path / "a.png")


def test_nothing_known(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    assert "formats: coco, labelme, " in told(tmp_path)
    assert told(tmp_path / "gone").endswith("no such file or folder")


def test_folders_that_are_datasets_are_named(tmp_path: Path) -> None:
    for name in ("data", "more data"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "boxes.csv").write_text("image,label,x0,y0,x1,y1\n")
    (tmp_path / "data" / "a.png").write_bytes(b"")
    assert told(tmp_path).endswith("in folders below (name the one to read, or several: data (csv), 'more data' (csv))")
