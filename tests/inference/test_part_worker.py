from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from centernet_cli.core.errors import MissingRequirementError
from centernet_cli.inference.fs_folder import listing, write_bytes
from centernet_cli.inference.fs_paths import InputFile, find_files
from centernet_cli.inference.part_tries import PartTries
from centernet_cli.inference.part_worker import PartWorker
from centernet_cli.inference.run_folder import ledger_of, prepare_folder

if TYPE_CHECKING:
    from tests.inference.parts import NAMES, SAMPLES, boxes, by_local_engine, do_part, job, lines_of
else:
    from parts import NAMES, SAMPLES, boxes, by_local_engine, do_part, job, lines_of

FILE = InputFile("a.png", "a.png|1|1")


def test_a_part_has_the_boxes_of_the_local_engine_and_is_done_once(tmp_path):
    files = find_files([f"file://{SAMPLES / name}" for name in NAMES] + [str(tmp_path / "missing.png")])
    out = tmp_path / "out"
    worker = PartWorker(job(str(out)), str(tmp_path))
    first = do_part(worker, files)
    assert [failure["code"] for failure in first["failures"]] == ["I110"]
    left = prepare_folder(files, str(out), {}, resume=True, force=True).files
    assert left == files, "the folder has no header, so nothing is believed"
    first = do_part(worker, files)
    lines = lines_of(out)
    assert boxes(lines) == by_local_engine(tmp_path)
    assert [name for name in listing(ledger_of(str(out))) if not name.startswith("part-")] == ["run.json"]
    left = prepare_folder(files, str(out), {}, resume=True, force=False).files
    assert [file.name for file in left] == [str(tmp_path / "missing.png")], "it may be there the next time"
    assert do_part(worker, files)["pages"] == first["pages"]
    assert lines_of(out) == lines


def test_bad_files_fail_alone(tmp_path):
    (tmp_path / "bad.png").write_bytes(b"no picture")
    (tmp_path / "cut.pdf").write_bytes((SAMPLES / "letter-de.pdf").read_bytes()[:300])
    files = find_files([str(tmp_path / "bad.png"), str(tmp_path / "cut.pdf"), str(SAMPLES / "note-en.jpg")])
    out = tmp_path / "out"
    done = do_part(PartWorker(job(str(out)), str(tmp_path)), files)
    assert done["pages"] == 1
    assert [failure["code"] for failure in done["failures"]] == ["I102", "P201"]
    rows = [json.loads(line) for line in lines_of(out)]
    assert [row["status"] for row in rows] == ["failed", "failed", "ok"]


def test_without_the_lock_nothing_is_written(tmp_path):
    out = str(tmp_path / "out")
    write_bytes(ledger_of(out), "run.lock", b'{"id": "another"}')
    files = find_files([str(SAMPLES / "note-en.jpg")])
    done = do_part(PartWorker(job(out, run="mine"), str(tmp_path)), files)
    assert isinstance(done["error"], list)
    assert done["error"][1] == "O805"
    assert listing(out) == ["_ledger"]


def test_tries_find_the_file_that_kills(tmp_path):
    other = InputFile("b.png", "b.png|1|1")
    first = PartTries(str(tmp_path), "part")
    assert not first.careful
    for _ in range(2):  # actors that do the part file by file, and die of the second
        again = PartTries(str(tmp_path), "part")
        assert again.careful
        assert not again.deadly(FILE)
        again.begin(FILE)
        again.begin(other)
    last = PartTries(str(tmp_path), "part")
    assert not last.deadly(FILE)
    assert last.deadly(other)
    last.end()
    assert not PartTries(str(tmp_path), "part").careful


def test_actors_that_die_without_a_file_end_the_run(tmp_path):
    for _ in range(5):
        PartTries(str(tmp_path), "part")
    with pytest.raises(MissingRequirementError) as caught:
        PartTries(str(tmp_path), "part")
    assert caught.value.code == "E719"


_DEADLY = """
import json, os, signal, sys
from centernet_cli.inference import part_worker
from centernet_cli.inference.fs_paths import find_files
from parts import do_part, job


predict = part_worker.predict_files

def predict_files(paths, *others):
    def deadly():
        for path in paths:
            if path.name == "deadly.jpg":
                os.kill(os.getpid(), signal.SIGKILL)
            yield path
    return predict(deadly(), *others)

part_worker.predict_files = predict_files
print(json.dumps(do_part(part_worker.PartWorker(job(sys.argv[1]), "."), find_files(sys.argv[2:]))))
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="kills processes")
def test_a_file_that_kills_its_actor_is_left_out(tmp_path):
    deadly = tmp_path / "deadly.jpg"
    deadly.write_bytes((SAMPLES / "note-en.jpg").read_bytes())
    names = [str(SAMPLES / "form-pl.jpg"), str(deadly), str(SAMPLES / "receipt-es.jpg")]
    command = [sys.executable, "-c", _DEADLY, str(tmp_path / "out"), *names]
    root = Path(__file__).parent
    for _ in range(3):
        killed = subprocess.run(command, capture_output=True, cwd=root)
        assert killed.returncode == -signal.SIGKILL, killed.stderr
    done = json.loads(subprocess.run(command, check=True, capture_output=True, cwd=root).stdout)
    assert done["pages"] == 2
    assert [(failure["source"], failure["code"]) for failure in done["failures"]] == [(str(deadly), "R703")]
    statuses = {Path(row["source"]).name: row["status"] for row in map(json.loads, lines_of(tmp_path / "out"))}
    assert statuses == {"form-pl.jpg": "ok", "deadly.jpg": "failed", "receipt-es.jpg": "ok"}
