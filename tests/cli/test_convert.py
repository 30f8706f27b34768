"""`centernet convert` as people type it: output in its place, everything accounted for, inputs never touched."""

from __future__ import annotations

import base64
import gc
import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from centernet_cli.cli import console, main, watch
from centernet_cli.datasets.formats import FORMATS

CORNERS = [[10, 20], [30, 20], [30, 40], [10, 40]]


def png() -> bytes:
    file = io.BytesIO()
    Image.new("L", (100, 50)).save(file, "PNG")
    return file.getvalue()


def labelme(name: str, *kinds: str, **others: object) -> dict[str, object]:
    shapes = [
        {"label": kind, "points": CORNERS[::2] if kind in {"rectangle", "circle"} else CORNERS, "shape_type": kind}
        for kind in kinds
    ]
    return {
        "version": "5.4.1",
        "flags": {},
        "shapes": shapes,
        "imagePath": name,
        "imageData": None,
        "imageHeight": 100,
        "imageWidth": 100,
        **others,
    }


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A labelme folder to stand in: two pages, the second without its image but with `imageData`."""
    data = tmp_path / "data"
    data.mkdir()
    (data / "b.png").write_bytes(png())
    (data / "b.json").write_text(json.dumps(labelme("b.png", "rectangle", "polygon", "circle", "point")))
    embedded = base64.b64encode(png()).decode()
    (data / "a.json").write_text(json.dumps(labelme(".\\img\\a.png", "rectangle", imageData=embedded)))
    monkeypatch.chdir(data)
    return data


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def load(path: str) -> Any:
    return json.loads(Path(path).read_text())


def test_as_typed_in_a_labelme_folder(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = files(folder)
    assert main(["convert", "labelme", "coco"]) == 0
    after = files(folder)
    data = json.loads(after.pop("annotations.json"))
    assert after == before
    assert [image["file_name"] for image in data["images"]] == ["img/a.png", "b.png"]
    assert [category["name"] for category in data["categories"]] == ["circle", "polygon", "rectangle"]
    assert [item["category_id"] for item in data["annotations"]] == [3, 3, 2, 1]
    shown = capsys.readouterr()
    assert shown.out == ""
    assert [line.split(maxsplit=3) for line in shown.err.splitlines()[:5]] == [
        ["shape", "outcome", "count", "why"],
        ["circle", "reduced", "1", "to its box"],
        ["point", "dropped", "1", "encloses no area"],
        ["polygon", "converted", "1"],
        ["rectangle", "converted", "2"],
    ]
    assert "5 shapes (3 converted, 1 reduced, 1 dropped), 3 classes: annotations.json" in shown.err


def test_nothing_is_overwritten_unless_forced_and_inputs_never(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "annotations.json").write_text("{}")
    before = files(folder)
    assert main(["convert", "labelme", "coco"]) == 8
    assert "annotations.json: O803 exists already" in capsys.readouterr().err
    for out in ["b.json", "./b.json", str(folder / "b.json")]:
        assert main(["convert", "labelme", "coco", "--force", "--out", out]) == 8
        assert "O802" in capsys.readouterr().err
    assert main(["convert", "labelme", "labelme", "--force", "--out", "."]) == 8
    assert "O802" in capsys.readouterr().err
    assert files(folder) == before
    assert main(["convert", "labelme", "coco", "--force"]) == 0
    assert len(load("annotations.json")["images"]) == 2
    assert main(["convert", "coco", "coco"]) == 8
    assert "O802" in capsys.readouterr().err


@pytest.mark.usefixtures("folder")
def test_auto_and_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["convert", "auto", "coco", "--json", "--out", "x/boxes.json", "-q"]) == 0
    shown = capsys.readouterr()
    assert shown.err == ""
    account = json.loads(shown.out)
    assert account["from"] == "labelme"
    assert sum(row["count"] for row in account["shapes"]) == 5
    assert account["pages"] == 2
    assert account["annotations"] == 4
    assert len(load("x/boxes.json")["annotations"]) == 4
    assert main(["convert", "auto", "labelme", "x/boxes.json", "--out", "y"]) == 0
    assert main(["convert", "labelme", "coco"]) == 0
    assert main(["convert", "auto", "labelme"]) == 4
    assert "D032 holds several formats: coco, labelme" in capsys.readouterr().err
    assert main(["convert", "auto", "coco", "nowhere"]) == 4
    assert "D031 no such file" in capsys.readouterr().err


def test_names_in_the_output_lead_to_the_images(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder.parent)
    assert main(["convert", "labelme", "coco", "data"]) == 0
    assert [image["file_name"] for image in load("annotations.json")["images"]] == ["data/img/a.png", "data/b.png"]
    assert "warning" not in capsys.readouterr().err
    assert main(["convert", "labelme", "coco", "data", "--out", "else/where/"]) == 0
    assert [image["file_name"] for image in load("else/where/annotations.json")["images"]] == ["img/a.png", "b.png"]
    assert "--images copy or link" in capsys.readouterr().err


@pytest.mark.parametrize("images", ["copy", "link"])
def test_images_come_along(folder: Path, images: str, capsys: pytest.CaptureFixture[str]) -> None:
    out = folder.parent / "out"
    assert main(["convert", "labelme", "coco", "--out", f"{out}/", "--images", images]) == 0
    assert sorted(files(out)) == ["annotations.json", "b.png", "img/a.png"]
    assert (out / "img" / "a.png").read_bytes() == (out / "b.png").read_bytes() == png()
    assert (out / "b.png").samefile(folder / "b.png") == (images == "link")
    assert main(["convert", "coco", "labelme", str(out), "--out", "back", "--images", images]) == 0
    assert sorted(files(folder / "back")) == ["b.json", "b.png", "img/a.json", "img/a.png"]
    assert main(["convert", "labelme", "coco", "back", "--out", "again.json"]) == 0
    again, first = load("again.json"), load(str(out / "annotations.json"))
    assert sorted(item["bbox"] for item in again["annotations"]) == sorted(
        item["bbox"] for item in first["annotations"]
    )
    (folder / "b.png").unlink()
    capsys.readouterr()
    assert main(["convert", "labelme", "coco", "b.json", "--out", "new/", "--images", images]) == 4
    assert "b.png: D016 image is missing" in capsys.readouterr().err
    assert not (folder / "new").exists()


def test_labelme_files_may_go_next_to_their_images(folder: Path) -> None:
    assert main(["convert", "labelme", "coco"]) == 0
    for name in ["a.json", "b.json"]:
        (folder / name).unlink()
    assert main(["convert", "coco", "labelme", "--out", "."]) == 0
    assert sorted(files(folder)) == ["annotations.json", "b.json", "b.png", "img/a.json"]
    assert load("b.json")["imagePath"] == "b.png"
    assert main(["convert", "coco", "labelme", "--out", "img"]) == 8  # not empty


def test_dry_run_and_strict_write_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = files(folder)
    assert main(["convert", "labelme", "coco", "--dry-run"]) == 0
    assert "labelme would go coco" in capsys.readouterr().err
    assert main(["convert", "labelme", "coco", "--strict"]) == 4
    shown = capsys.readouterr().err
    assert "D033 1 shape would be reduced and 1 dropped" in shown
    assert "encloses no area" in shown
    assert files(folder) == before


def test_class_map(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "map.yaml").write_text("rectangle: box\npolygon: box\ncircle: ''\nbanana: x\n")
    assert main(["convert", "labelme", "coco", "--class-map", "map.yaml", "--json"]) == 0
    shown = capsys.readouterr()
    assert "no class 'banana' here" in shown.err
    assert json.loads(shown.out)["classes"] == ["box"]
    assert [category["name"] for category in load("annotations.json")["categories"]] == ["box"]
    assert main(["convert", "labelme", "coco", "--class-map", "missing.yaml"]) == 2


def test_bad_input_is_reported_whole_and_nothing_written(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "c.json").write_text('{"shapes": [], "imagePath": "c.png",\n "shapes": []}')
    (folder / "d.json").write_text(json.dumps(labelme("../../etc/passwd", "point")))
    before = files(folder)
    assert main(["convert", "labelme", "coco", "--out", "new/x.json"]) == 4
    shown = capsys.readouterr().err
    assert "c.json:2:2: J405" in shown
    assert "d.json: X310" in shown
    assert files(folder) == before


def test_empty_datasets(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    empty: dict[str, list[object]] = {"images": [], "annotations": [], "categories": []}
    (tmp_path / "annotations.json").write_text(json.dumps(empty))
    assert main(["convert", "coco", "labelme"]) == 4
    assert "D030 the dataset has no pages" in capsys.readouterr().err
    empty["images"] = [{"id": 1, "file_name": "a.png", "width": 5, "height": 5}]
    (tmp_path / "annotations.json").write_text(json.dumps(empty))
    assert main(["convert", "coco", "labelme"]) == 0
    assert "warning: no annotations" in capsys.readouterr().err
    assert load("labelme/a.json")["shapes"] == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["labelm", "coco"], "did you mean 'labelme'"),
        (["labelme", "yolo9"], "U301 unknown format 'yolo9'"),
        (["labelme", "auto"], "U301"),
        (["labelme"], "U201"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_usage(words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["convert", *words]) == 2
    assert message in capsys.readouterr().err


def test_predictions_have_no_images_to_copy(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["convert", "labelme", "coco"]) == 0
    data = load("annotations.json")
    for image in data["images"]:
        image |= {"source": "/anywhere/x.png", "status": "ok"}
    (folder / "boxes.json").write_text(json.dumps(data))
    assert main(["convert", "coco", "labelme", "boxes.json", "--images", "copy"]) == 2
    assert "U302" in capsys.readouterr().err
    assert main(["convert", "coco", "labelme", "boxes.json"]) == 0
    assert sorted(files(folder / "labelme")) == ["x.json", "x.png.json"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.usefixtures("folder")
def test_a_full_disk(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["convert", "labelme", "coco", "--out", "/dev/full"]) == 8
    assert "/dev/full: O801" in capsys.readouterr().err


def test_formats_are_light() -> None:
    heavy = ["torch", "torchvision", "cv2", "pycocotools", "numpy", "shapely"]
    code = (
        "import sys, centernet_cli.datasets.conversion, centernet_cli.datasets.class_map, centernet_cli.cli.convert;"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_several_sources(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = folder.parent / "other"
    other.mkdir()
    (other / "b.png").write_bytes(png())
    (other / "b.json").write_text(json.dumps(labelme("b.png", "polygon", "rectangle")))
    out = folder.parent / "both.json"
    assert main(["convert", "auto", "coco", str(folder), str(other), "--out", str(out), "--json"]) == 0
    account = json.loads(capsys.readouterr().out)
    assert sum(row["count"] for row in account["shapes"]) == 7
    data = load(str(out))
    assert [image["file_name"] for image in data["images"]] == ["data/img/a.png", "data/b.png", "other/b.png"]
    assert [category["name"] for category in data["categories"]] == ["circle", "polygon", "rectangle"]
    assert main(["convert", "auto", "coco", str(folder), str(folder / "b.json"), "--out", str(out), "--force"]) == 4
    assert "D018 image 'b.png' is also in" in capsys.readouterr().err


def test_a_zip_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = folder.parent / "data.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ["b.json", "b.png"]:
            archive.write(folder / name, f"data/{name}")
    out = folder.parent / "unzipped"
    assert main(["convert", "auto", "yolo", str(path), "--out", str(out), "--images", "copy"]) == 0
    assert sorted(files(out)) == ["data.yaml", "images/b.png", "labels/b.txt"]
    assert main(["convert", "labelme", "coco", str(path), "--out", str(path), "--force"]) == 8
    assert "O802" in capsys.readouterr().err
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("../evil.txt", "x")
    assert main(["convert", "auto", "yolo", str(path), "--out", str(out), "--force"]) == 4
    assert f"{path}: Z601" in capsys.readouterr().err


@pytest.mark.usefixtures("folder")
def test_losses_of_writing_are_in_the_account_also_of_a_dry_run(capsys: pytest.CaptureFixture[str]) -> None:
    (Path("map.yaml")).write_text("rectangle: thing\npolygon: thing\n")
    for words in (["--dry-run"], []):
        assert main(["convert", "labelme", "yolo", "--class-map", "map.yaml", *words, "--json"]) == 0
        rows = {(row["shape"], row["outcome"]): row["count"] for row in json.loads(capsys.readouterr().out)["shapes"]}
        assert rows == {
            ("circle", "reduced"): 1,
            ("point", "dropped"): 1,
            ("polygon", "reduced"): 1,
            ("rectangle", "converted"): 2,
        }
    assert main(["convert", "coco", "yolo", "--strict", "--out", "x"]) == 4
    Path("a.json").unlink()
    Path("b.json").write_text(json.dumps(labelme("b.png", "polygon")))
    assert main(["convert", "labelme", "yolo", "--strict", "--out", "x"]) == 4
    assert "D033 1 shape would be reduced and 0 dropped" in capsys.readouterr().err
    assert not Path("x").exists()
    assert main(["convert", "labelme", "yolo-segment", "--strict", "--out", "x"]) == 0


def test_the_order_of_classes_survives(folder: Path) -> None:
    names = ["z", "a", "m"]
    source = folder / "source"
    (source / "images").mkdir(parents=True)
    (source / "labels").mkdir()
    (source / "images" / "b.png").write_bytes(png())
    (source / "labels" / "b.txt").write_text("2 .5 .5 .1 .1\n0 .2 .2 .1 .1\n")
    (source / "data.yaml").write_text(f"train: images\nval: images\nnames: {names}\n")
    assert main(["convert", "yolo", "coco", "source", "--out", "c.json"]) == 0
    assert [category["name"] for category in load("c.json")["categories"]] == names
    assert main(["convert", "coco", "yolo", "c.json", "--out", "again"]) == 0
    labels = (folder / "again" / "source" / "labels" / "b.txt").read_text().split()
    assert [labels[0], labels[5]] == ["2", "0"]
    assert (folder / "again" / "data.yaml").read_text().splitlines()[-3:] == ['  0: "z"', '  1: "a"', '  2: "m"']


def test_yolo_next_to_its_images(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "images").mkdir()
    (folder / "images" / "b.png").write_bytes(png())
    (folder / "images" / "b.json").write_text(json.dumps(labelme("b.png", "rectangle")))
    assert main(["convert", "labelme", "yolo", "images", "--out", "."]) == 0
    assert "warning" not in capsys.readouterr().err
    assert (folder / "labels" / "b.txt").is_file()
    assert main(["convert", "labelme", "yolo", "images", "--out", "elsewhere"]) == 0
    assert "the images are not where the output says" in capsys.readouterr().err


@pytest.mark.usefixtures("folder")
def test_levels(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["convert", "labelme", "coco", "--level", "line"]) == 2
    assert "U304 labelme has no level 'line'" in capsys.readouterr().err


def test_every_format_is_in_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["convert", "--help"]) == 0
    shown = capsys.readouterr().out
    assert [name for name in FORMATS if name not in shown] == []


def test_long_work_shows_progress(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(watch, "_PATIENCE", -1.0)
    monkeypatch.setattr(console, "PLAIN_SECONDS", 0.0)
    assert main(["convert", "labelme", "yolo", "--out", "x"]) == 0
    shown = capsys.readouterr().err
    assert "reading: 2/2 items" in shown
    assert "writing: 3/3 items" in shown
    assert gc.isenabled()


def test_a_level_is_for_the_sources_that_have_levels(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "page").mkdir()
    coords = '<Coords points="1,1 50,1 50,20 1,20"/>'
    (tmp_path / "page" / "x.xml").write_text(
        '<PcGts xmlns="http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15">'
        '<Page imageFilename="x.png" imageWidth="100" imageHeight="80">'
        f'<TextRegion id="r">{coords}<TextLine id="l">{coords}</TextLine></TextRegion></Page></PcGts>'
    )
    (tmp_path / "b.csv").write_text("image,width,height,label,x0,y0,x1,y1\ny.png,100,80,table,1,1,50,20\n")
    sources = [str(tmp_path / "page"), str(tmp_path / "b.csv")]
    out = str(tmp_path / "out.json")
    assert main(["convert", "auto", "coco", *sources, "--level", "region", "--out", out]) == 0
    names = [category["name"] for category in json.loads(Path(out).read_text())["categories"]]
    assert names == ["text", "table"]
    for path in ("x.png", "y.png"):
        Image.new("L", (100, 80)).save(tmp_path / path)
    assert main(["data", "check", *sources, "--level", "region"]) != 2
    assert main(["data", "check", sources[1], "--level", "region"]) == 2
    assert "U304 csv has no level 'region'" in capsys.readouterr().err
    for command in ("stats", "merge"):
        more = ["--out", str(tmp_path / "merged"), "--images", "none"] if command == "merge" else []
        assert main(["data", command, *sources, "--level", "region", *more]) == 0
    assert main(["convert", "auto", "coco", sources[1], "--level", "region", "--out", out]) == 2
    assert "U304 csv has no level 'region'" in capsys.readouterr().err
