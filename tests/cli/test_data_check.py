from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from centernet_cli.cli import main
from centernet_cli.core.errors import ExitCode


def write(folder, boxes, *, name="a.png", size=(100, 80)):
    folder.mkdir(parents=True, exist_ok=True)
    seed = [*folder.name.encode(), *name.encode()]
    pixels = np.random.default_rng(seed).integers(0, 256, size[::-1], dtype=np.uint8)
    Image.fromarray(pixels).save(folder / name)
    data = {
        "images": [{"id": 1, "file_name": name, "width": 100, "height": 80}],
        "categories": [{"id": 1, "name": "text_line"}],
        "annotations": [
            {"id": index, "image_id": 1, "category_id": 1, "bbox": box} for index, box in enumerate(boxes, start=1)
        ],
    }
    (folder / "annotations.json").write_text(json.dumps(data), encoding="utf-8")
    return str(folder)


GOOD = [1, 1, 50, 9]
OVER = [90, 20, 50, 9]
NAN = [float("nan"), 20, 50, 9]


@pytest.mark.parametrize(
    ("boxes", "options", "code"),
    [
        ([GOOD], [], ExitCode.OK),
        ([GOOD], ["--strict"], ExitCode.OK),
        ([GOOD, OVER], [], ExitCode.OK),
        ([GOOD, OVER], ["--strict"], ExitCode.GATE),
        ([GOOD, NAN], [], ExitCode.GATE),
    ],
)
def test_exit_codes(tmp_path, capsys, boxes, options, code):
    assert main(["data", "check", write(tmp_path / "a", boxes), *options]) == code
    heard = capsys.readouterr()
    assert "1 pages" in heard.err
    assert ("D024 warning" in heard.out) == (OVER in boxes)


def test_what_cannot_be_read(tmp_path, capsys):
    assert main(["data", "check", str(tmp_path / "none")]) == ExitCode.INPUT
    assert "D031" in capsys.readouterr().err
    (tmp_path / "a.json").write_text('{"images": [', encoding="utf-8")
    assert main(["data", "check", str(tmp_path / "a.json"), "--format", "coco", "--json"]) == ExitCode.INPUT
    heard = capsys.readouterr()
    assert "a.json:1:" in heard.err
    assert json.loads(heard.out)["findings"][0]["code"] == "J404"


def test_json(tmp_path, capsys):
    source = write(tmp_path / "a", [GOOD, OVER, [1, 40, 0, 9]])
    assert main(["data", "check", source, "--json", "--show", "1"]) == ExitCode.GATE
    value = json.loads(capsys.readouterr().out)
    assert value["schema_version"] == 1
    assert value["ok"] is False
    assert value["summary"] == {"errors": 1, "warnings": 1, "infos": 0}
    assert value["sources"] == [
        {"path": source, "format": "coco", "split": source, "pages": 1, "annotations": 3, "classes": ["text_line"]}
    ]
    empty, over = value["findings"]
    assert (empty["code"], empty["severity"], empty["count"]) == ("D009", "error", 1)
    assert empty["places"][0] == {
        "page": "a.png",
        "image_id": 1,
        "shape": 3,
        "annotation_id": 3,
        "label": "text_line",
        "box": [1, 40, 1, 49],
        "detail": "without area",
    }
    assert over["repaired"] == {"cut off": 1}
    assert value["fixed"] is None


def test_fix(tmp_path, capsys):
    source = write(tmp_path / "a", [GOOD, OVER, NAN, [60, 40, -30, 9]])
    before = (tmp_path / "a" / "annotations.json").read_bytes()
    out = tmp_path / "out"
    assert main(["data", "check", source, "--fix", str(out), "--strict"]) == ExitCode.OK
    heard = capsys.readouterr()
    assert "fixed: 1 × corners exchanged" in heard.out
    assert "checked again: kinds of errors: 0, of warnings: 0" in heard.err
    data = json.loads((out / "annotations.json").read_text(encoding="utf-8"))
    assert [each["bbox"] for each in data["annotations"]] == [GOOD, [90, 20, 10, 9], [30, 40, 30, 9]]
    assert (out / "a.png").is_file()
    assert (tmp_path / "a" / "annotations.json").read_bytes() == before
    assert main(["data", "check", str(out), "--strict"]) == ExitCode.OK
    assert main(["data", "check", source, "--fix", str(out)]) == ExitCode.OUTPUT
    assert "O803" in capsys.readouterr().err
    assert main(["data", "check", source, "--fix", str(tmp_path / "a")]) == ExitCode.OUTPUT
    assert (tmp_path / "a" / "annotations.json").read_bytes() == before


def test_fix_never_replaces_anything(tmp_path, capsys):
    folder = write(tmp_path / "a", [GOOD, OVER])
    assert main(["data", "check", folder, "--fix", str(tmp_path / "out")]) == 0
    for out, code in ((tmp_path / "out", "O803"), (folder, "O802")):
        capsys.readouterr()
        assert main(["data", "check", folder, "--fix", str(out)]) == ExitCode.OUTPUT
        heard = capsys.readouterr()
        assert "D024 warning" in heard.out
        assert f"{code} " in heard.err
        assert heard.err.endswith("(name another folder)\n")


@pytest.mark.parametrize("as_json", [False, True])
def test_findings_are_told_where_nothing_is_left_to_write(tmp_path, capsys, as_json):
    folder = write(tmp_path / "a", [GOOD], size=(70, 80))
    options = ["--json"] if as_json else []
    assert main(["data", "check", folder, "--fix", str(tmp_path / "out"), *options]) == ExitCode.INPUT
    heard = capsys.readouterr()
    assert "D030 no page is left after mending" in heard.err
    if as_json:
        found = json.loads(heard.out)
        assert (found["ok"], found["fixed"], found["findings"][0]["code"]) == (False, None, "D014")
    else:
        assert "D014 error" in heard.out
    assert not (tmp_path / "out").exists()


def test_a_damaged_zip_file_among_others(tmp_path, capsys):
    good, bad = write(tmp_path / "a", [GOOD]), tmp_path / "b.zip"
    bad.write_bytes(b"PK\3\4")
    assert main(["data", "check", good, str(bad), "--json"]) == ExitCode.GATE
    heard = capsys.readouterr()
    found = json.loads(heard.out)
    assert [(each["code"], each["severity"], each["path"]) for each in found["findings"]] == [
        ("Z601", "error", str(bad))
    ]
    assert [each["path"] for each in found["sources"]] == [good]
    assert heard.err.startswith(f"{bad}: Z601 ")
    assert main(["data", "check", str(bad), "--json"]) == ExitCode.INPUT
    assert json.loads(capsys.readouterr().out)["findings"][0]["code"] == "Z601"


def test_files_in_a_zip_file_are_named_after_it(tmp_path, capsys):
    folder = Path(write(tmp_path / "a", [GOOD, OVER]))
    Image.new("L", (3, 2)).save(folder / "b.png")
    data = json.loads((folder / "annotations.json").read_text(encoding="utf-8"))
    data["annotations"][0]["image_id"] = 9
    (folder / "annotations.json").write_text(json.dumps(data), encoding="utf-8")
    archive = tmp_path / "a.zip"
    with zipfile.ZipFile(archive, "w") as made:
        for file in sorted(folder.iterdir()):
            made.write(file, file.name)
    assert main(["data", "check", str(archive)]) == ExitCode.GATE
    heard = capsys.readouterr()
    assert f"{archive}/annotations.json: /annotations/0: no image has id 9" in heard.out
    assert f"{archive}/b.png" in heard.out
    assert "centernet-" not in heard.out
    assert main(["data", "stats", str(archive)]) == ExitCode.INPUT
    assert capsys.readouterr().err.startswith(f"{archive}/annotations.json: D004 ")


def test_fix_leaves_images_alone_if_told_so(tmp_path, capsys):
    source = write(tmp_path / "a", [GOOD, OVER])
    assert main(["data", "check", source, "--fix", str(tmp_path / "b.json"), "--images", "none", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["fixed"]["findings_left"] is None
    assert (tmp_path / "b.json").is_file()
    assert not (tmp_path / "a.png").exists()
    data = json.loads((tmp_path / "b.json").read_text(encoding="utf-8"))
    assert data["images"][0]["file_name"] == "a/a.png"


def test_several_sources_and_zip_files(tmp_path, capsys):
    one, two = write(tmp_path / "one", [GOOD]), tmp_path / "two.zip"
    with zipfile.ZipFile(two, "w") as archive:
        for name in ("a.png", "annotations.json"):
            archive.write(tmp_path / "one" / name, name)
    assert main(["data", "check", one, str(two), "--fix", str(tmp_path / "out")]) == ExitCode.INPUT
    assert "D030" in capsys.readouterr().err  # nothing is left of the first
    assert main(["data", "check", one, str(two)]) == ExitCode.GATE
    assert "D050 error" in capsys.readouterr().out
    assert main(["data", "check", one, one]) == ExitCode.USAGE
    assert "U311" in capsys.readouterr().err


def test_a_recipe_brings_its_own_data(tmp_path, capsys):
    write(tmp_path / "a", [GOOD, [1, 40, 90, 0.5]])
    recipe = tmp_path / "r.yaml"
    recipe.write_text("data:\n  classes: [text_line]\n  train: [{path: a}]\n  val: [{path: b}]\n", encoding="utf-8")
    write(tmp_path / "b", [GOOD], name="b.png")
    assert main(["data", "check", "--recipe", str(recipe), "--json"]) == ExitCode.OK
    value = json.loads(capsys.readouterr().out)
    assert [source["split"] for source in value["sources"]] == ["train", "val"]
    assert {found["code"] for found in value["findings"]} == {"D042", "D043"}
    assert main(["data", "check", "--recipe", "nosuch"]) == ExitCode.RECIPE
    # Pages without anything that the recipe learns are worth having where it says so, but not alone.
    for annotates, codes in (
        ("", {"D035"}),
        (", annotates: [zebra]", {"D055", "D030"}),
        (", annotates: [tiger]", {"D034", "D055"}),
    ):
        text = f"data:\n  classes: [zebra]\n  train: [{{path: b{annotates}}}]\n  val: []\n"
        recipe.write_text(text, encoding="utf-8")
        capsys.readouterr()
        code = main(["data", "check", "--recipe", str(recipe), "--json"])
        found = json.loads(capsys.readouterr().out)["findings"]
        assert {each["code"] for each in found} == codes
        assert code == ExitCode.GATE
    assert main(["data", "check", str(tmp_path / "a"), "--format", "cocco"]) == ExitCode.USAGE
    assert "did you mean 'coco'" in capsys.readouterr().err
