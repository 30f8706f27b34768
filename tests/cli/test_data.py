from __future__ import annotations

import json

import pytest

from centernet_cli.cli import main
from centernet_cli.core.errors import ExitCode


def test_synth_writes_two_coco_datasets(tmp_path, capsys):
    arguments = ["--kind", "receipt,form", "--count", "2", "--seed", "3", "--long-side", "300", "--clean"]
    assert main(["data", "synth", "--out", str(tmp_path / "pages"), *arguments]) == 0
    heard = capsys.readouterr().err
    assert "2 pages" in heard
    assert "fonts:" in heard
    for name in ("lines", "regions"):
        data = json.loads((tmp_path / "pages" / name / "annotations.json").read_text(encoding="utf-8"))
        assert [image["file_name"] for image in data["images"]] == [
            "images/00000-receipt-3.jpg",
            "images/00001-form-3.jpg",
        ]
        assert data["annotations"]


def test_every_page_is_a_document_also_where_no_format_says_so(tmp_path, capsys):
    arguments = ["--kind", "receipt", "--count", "2", "--seed", "3", "--long-side", "300", "--clean"]
    assert main(["data", "synth", "--out", str(tmp_path / "pages"), *arguments]) == 0
    split = ["--ratios", "1,1", "--to", "yolo", "--out", str(tmp_path / "split")]
    assert main(["data", "split", str(tmp_path / "pages" / "lines"), *split]) == 0
    assert main(["data", "check", *(str(tmp_path / "split" / name) for name in ("train", "val"))]) == 0
    assert "D052" not in capsys.readouterr().out


@pytest.mark.parametrize("kind", ["novel", "", "form,novel"])
def test_unknown_kinds_are_usage_errors(tmp_path, capsys, kind):
    assert main(["data", "synth", "--out", str(tmp_path / "pages"), "--kind", kind]) == ExitCode.USAGE
    assert "U320" in capsys.readouterr().err
    assert not (tmp_path / "pages").exists()


def test_a_folder_that_cannot_be_made(tmp_path, capsys):
    (tmp_path / "file").write_text("x", encoding="utf-8")
    assert main(["data", "synth", "--out", str(tmp_path / "file"), "--count", "1"]) == ExitCode.OUTPUT
    assert "O801" in capsys.readouterr().err


def test_help_names_the_kinds(capsys):
    assert main(["data", "synth", "--help"]) == 0
    assert "newspaper" in capsys.readouterr().out


def test_languages_are_chosen(tmp_path, capsys):
    arguments = ["--kind", "letter", "--count", "1", "--long-side", "300", "--language", "pl"]
    assert main(["data", "synth", "--out", str(tmp_path / "pages"), *arguments]) == 0
    assert main(["data", "synth", "--out", str(tmp_path / "none"), "--language", "pl,elvish"]) == ExitCode.USAGE
    assert "elvish" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()


def test_scripts_without_fonts(tmp_path, capsys, monkeypatch):
    from centernet_cli.datasets.synth import fonts

    monkeypatch.setenv("CENTERNET_FONTS", str(tmp_path))
    fonts.default_book.cache_clear()
    try:
        arguments = ["data", "synth", "--out", str(tmp_path / "pages"), "--kind", "letter", "--count", "1"]
        assert main([*arguments, "--language", "ja"]) == ExitCode.ENVIRONMENT
        assert "E716" in capsys.readouterr().err
        assert not (tmp_path / "pages").exists()
        assert main([*arguments, "--long-side", "300", "--language", "ja,en"]) == 0
        assert "left out" in capsys.readouterr().err
    finally:
        fonts.default_book.cache_clear()
