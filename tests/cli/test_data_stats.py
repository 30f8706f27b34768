from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from PIL import Image

from centernet_cli.cli import main
from centernet_cli.core.errors import ExitCode

LINES = Path(__file__).resolve().parents[2] / "sample_docs" / ".truth" / "lines.json"
REGIONS = LINES.with_name("regions.json")


def test_text(capsys):
    assert main(["data", "stats", str(LINES), str(REGIONS)]) == 0
    said = capsys.readouterr().out
    assert "22 pages (0 without boxes)" in said
    assert "text_line" in said
    recipe = said.partition("# For a recipe")[2].partition("\n")[2]
    assert "train:\n" in recipe
    assert recipe.count("train:") == 1


def test_json(capsys):
    assert main(["data", "stats", str(LINES), "--json"]) == 0
    value = json.loads(capsys.readouterr().out)
    assert value["schema_version"] == 1
    assert value["all"]["pages"] == 11
    assert value["all"]["boxes"] == sum(each["boxes"] for each in value["classes"]) == 805
    assert {each["key"] for each in value["recipe"]} >= {"train.page_size", "decode.top_k", "model.stride"}
    assert all(each["why"] for each in value["recipe"])


def test_files(tmp_path, capsys):
    report, plots = tmp_path / "report.html", tmp_path / "plots"
    assert main(["data", "stats", str(REGIONS), "--report", str(report), "--plots", str(plots)]) == 0
    page = report.read_text(encoding="utf-8")
    assert "<svg" in page
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert "https://" not in page
    names = sorted(path.name for path in plots.iterdir())
    assert "boxes_of_a_page.png" in names
    for name in names:
        with Image.open(plots / name) as image:
            assert image.size == (1120, 640)
    capsys.readouterr()


def test_names_are_escaped(tmp_path, capsys):
    data = {
        "images": [{"id": 1, "file_name": "a.png", "width": 90, "height": 90}],
        "categories": [{"id": 1, "name": "<script>alert(1)</script>"}],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 1, 5, 5]}],
    }
    (tmp_path / "a.json").write_text(json.dumps(data), encoding="utf-8")
    assert main(["data", "stats", str(tmp_path / "a.json"), "--report", str(tmp_path / "r.html")]) == 0
    assert "<script>alert" not in (tmp_path / "r.html").read_text(encoding="utf-8")
    capsys.readouterr()


def test_errors(tmp_path, capsys):
    assert main(["data", "stats", str(tmp_path / "none")]) == ExitCode.INPUT
    assert main(["data", "stats", str(LINES), "--report", str(tmp_path)]) == ExitCode.OUTPUT
    (tmp_path / "a.json").write_text('{"images": [], "annotations": [], "categories": []}', encoding="utf-8")
    assert main(["data", "stats", str(tmp_path / "a.json")]) == ExitCode.INPUT
    assert "D030" in capsys.readouterr().err


@pytest.mark.parametrize("name", [LINES, REGIONS])
def test_the_recipe_is_yaml(name, capsys):
    assert main(["data", "stats", str(name)]) == 0
    recipe = capsys.readouterr().out.partition("# For a recipe")[2].partition("\n")[2]
    value = yaml.safe_load(recipe)
    assert value["model"] == {"stride": 4}
    assert len(value["train"]["input"]) == 2
    assert all(side % 32 == 0 for side in value["train"]["input"])


def test_only_reports_of_ours_are_replaced(tmp_path, capsys):
    report, plots = tmp_path / "report.html", tmp_path / "plots"
    arguments = ["data", "stats", str(REGIONS), "--report", str(report), "--plots", str(plots)]
    assert main(arguments) == 0
    assert main(arguments) == 0  # again, over what it wrote
    for path in (report, plots / "height_of_boxes.png"):
        path.write_bytes(b"mine")
        assert main(arguments) == ExitCode.OUTPUT
        assert f"{path}: O803" in capsys.readouterr().err
        assert path.read_bytes() == b"mine"
        assert main([*arguments, "--force"]) == 0
        assert path.read_bytes() != b"mine"


def test_no_input_is_replaced_by_a_report(tmp_path, capsys):
    source = tmp_path / "a.json"
    source.write_bytes(LINES.read_bytes())
    assert main(["data", "stats", str(source), "--report", str(source), "--force"]) == ExitCode.OUTPUT
    assert f"{source}: O802" in capsys.readouterr().err
    assert source.read_bytes() == LINES.read_bytes()
