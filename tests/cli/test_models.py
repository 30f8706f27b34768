from __future__ import annotations

import json

import numpy as np
import pytest
from safetensors.numpy import save_file

from centernet_cli.cli import main
from centernet_cli.core.errors import ExitCode
from centernet_cli.core.recipe import DecodeSection, ModelSection
from centernet_cli.models import shelf
from centernet_cli.models.meta import ModelMeta


@pytest.fixture
def weights(tmp_path, monkeypatch):
    """A package with one model in it."""
    folder = tmp_path / "weights" / "probe"
    folder.mkdir(parents=True)
    meta = ModelMeta(
        name="probe",
        classes=("a", "b"),
        page_size=640,
        model=ModelSection(),
        decode=DecodeSection(),
        facts={"licence": "CC0"},
    )
    save_file({"x": np.zeros(3, np.float32)}, folder / "probe.safetensors", meta.to_metadata())
    (folder / "README.md").write_text("# probe\n", encoding="utf-8")
    monkeypatch.setattr(shelf, "WEIGHTS_FOLDER", tmp_path / "weights")
    return folder / "probe.safetensors"


def test_list(weights, capsys):
    assert main(["models", "list"]) == 0
    assert capsys.readouterr().out == "probe    0.0 MB  a, b\n"
    assert main(["models", "list", "--json"]) == 0
    models = json.loads(capsys.readouterr().out)["models"]
    assert [(model["name"], model["classes"], model["path"]) for model in models] == [
        ("probe", ["a", "b"], str(weights))
    ]


def test_list_of_nothing(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(shelf, "WEIGHTS_FOLDER", tmp_path)
    assert main(["models", "list"]) == 0
    assert capsys.readouterr().out == ""


def test_show_by_name_and_file(weights, capsys):
    assert main(["models", "show", "probe"]) == 0
    by_name = capsys.readouterr().out
    assert 'facts       {"licence": "CC0"}' in by_name
    assert f"card        {weights.parent / 'README.md'}" in by_name
    assert main(["models", "show", str(weights), "--json"]) == 0
    value = json.loads(capsys.readouterr().out)
    assert value["page_size"] == 640
    assert len(value["sha256"]) == 64
    # Of the architecture that the file names: MobileNetV2, FPN of 64 channels, one shared head.
    assert 1.8e6 < value["parameters"] < 2e6
    assert 1 < value["gmacs_512"] < 2
    assert value["test"]["resize"] == "page"


def test_show_a_run_folder(weights, tmp_path, capsys):
    run = tmp_path / "run"
    run.mkdir()
    assert main(["models", "show", str(run)]) == ExitCode.MODEL
    weights.rename(run / "weights.safetensors")
    assert main(["models", "show", str(run)]) == 0
    assert "probe" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["prob", "nothing-like-it"])
def test_show_what_is_not_there(weights, capsys, name):
    assert main(["models", "show", name]) == ExitCode.MODEL
    captured = capsys.readouterr()
    assert f"{name}: M501 no such model" in captured.err
    assert "probe" in captured.err
    assert captured.out == ""


@pytest.mark.parametrize("content", [b"", b"\xff" * 64, b"PK\x03\x04"])
def test_show_a_file_that_is_no_model(weights, content, capsys):
    weights.write_bytes(content)
    assert main(["models", "show", "probe"]) == ExitCode.MODEL
    assert "not a readable safetensors file" in capsys.readouterr().err


def test_show_a_foreign_safetensors_file(weights, capsys):
    save_file({"x": np.zeros(3, np.float32)}, weights)
    assert main(["models", "show", "probe"]) == ExitCode.MODEL
    assert "M506" in capsys.readouterr().err


def test_card(weights, capsys):
    assert main(["models", "card", "probe"]) == 0
    assert capsys.readouterr().out == "# probe\n"


def test_no_card(weights, capsys):
    (weights.parent / "README.md").unlink()
    assert main(["models", "card", "probe"]) == ExitCode.MODEL
    assert "M522" in capsys.readouterr().err


@pytest.mark.parametrize(("pair", "said"), [("a", "U113"), ("a=x", "U113"), ("a=1", "U310"), ("c=0.2", "U310")])
def test_class_thresholds_that_make_no_sense(tmp_path, capsys, pair, said):
    out = tmp_path / "out.safetensors"
    assert main(["models", "pack", "lines", "--out", str(out), "--class-threshold", pair]) == ExitCode.USAGE
    assert f"--class-threshold: {said}" in capsys.readouterr().err
    assert not out.exists()
