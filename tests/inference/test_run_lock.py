from __future__ import annotations

import json
import subprocess
import sys
import time

import pytest

from centernet_cli.core.errors import OutputError
from centernet_cli.inference import run_lock
from centernet_cli.inference.fs_folder import listing, read_bytes, write_bytes
from centernet_cli.inference.run_lock import LOCK, RunLock, held_by


@pytest.fixture(params=["local", "memory"])
def folder(request, tmp_path):
    return str(tmp_path / "ledger") if request.param == "local" else f"memory://{tmp_path.name}/ledger"


def test_one_at_a_time(folder):
    with RunLock(folder) as lock:
        lock.check()
        assert held_by(folder, lock.id)
        # The process of this test is the one that holds it, which only happens where numbers of processes come again.
        write_bytes(folder, LOCK, json.dumps({"id": lock.id, "host": "elsewhere", "beat": time.time()}).encode())
        with pytest.raises(OutputError, match="another run writes here") as caught, RunLock(folder):
            pass
        assert caught.value.code == "O805"
        lock.check()
    assert listing(folder) == []


def test_what_a_killed_process_left_is_taken_over(folder):
    code = (
        "import os, sys; from centernet_cli.inference.run_lock import RunLock; "
        "lock = RunLock(sys.argv[1]); print(lock._content().decode())"
    )
    dead = subprocess.run([sys.executable, "-c", code, folder], check=True, capture_output=True, text=True).stdout
    write_bytes(folder, LOCK, dead.encode())
    with RunLock(folder) as lock:
        lock.check()


@pytest.mark.skipif(sys.platform != "linux", reason="when processes were started is read in /proc")
def test_a_living_process_of_this_machine_is_believed_however_long_it_was_silent(folder):
    code = (
        "import sys; from centernet_cli.inference.run_lock import RunLock; "
        "print(RunLock('x')._content().decode(), flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        who = json.loads(process.stdout.readline())
        write_bytes(folder, LOCK, json.dumps(who | {"beat": 0}).encode())
        with pytest.raises(OutputError), RunLock(folder):
            pass
        write_bytes(folder, LOCK, json.dumps(who | {"start": "another process of that number"}).encode())
        with RunLock(folder) as lock:
            lock.check()
        assert process.stdin is not None
        process.stdin.close()


def test_another_machine_is_believed_for_ten_minutes(folder):
    write_bytes(folder, LOCK, json.dumps({"id": "a", "host": "b", "beat": time.time() - 500}).encode())
    with pytest.raises(OutputError), RunLock(folder):
        pass
    write_bytes(folder, LOCK, json.dumps({"id": "a", "host": "b", "beat": time.time() - 700}).encode())
    with RunLock(folder) as lock:
        lock.check()


def test_who_was_taken_over_learns_it_and_leaves_the_lock_alone(folder):
    with RunLock(folder) as lock:
        write_bytes(folder, LOCK, b'{"id": "other", "host": "b"}')
        with pytest.raises(OutputError):
            lock.check()
        assert not held_by(folder, lock.id)
    assert read_bytes(folder, LOCK) == b'{"id": "other", "host": "b"}'


def test_the_lock_is_renewed(folder, monkeypatch):
    monkeypatch.setattr(run_lock, "BEAT_SECONDS", 0.01)
    with RunLock(folder) as lock:
        first = read_bytes(folder, LOCK)
        while read_bytes(folder, LOCK) == first:
            time.sleep(0.01)
        lock.check()
