"""The tutorial's commands lead from pages without labels to a model, in the order in which they are shown."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from pathlib import Path

import pytest

from centernet_cli.cli import main

ROOT = Path(__file__).resolve().parents[2]
TUTORIAL = ROOT / "docs" / "tutorial.md"
FEW = ("letter-de.pdf", "note-en.jpg")
SHORT = {"train.epochs": 1, "train.samples_per_epoch": 2, "train.input": [256, 192], "train.page_size": 512}


def commands() -> list[list[str]]:
    """Return the words of each command line of the tutorial's shell blocks."""
    blocks = re.findall(r"^```sh\n(.*?)^```", TUTORIAL.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return [shlex.split(line) for block in blocks for line in block.splitlines()]


def run(words: list[str]) -> int:
    """Run one command of the tutorial in the current folder."""
    match words:
        case ["mkdir", name]:
            Path(name).mkdir()
        case ["cp", "-r", source, target]:
            shutil.copytree(source, target)
        case ["cd", _]:
            pass  # the caller's
        case ["centernet", *rest]:
            return main(rest)
        case _:
            pytest.fail(f"the tutorial has a command that the test does not know: {words}")
    return 0


def walk(folder: Path, monkeypatch: pytest.MonkeyPatch, extra: dict[str, object]) -> Path:
    """Run all commands; return the folder that they end in."""
    monkeypatch.chdir(folder)
    for words in commands():
        if words[0] == "cd":
            folder = folder / words[1]
            monkeypatch.chdir(folder)
        more = [f"--set={key}={json.dumps(value)}" for key, value in extra.items()] if words[1] == "train" else []
        assert run([*words, *more]) == 0, words
    return folder


def check(folder: Path) -> None:
    names = {path.name for path in (folder / "labels").iterdir()}
    assert {"letter-de-p001.jpg", "letter-de-p001.json", "note-en.json"} <= names
    for file in (folder / "labels").glob("*.json"):
        image = json.loads(file.read_text(encoding="utf-8"))["imagePath"]
        assert (file.parent / image).suffix == ".jpg"
        assert (file.parent / image).is_file(), "labelme finds the picture from where its file is"
    truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    assert all((folder / image["file_name"]).is_file() for image in truth["images"])
    boxes = json.loads((folder / "boxes.json").read_text(encoding="utf-8"))
    assert len(boxes["images"]) == len(truth["images"])
    assert boxes["annotations"]
    assert list((folder / "overlays").iterdir())


@pytest.mark.timeout(1200)
def test_the_way_with_two_documents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sample_docs").mkdir()
    for name in FEW:
        shutil.copy(ROOT / "sample_docs" / name, tmp_path / "sample_docs" / name)
    check(walk(tmp_path, monkeypatch, SHORT))


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_the_whole_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(ROOT / "sample_docs", tmp_path / "sample_docs")
    folder = walk(tmp_path, monkeypatch, {})
    check(folder)
    capsys.readouterr()
    assert (
        main(["evaluate", str(folder / "runs" / "mine"), str(folder / "truth.json"), "--json", "--min-f1", "0.8"]) == 0
    )
