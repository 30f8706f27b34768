from __future__ import annotations

import json

import pytest

from centernet_cli.cli import main
from centernet_cli.cli.recipe import about
from centernet_cli.core.errors import ExitCode
from centernet_cli.core.strict_yaml import parse

TEXT = "# Scores nothing\nname: probe\ndata:\n  classes: [a]\n  train: [{path: pages}]\n"


@pytest.fixture
def recipe(tmp_path):
    path = tmp_path / "probe.yaml"
    path.write_text(TEXT, encoding="utf-8")
    return path


def test_list(recipe, capsys):
    assert main(["recipe", "list", str(recipe.parent)]) == 0
    assert capsys.readouterr().out == "probe  Scores nothing\n"
    assert main(["recipe", "list", str(recipe.parent), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["recipes"] == [
        {"name": "probe", "path": str(recipe), "about": "Scores nothing"}
    ]
    assert main(["recipe", "list"]) == 0
    assert main(["recipe", "list", str(recipe)]) == ExitCode.RECIPE


def test_show(recipe, capsys):
    assert main(["recipe", "show", str(recipe), "--set", "train.epochs=3"]) == 0
    data = parse(capsys.readouterr().out).data
    assert isinstance(data, dict)
    assert data["train"]["epochs"] == 3


def test_show_origin(recipe, capsys):
    assert main(["recipe", "show", str(recipe), "--origin", "--set", "train.epochs=3"]) == 0
    lines = {line.split()[0]: " ".join(line.split()[1:]) for line in capsys.readouterr().out.splitlines()}
    assert lines["train.epochs"] == "3 --set train.epochs=3"
    assert lines["name"] == f'"probe" recipe {recipe}:2'
    assert lines["train.batch_size"].endswith("default")


def test_show_json(recipe, capsys):
    assert main(["recipe", "show", str(recipe), "--json"]) == 0
    value = json.loads(capsys.readouterr().out)
    assert value["recipe"]["name"] == "probe"
    assert value["origins"]["train.epochs"] == "default"


def test_check(recipe, capsys):
    assert main(["recipe", "check", str(recipe)]) == 0
    assert capsys.readouterr().err == f"{recipe}: ok\n"
    bad = recipe.with_name("bad.yaml")
    bad.write_text(TEXT + "nope: 1\ntrain: {epochs: x}\n", encoding="utf-8")
    assert main(["recipe", "check", str(recipe), str(bad)]) == ExitCode.RECIPE
    assert capsys.readouterr().err.count(f"{bad}:") == 2
    assert main(["recipe", "check", "--json", str(recipe), str(bad)]) == ExitCode.RECIPE
    results = json.loads(capsys.readouterr().out)["recipes"]
    assert [result["ok"] for result in results] == [True, False]
    assert main(["recipe", "check", str(recipe), "--set", "nope=1"]) == ExitCode.USAGE


def test_schema(capsys):
    assert main(["recipe", "schema"]) == 0
    schema = json.loads(capsys.readouterr().out)
    assert {"extends", "data", "train"} <= set(schema["properties"])


def test_about_of_files_without_a_comment(tmp_path):
    assert about(tmp_path / "gone.yaml") == ""
    (tmp_path / "plain.yaml").write_text("name: a\n", encoding="utf-8")
    assert about(tmp_path / "plain.yaml") == ""
