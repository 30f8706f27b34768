from __future__ import annotations

import json
import shutil

from centernet_cli.cli import doctor, main
from centernet_cli.core.errors import ExitCode


def test_doctor_reports_as_json(capsys, monkeypatch):
    monkeypatch.setattr(doctor, "_packages", list)
    monkeypatch.setattr(doctor, "_models", list)
    assert main(["doctor", "--json"]) == 0
    value = json.loads(capsys.readouterr().out)
    assert value["ok"]
    assert {"python", "device cpu", "pdfium", "poppler"} <= {finding["name"] for finding in value["findings"]}


def test_what_is_needed_and_missing_is_exit_7(capsys, monkeypatch):
    monkeypatch.setattr(doctor, "_packages", list)
    monkeypatch.setattr(doctor, "_models", lambda: [doctor.Finding("models", "missing", "none", "install again")])
    assert main(["doctor"]) == ExitCode.ENVIRONMENT
    captured = capsys.readouterr()
    assert "missing   models" in captured.out
    assert captured.err == "E711 not usable here: models (install again)\n"


def test_poppler_is_optional(capsys, monkeypatch):
    monkeypatch.setattr(doctor, "_packages", list)
    monkeypatch.setattr(doctor, "_models", list)
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    assert main(["doctor"]) == 0
    assert "optional  poppler" in capsys.readouterr().out


def test_packages_are_looked_up_by_the_names_in_our_metadata(monkeypatch):
    monkeypatch.setattr(doctor, "requires", lambda _name: ["pydantic>=2", "nonesuch-package<3", "ray; extra == 'ray'"])
    found = {finding.name: finding.state for finding in doctor._packages()}
    assert found == {"centernet": "ok", "pydantic": "ok", "nonesuch-package": "missing"}
