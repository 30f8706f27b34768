from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from centernet_cli.cli import main
from centernet_cli.core.errors import ExitCode

TRUTH = Path(__file__).resolve().parents[2] / "sample_docs" / ".truth"


def seen(out):
    with Image.open(out / "sheet.png") as sheet:
        size = sheet.size
    return size, (out / "preview.html").read_text(encoding="utf-8")


def test_pages_with_their_boxes(tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["data", "preview", str(TRUTH / "regions.json"), "--out", str(out), "--count", "3"]) == 0
    size, page = seen(out)
    assert size[0] > 800
    assert page.count("<img ") == 3
    assert "http" not in page.replace("http-equiv", "")
    assert "3 pages" in capsys.readouterr().err


@pytest.mark.parametrize("source", [[str(TRUTH / "lines.json")], []])
def test_with_a_recipe(tmp_path, capsys, source):
    out = tmp_path / "out"
    arguments = ["--recipe", "smoke", "--count", "2", "--variants", "2", "--out", str(out)]
    assert main(["data", "preview", *source, *arguments]) == 0
    _, page = seen(out)
    assert page.count("<img ") == 6
    assert page.count("sample of 384 x 256 pixels") == 4 * 2  # caption, and text for those who don't see the picture
    capsys.readouterr()


def write(folder, names):
    images = [{"id": number, "file_name": name, "width": 90, "height": 60} for number, name in enumerate(names)]
    boxes = [
        {"id": number, "image_id": number, "category_id": 1, "bbox": [1, 1, 50, 9]} for number in range(len(names))
    ]
    data = {"images": images, "annotations": boxes, "categories": [{"id": 1, "name": "<b>line"}]}
    (folder / "a.json").write_text(json.dumps(data), encoding="utf-8")
    return str(folder / "a.json")


def test_pages_that_cannot_be_read(tmp_path, capsys):
    Image.new("L", (90, 60), 255).save(tmp_path / "good.png")
    (tmp_path / "bad.png").write_bytes(b"<html>")
    both, bad = write(tmp_path, ["good.png", "bad.png", "missing.png"]), tmp_path / "x"
    assert main(["data", "preview", both, "--out", str(tmp_path / "out")]) == ExitCode.PARTIAL
    heard = capsys.readouterr().err
    assert "bad.png: I102" in heard
    assert "missing.png: I110" in heard
    _, page = seen(tmp_path / "out")
    assert "<b>line" not in page
    bad.mkdir()
    assert main(["data", "preview", write(bad, ["none.png"]), "--out", str(bad / "out")]) == ExitCode.INPUT
    assert not (bad / "out").exists()
    capsys.readouterr()


def test_other_errors(tmp_path, capsys):
    assert main(["data", "preview", str(tmp_path), "--out", str(tmp_path / "out")]) == ExitCode.INPUT
    assert main(["data", "preview", str(TRUTH / "lines.json"), "--recipe", "nosuch"]) == ExitCode.RECIPE
    (tmp_path / "file").write_text("", encoding="utf-8")
    arguments = [str(TRUTH / "lines.json"), "--count", "1", "--out", str(tmp_path / "file")]
    assert main(["data", "preview", *arguments]) == ExitCode.OUTPUT
    capsys.readouterr()


def test_only_reports_of_ours_are_replaced(tmp_path, capsys):
    out = tmp_path / "out"
    arguments = ["data", "preview", str(TRUTH / "lines.json"), "--count", "1", "--out", str(out)]
    assert main(arguments) == 0
    assert main(arguments) == 0  # again, over what it wrote
    for name in ("sheet.png", "preview.html"):
        (out / name).write_bytes(b"mine")
        assert main(arguments) == ExitCode.OUTPUT
        assert f"{out / name}: O803" in capsys.readouterr().err
        assert (out / name).read_bytes() == b"mine"
        assert main([*arguments, "--force"]) == 0
    seen(out)


def test_no_page_is_replaced_by_the_sheet(tmp_path, capsys):
    Image.new("L", (90, 60), 255).save(tmp_path / "sheet.png")
    before = (tmp_path / "sheet.png").read_bytes()
    source = write(tmp_path, ["sheet.png"])
    for more in ([], ["--recipe", str(tmp_path / "r.yaml")]):
        (tmp_path / "r.yaml").write_text(
            json.dumps({"name": "x", "data": {"classes": ["<b>line"], "train": [{"path": source}]}})
        )
        assert main(["data", "preview", source, "--out", str(tmp_path), "--force", *more]) == ExitCode.OUTPUT
        assert f"{tmp_path / 'sheet.png'}: O802" in capsys.readouterr().err
        assert (tmp_path / "sheet.png").read_bytes() == before
        assert not (tmp_path / "preview.html").exists()
