from __future__ import annotations

import importlib
import json
import shutil
import sys
from pathlib import Path

import pytest

from centernet_cli.cli import doctor_checks, doctor_runtimes, main
from centernet_cli.cli.doctor_checks import Finding
from centernet_cli.core.errors import ExitCode


def test_doctor_reports_as_json(capsys):
    assert main(["doctor", "--json"]) == 0
    value = json.loads(capsys.readouterr().out)
    assert value["ok"]
    found = {finding["name"]: finding for finding in value["findings"]}
    assert {"python", "processors", "memory", "runtime openvino", "runtime onnx", "runtime torch"} <= set(found)
    assert {"runtime auto", "device cpu", "device cuda", "pdfium", "poppler", "model lines", "cache"} <= set(found)
    assert "with its graph" in found["model lines"]["value"]
    assert found["openvino"]["state"] == "ok"


def test_what_is_needed_and_missing_is_exit_7(capsys, monkeypatch):
    monkeypatch.setattr(doctor_checks, "every_finding", lambda: [Finding("models", "missing", "none", "install again")])
    assert main(["doctor"]) == ExitCode.ENVIRONMENT
    captured = capsys.readouterr()
    assert "missing   models" in captured.out
    assert captured.err == "E711 not usable here: models (install again)\n"


def test_poppler_is_optional(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    assert doctor_checks.poppler().state == "optional"


def test_packages_are_looked_up_by_the_names_in_our_metadata(monkeypatch):
    lines = ["pydantic>=2", "nonesuch-package<3", "no-ray; extra == 'ray'", "no-mac>1; sys_platform == 'darwin'"]
    monkeypatch.setattr(doctor_checks, "requires", lambda _name: lines)
    found = {finding.name: finding for finding in doctor_checks.packages()}
    assert {name: finding.state for name, finding in found.items()} == {
        "centernet": "ok",
        "pydantic": "ok",
        "nonesuch-package": "missing",
        "no-ray": "optional",
        "no-mac": "optional",
    }
    assert found["no-ray"].hint == "pip install 'centernet-cli[ray]'"
    assert found["no-mac"].hint == "pip install 'no-mac>1'"


def test_a_runtime_that_cannot_be_loaded_says_why(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    finding = doctor_runtimes.onnx()
    assert finding.state == "optional"
    assert "onnxruntime" in finding.value

    def broken(name: str) -> object:
        raise OSError(f"lib{name}.so: no such file\nand more")

    monkeypatch.setattr(doctor_runtimes, "import_module", broken)
    (torch,) = doctor_runtimes.torch()
    assert (torch.state, torch.value) == ("missing", "cannot be loaded: libtorch.so: no such file")
    monkeypatch.delitem(sys.modules, "openvino", raising=False)
    library = importlib.import_module("centernet_cli.inference.runtimes.openvino_library")
    monkeypatch.setattr(library, "import_module", broken)
    assert doctor_runtimes.openvino().value == "cannot be loaded: libopenvino.so: no such file"


def test_a_cache_that_cannot_be_written_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("CENTERNET_CACHE", str(tmp_path / "file" / "inside"))
    finding = doctor_checks.cache()
    assert finding.state == "optional"
    assert str(tmp_path) in finding.value
