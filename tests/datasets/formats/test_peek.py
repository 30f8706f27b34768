"""A file is read once to tell its format, and not remembered longer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from centernet_cli.core.errors import InputError
from centernet_cli.core.safe_io import read_json
from centernet_cli.datasets.formats import detect_format, peek
from centernet_cli.datasets.formats.peek import peek_json, peeking


def test_a_file_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "annotations.json"
    path.write_text(json.dumps({"images": [], "annotations": [], "categories": []}))
    read: list[Path] = []

    def counting(name: Path) -> object:
        read.append(name)
        return read_json(name)

    monkeypatch.setattr(peek, "read_json", counting)
    assert detect_format(path) == "coco"
    assert read == [path]
    assert detect_format(tmp_path) == "coco"
    assert read == [path, path]


def test_faults_are_remembered_too_and_changes_seen_afterwards(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("{")
    with peeking():
        for _ in range(2):
            with pytest.raises(InputError, match="J404"):
                peek_json(path)
    path.write_text("[1]")
    assert peek_json(path) == [1]
