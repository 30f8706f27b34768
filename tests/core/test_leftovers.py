"""What killed processes left behind goes; what belongs to anybody else stays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from centernet_cli.core import leftovers
from centernet_cli.core.leftovers import sweep, temporary_name
from centernet_cli.core.safe_io import atomic_folder, atomic_write_bytes


@pytest.fixture(autouse=True)
def _forgetful(monkeypatch):
    monkeypatch.setattr(leftovers, "_swept", set())


def gone() -> int:
    """The number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def name_of(pid: int) -> str:
    return temporary_name().replace(f"-{os.getpid()}-", f"-{pid}-")


def folder_with(folder):
    with atomic_folder(folder) as stage:
        (stage / "x").write_bytes(b"x")


@pytest.mark.parametrize("write", [lambda folder: atomic_write_bytes(folder / "x", b"x"), folder_with])
def test_the_next_run_that_writes_there_removes_them(tmp_path, write):
    (tmp_path / name_of(gone())).write_bytes(b"half")
    (tmp_path / name_of(gone())).mkdir()
    (tmp_path / name_of(gone()) / "deeper").mkdir(parents=True)
    write(tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["x"]


def test_those_of_others_stay(tmp_path):
    # Alive, of another machine, of an older version of the program, no number of a process, somebody's own file.
    names = [
        name_of(os.getppid()),
        f".centernet-00000000-{gone()}-0123456789abcdef.tmp",
        ".centernet-0123456789abcdef.tmp",
        name_of(10**30),
        f".centernet-{gone()}.tmp",
        "mine.tmp",
    ]
    for name in names:
        (tmp_path / name).write_bytes(b"")
    sweep(tmp_path)
    assert {entry.name for entry in tmp_path.iterdir()} == set(names)


def test_links_are_not_followed(tmp_path):
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "file").write_bytes(b"")
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / name_of(gone())).symlink_to(tmp_path / "kept")
    sweep(folder)
    assert list(folder.iterdir()) == []
    assert (tmp_path / "kept" / "file").exists()


def test_folders_that_are_missing_or_closed_are_no_error(tmp_path):
    sweep(tmp_path / "nowhere")
    (tmp_path / "file").write_bytes(b"")
    sweep(tmp_path / "file")


def test_a_killed_writer_leaves_one_that_is_swept(tmp_path):
    program = (
        "import pathlib, sys, time\n"
        "from centernet_cli.core.safe_io import atomic_path\n"
        "with atomic_path(pathlib.Path(sys.argv[1]) / 'out') as temporary:\n"
        "    temporary.write_bytes(b'half')\n"
        "    print('writing', flush=True)\n"
        "    time.sleep(60)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"writing\n"
    sweep(tmp_path)
    (left,) = tmp_path.iterdir()
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    # A process looks at a folder once.
    sweep(tmp_path)
    assert left.exists()
    leftovers._swept.clear()
    sweep(tmp_path)
    assert not left.exists()
