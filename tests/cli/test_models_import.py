from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from PIL import Image

from centernet_cli.cli import main
from centernet_cli.core.errors import ExitCode
from centernet_cli.core.recipe import ModelSection
from centernet_cli.models.centernet import CenterNet
from centernet_cli.models.original_names import original_names


def write_checkpoint(path, classes):
    torch.manual_seed(0)
    section = ModelSection.model_validate({"arch": "resdcn_18"})
    state = CenterNet(section, classes).state_dict()
    names = original_names(state, section)
    # As if it had learnt to see large boxes everywhere.
    made = {f"module.{names[name]}": value for name, value in state.items()}
    made["module.hm.2.bias"] = torch.full((classes,), 1.0)
    made["module.wh.2.bias"] = torch.full((2,), 8.0)
    torch.save({"epoch": 140, "state_dict": made}, path)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    path = tmp_path_factory.mktemp("original") / "ctdet_two.pth"
    write_checkpoint(path, 2)
    return path


def test_import_and_predict(checkpoint, tmp_path, capsys):
    out = tmp_path / "mine"
    assert main(["models", "import", str(checkpoint), "--classes", "table,figure", "--out", str(out)]) == 0
    captured = capsys.readouterr()
    assert captured.out == f"{out}\n"
    assert "ctdet_two: resdcn_18, 2 classes, pixels BGR" in captured.err
    assert [path.name for path in out.iterdir()] == ["weights.safetensors"]

    assert main(["models", "show", str(out), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["classes"] == ["table", "figure"]
    assert shown["model"]["arch"] == "resdcn_18"
    assert shown["test"]["resize"] == "keep"
    assert (shown["parameters"], shown["gmacs_512"]) == (14432279, 13.23)

    page = np.random.default_rng(0).integers(0, 255, (90, 120, 3), dtype=np.uint8)
    Image.fromarray(page).save(tmp_path / "page.png")
    boxes = tmp_path / "boxes.json"
    assert main(["predict", str(tmp_path / "page.png"), "--model", str(out), "--out", str(boxes)]) == 0
    predicted = json.loads(boxes.read_text(encoding="utf-8"))
    assert predicted["annotations"]
    assert {category["name"] for category in predicted["categories"]} == {"table", "figure"}


def test_numbered_classes_and_a_name(checkpoint, tmp_path, capsys):
    out = tmp_path / "mine"
    assert main(["models", "import", str(checkpoint), "--name", "two", "--out", str(out)]) == 0
    assert "2 classes without names: they are numbered, give --classes" in capsys.readouterr().err
    assert main(["models", "show", str(out), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["name"], shown["classes"]) == ("two", ["class_1", "class_2"])


def test_nothing_is_replaced_unasked(checkpoint, tmp_path, capsys):
    out = tmp_path / "mine"
    out.mkdir()
    (out / "weights.safetensors").write_bytes(b"precious")
    arguments = ["models", "import", str(checkpoint), "--classes", "a,b", "--out", str(out)]
    assert main(arguments) == ExitCode.OUTPUT
    assert "O803" in capsys.readouterr().err
    assert (out / "weights.safetensors").read_bytes() == b"precious"
    assert main([*arguments, "--force"]) == 0
    assert (out / "weights.safetensors").stat().st_size > 1e6


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (["--arch", "res_18"], ExitCode.MODEL, "M513"),
        (["--arch", "vgg"], ExitCode.USAGE, "vgg"),
        (["--classes", "a,b,c"], ExitCode.USAGE, "U314 3 names, but the heatmap has 2 classes"),
        (["--classes", "coco"], ExitCode.USAGE, "U314"),
    ],
)
def test_options_that_do_not_fit(checkpoint, tmp_path, capsys, options, code, message):
    out = tmp_path / "mine"
    assert main(["models", "import", str(checkpoint), "--out", str(out), *options]) == code
    assert message in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.parametrize("content", ["truncated", b"", b"no pickle", b"PK\x03\x04" + bytes(100), "empty"])
def test_files_that_are_no_checkpoints(checkpoint, tmp_path, capsys, content):
    path, out = tmp_path / "x.pth", tmp_path / "mine"
    if content == "empty":
        torch.save({}, path)
    elif content == "truncated":
        path.write_bytes(checkpoint.read_bytes()[:100_000])
    else:
        path.write_bytes(content)
    assert main(["models", "import", str(path), "--out", str(out)]) == ExitCode.MODEL
    errors = capsys.readouterr().err
    assert f"{path}: M512" in errors
    assert len(errors.strip().splitlines()) == 1
    assert not out.exists()


def test_a_missing_file(tmp_path, capsys):
    assert main(["models", "import", str(tmp_path / "x.pth"), "--out", str(tmp_path / "mine")]) == ExitCode.MODEL
    assert "M503" in capsys.readouterr().err
