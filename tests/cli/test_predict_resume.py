"""Runs that are cut off and gone on with, and runs in parts."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

PROGRAM = """
import os, sys, time
import numpy as np
from centernet_cli import cli
from centernet_cli.cli.predict_job import PredictJob
from centernet_cli.core.recipe import DecodeSection, ModelSection
from centernet_cli.inference.runtime import RawBoxes
from centernet_cli.models.meta import ModelMeta

class Fake:
    name, device, precision, multiple = "fake", "cpu", "fp32", 32
    meta = ModelMeta(name="fake", classes=("a",), page_size=64, model=ModelSection(), decode=DecodeSection())
    def predict(self, batch):
        time.sleep(float(os.environ.get("SLOW", "0")))
        with open("seen", "a") as file:
            file.write("x" * len(batch))
        ys, xs = np.nonzero(batch[0].mean(axis=2) < 128)
        box = np.float32([[xs.min(), ys.min(), xs.max() + 1, ys.max() + 1]])
        return [RawBoxes(box, np.ones(1, np.float32), np.zeros(1, int))]

def open_fake(job):
    job._runtime = Fake()
    return job._runtime

PredictJob._open = open_fake
sys.exit(cli.main(["predict", *sys.argv[1:]]))
"""
PAGES = 13


@pytest.fixture(autouse=True)
def inputs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("in").mkdir()
    pages = []
    for number in range(PAGES):
        page = Image.new("L", (200, 300), 255)
        ImageDraw.Draw(page).rectangle((20, 10 + 20 * number, 150, 25 + 20 * number), fill=0)
        pages.append(page)
    pages[0].save("in/a.png")
    pages[1].save("in/b.pdf", save_all=True, append_images=pages[2:8])
    pages[8].save("in/c.tif", save_all=True, append_images=pages[9:12])
    Path("in/bad.png").write_bytes(b"no picture")
    pages[12].save("in/d.jpg")


def start(*args: str, slow: float = 0.0) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", PROGRAM, "in", "--pages", "1-9", "--workers", "1", *args]
    return subprocess.Popen(command, stderr=subprocess.PIPE, env={**os.environ, "SLOW": str(slow)})


def run(*args: str) -> str:
    process = start(*args)
    error = process.communicate(timeout=200)[1].decode()
    assert process.returncode == 5, error
    return error


def seen() -> int:
    """How many pages the network has seen since this was last asked."""
    count = len(Path("seen").read_text()) if Path("seen").exists() else 0
    Path("seen").unlink(missing_ok=True)
    return count


def files() -> set[str]:
    return {path.name for path in Path().iterdir()} - {"in", "seen"}


def content(path: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in path.iterdir()} if path.is_dir() else {"": path.read_bytes()}


@pytest.mark.parametrize("out", ["boxes.json", "boxes.jsonl", "folder/"])
def test_killed_at_any_moment_nothing_is_lost_or_doubled(out: str) -> None:
    run("-o", out)
    whole = content(Path(out))
    assert seen() == PAGES
    names = files()
    rng = random.Random(out)
    total = 0
    for _ in range(4):
        process = start("-o", f"r{out}", "--resume", "--force", slow=0.2)
        time.sleep(rng.uniform(0.5, 6))
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)
        total += seen()
    run("-o", f"r{out}", "--resume", "--force")
    total += seen()
    assert content(Path(f"r{out}")) == whole
    # A page that was in the network, or done but not yet written down, may be done again: a few for each kill.
    assert PAGES <= total <= PAGES + 4 * 4
    # What was being written when SIGKILL came is removed by the next run.
    assert files() - names == {f"r{out}".rstrip("/"), f"r{out}".rstrip("/") + ".ledger"}
    run("-o", f"r{out}", "--resume", "--force")
    assert seen() == 0, "everything was done"
    assert content(Path(f"r{out}")) == whole


def test_what_an_interrupted_run_did_is_not_done_again() -> None:
    process = start("-o", "boxes.jsonl", slow=0.3)
    while not Path("boxes.jsonl").exists() or len(Path("boxes.jsonl").read_bytes().splitlines()) < 4:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    error = process.communicate(timeout=60)[1].decode()
    assert process.returncode == 130
    assert "--resume" in error
    lines = Path("boxes.jsonl").read_text().splitlines()
    assert all(json.loads(line)["status"] in {"ok", "failed"} for line in lines)
    before = seen()
    error = run("-o", "boxes.jsonl", "--resume")
    assert "are done already" in error
    assert PAGES <= before + seen() <= PAGES + 4
    resumed = Path("boxes.jsonl").read_bytes()
    run("-o", "boxes.jsonl")
    assert Path("boxes.jsonl").read_bytes() == resumed
    assert not Path("boxes.jsonl.ledger").exists(), "without --resume there is nothing to go on with"


def test_other_options_and_changed_files_are_done_again() -> None:
    run("-o", "boxes.json", "--resume")
    seen()
    error = run("-o", "boxes.json", "--resume", "--threshold", "0.2")
    assert "beginning anew" in error
    assert seen() == PAGES
    Image.new("L", (100, 100), 0).save("in/a.png")
    Path("in/b.pdf").rename("in/z.pdf")
    run("-o", "boxes.json", "--resume", "--threshold", "0.2")
    assert seen() == 1
    sources = [image["source"] for image in json.loads(Path("boxes.json").read_text())["images"]]
    assert sources[0] == "in/a.png"
    assert sources[-7:] == ["in/z.pdf"] * 7


@pytest.mark.skipif(sys.platform == "win32", reason="without locks")
def test_two_runs_do_not_write_one_ledger() -> None:
    first = start("-o", "boxes.json", "--resume", slow=0.3)
    while not Path("boxes.json.ledger").exists():
        time.sleep(0.05)
    first.send_signal(signal.SIGSTOP)
    second = start("-o", "boxes.json", "--resume")
    error = second.communicate(timeout=200)[1].decode()
    first.send_signal(signal.SIGCONT)
    first.communicate(timeout=200)
    assert second.returncode == 8
    assert "O805" in error
    assert first.returncode == 5
    run("-o", "whole.json")
    assert Path("boxes.json").read_bytes() == Path("whole.json").read_bytes()


def test_shards_together_are_the_whole() -> None:
    run("-o", "whole.json")
    parts = []
    for number in (1, 2):
        start("-o", f"{number}.json", "--shard", f"{number}/2").communicate(timeout=200)
        parts.append(json.loads(Path(f"{number}.json").read_text()))
    whole = json.loads(Path("whole.json").read_text())
    names = [image["file_name"] for part in parts for image in part["images"]]
    assert sorted(names) == sorted(image["file_name"] for image in whole["images"])
    assert sum(len(part["annotations"]) for part in parts) == len(whole["annotations"])


def test_a_shard_without_files_is_an_empty_output() -> None:
    process = start("-o", "9.json", "--shard", "9/9")
    process.communicate(timeout=200)
    assert process.returncode == 0
    document = json.loads(Path("9.json").read_text())
    assert document["images"] == []
    assert document["categories"]


@pytest.mark.parametrize(
    "args", [("--resume",), ("--shard", "0/3"), ("--shard", "4/3"), ("--shard", "x"), ("--workers", "-1")]
)
def test_usage_errors(args: tuple[str, ...]) -> None:
    process = start(*args)
    process.communicate(timeout=200)
    assert process.returncode == 2
