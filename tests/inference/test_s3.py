"""Pages from S3 and boxes to S3, on a server of this machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from centernet_cli.core.errors import InputError, OutputError, UsageError
from centernet_cli.inference.fs_folder import create, listing, put, read_bytes, read_many, remove, write_bytes
from centernet_cli.inference.fs_paths import fetch, find_files
from centernet_cli.inference.part_worker import PartWorker
from centernet_cli.inference.run_folder import prepare_folder
from centernet_cli.inference.run_lock import RunLock

if TYPE_CHECKING:
    from tests.inference.parts import SAMPLES, boxes, by_local_engine, do_part, job
else:
    from parts import SAMPLES, boxes, by_local_engine, do_part, job

pytest.importorskip("s3fs")
_SERVER = """
import logging, sys
logging.getLogger("werkzeug").setLevel(logging.ERROR)
from moto.server import ThreadedMotoServer

server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
server.start()
print("http://%s:%d" % server.get_host_and_port(), flush=True)
sys.stdin.read()
server.stop()
"""
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture(scope="module")
def address():
    with subprocess.Popen(
        [sys.executable, "-c", _SERVER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        yield next(line.strip() for line in server.stdout if line.startswith("http://127.0.0.1:"))
        server.stdin.close()


@pytest.fixture
def settings(address, monkeypatch, tmp_path):
    """What connects to the server, and to nothing else."""
    import s3fs

    for name, value in {
        "AWS_ENDPOINT_URL": address,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": str(tmp_path / "none"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
    }.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    s3fs.S3FileSystem.clear_instance_cache()
    yield
    s3fs.S3FileSystem.clear_instance_cache()


@pytest.fixture
def bucket(settings, monkeypatch, tmp_path):
    import fsspec

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "somebody")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "something")
    name = tmp_path.name.replace("_", "-")
    fsspec.filesystem("s3").mkdir(name)
    return f"s3://{name}"


def upload(bucket: str, *names: str) -> None:
    for name in names:
        put(SAMPLES / name, f"{bucket}/in", name)


def test_small_files(bucket):
    folder = f"{bucket}/out"
    assert listing(folder) == []
    assert create(folder, "a", b"1")
    assert not create(folder, "a", b"2")
    assert read_bytes(folder, "a") == b"1"
    assert read_bytes(folder, "b") is None
    write_bytes(folder, "a", b"3")
    write_bytes(folder, "b", b"4")
    assert list(read_many(folder, ["a", "none", "b"])) == [("a", b"3"), ("b", b"4")]
    remove(folder, ["a", "none"])
    assert listing(folder) == ["b"]


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_a_run_reads_and_writes_s3(bucket, tmp_path, kind):
    upload(bucket, "note-en.jpg", "letter-de.pdf")
    out = f"{bucket}/boxes"
    files = find_files([f"{bucket}/in"])
    assert [file.name for file in files] == [f"{bucket}/in/letter-de.pdf", f"{bucket}/in/note-en.jpg"]
    with RunLock(f"{out}/_ledger") as lock:
        assert prepare_folder(files, out, {}, resume=False, force=False).files == files
        done = do_part(PartWorker(job(out, kind, run=lock.id), str(tmp_path)), files)
        assert done["pages"] == 2, done
    assert prepare_folder(files, out, {}, resume=True, force=False).files == []
    (name,) = [name for name in listing(out) if name.endswith(kind)]
    assert fetch(f"{out}/{name}", tmp_path).stat().st_size
    if kind == "jsonl":
        content = read_bytes(out, name)
        assert content is not None
        lines = content.decode().splitlines()
        assert boxes(lines) == by_local_engine(tmp_path, "note-en.jpg", "letter-de.pdf")
        assert json.loads(lines[0])["source"] == f"{bucket}/in/letter-de.pdf"
    write = (SAMPLES / "form-pl.jpg").read_bytes()
    write_bytes(f"{bucket}/in", "note-en.jpg", write)  # another ETag
    again = find_files([f"{bucket}/in"])
    assert prepare_folder(again, out, {}, resume=True, force=False).files == again, "they share a part"
    assert [name for name in listing(out) if name.startswith("part-")] == []


def test_what_is_not_there(bucket, tmp_path):
    upload(bucket, "note-en.jpg")
    with pytest.raises(InputError, match="I111"):
        find_files([f"{bucket}/none"])
    with pytest.raises(InputError, match="bucket does not exist"):
        find_files([f"{bucket}-none/in"])
    files = find_files([f"{bucket}/in", f"{bucket}/gone.pdf"])
    done = do_part(PartWorker(job(f"{bucket}/out"), str(tmp_path)), files)
    assert done["pages"] == 1
    assert [(one["source"], one["code"]) for one in done["failures"]] == [(f"{bucket}/gone.pdf", "I110")]
    with pytest.raises(OutputError, match="bucket does not exist") as caught, RunLock(f"{bucket}-none/out/_ledger"):
        pass
    assert caught.value.code == "O801"
    listed = tmp_path / "list.txt"
    listed.write_text(f"{bucket}/in/note-en.jpg\n{SAMPLES / 'form-pl.jpg'}\n")
    assert len(find_files([f"@{listed}"])) == 2


def test_without_credentials_one_line_says_so(settings, tmp_path):
    pytest.importorskip("ray", reason="the extra `ray` is not installed")
    for arguments in (["s3://pages/in", "--out", str(tmp_path / "out")], [str(SAMPLES), "--out", "s3://pages/out"]):
        command = [sys.executable, "-m", "centernet_cli", "predict", "--engine", "ray", *arguments]
        run = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "HOME": str(tmp_path)})
        assert run.returncode == (4 if "s3:" in arguments[0] else 8)
        assert run.stdout == ""
        (line,) = run.stderr.splitlines()
        assert line.startswith("s3://pages/")
        assert "credentials" in line


def test_permissions_and_unknown_file_systems(monkeypatch, tmp_path):
    from fsspec.implementations.memory import MemoryFileSystem

    def forbidden(*_, **__):
        raise PermissionError("Forbidden")

    for method in ("pipe_file", "ls", "cat_file", "rm_file", "put_file", "isfile", "get_file"):
        monkeypatch.setattr(MemoryFileSystem, method, forbidden)
    local = tmp_path / "x"
    local.write_bytes(b"")
    for work in (
        lambda: create("memory://out", "a", b""),
        lambda: write_bytes("memory://out", "a", b""),
        lambda: listing("memory://out"),
        lambda: read_bytes("memory://out", "a"),
        lambda: remove("memory://out", ["a"]),
        lambda: put(local, "memory://out", "a"),
        lambda: find_files(["memory://in"]),
        lambda: fetch("memory://in/a.png", Path(tmp_path)),
    ):
        with pytest.raises((OutputError, InputError), match=r"^memory:.* (O801|I110) .*Forbidden$"):
            work()
    with pytest.raises(UsageError, match="U719"):
        listing("nosuch://bucket/out")
