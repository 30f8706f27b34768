from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from centernet_cli.core.errors import InputError, OutputError
from centernet_cli.inference.fs_paths import find_files, listing, put
from centernet_cli.inference.open_runtime import RuntimeOptions
from centernet_cli.inference.overrides import Overrides
from centernet_cli.inference.pipeline import PipelineOptions
from centernet_cli.inference.ray_engine import PartWorker, RayJob, remaining
from centernet_cli.pages.options import PageOptions

SAMPLES = Path(__file__).resolve().parents[2] / "sample_docs"
NAMES = ("note-en.jpg", "form-pl.jpg", "letter-de.pdf", "receipt-es.jpg")


def job(out: str, key: str = "k") -> RayJob:
    return RayJob(
        models=("lines",),
        runtime=RuntimeOptions(device="cpu"),
        overrides=Overrides(),
        threshold=None,
        pipeline=PipelineOptions(),
        pages=PageOptions(),
        out=out,
        kind="jsonl",
        key=key,
    )


def boxes(*files: Path) -> dict[object, object]:
    rows = [json.loads(line) for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    keys = [(Path(row["source"]).name, row["page"]) for row in rows]
    assert len(keys) == len(set(keys)), "nothing is doubled"
    return dict(zip(keys, (row["annotations"] for row in rows), strict=True))


def local(folder: Path) -> dict[object, object]:
    out = folder / "local.jsonl"
    names = [str(SAMPLES / name) for name in NAMES]
    subprocess.run([sys.executable, "-m", "centernet_cli", "predict", *names, "--out", str(out)], check=True)
    return boxes(out)


def test_a_changed_file_is_another_file(tmp_path):
    file = tmp_path / "a.png"
    file.write_bytes(b"one")
    before = find_files([f"file://{tmp_path}"])
    file.write_bytes(b"other")
    assert find_files([f"file://{tmp_path}"]) != before


def test_nothing_at_an_address(tmp_path):
    with pytest.raises(InputError) as caught:
        find_files([f"file://{tmp_path}"])
    assert caught.value.code == "I111"


def test_outputs_without_ledger_go_and_other_options_are_refused(tmp_path):
    (tmp_path / "entry").write_text(json.dumps({"options": "k", "files": ["one"]}), encoding="utf-8")
    out = str(tmp_path / "out")
    put(tmp_path / "entry", out, "part-1.jsonl")
    put(tmp_path / "entry", out, "part-2.jsonl")
    put(tmp_path / "entry", job(out).ledger, "part-1.json")
    assert remaining([], job(out)) == []
    assert listing(out) == ["_ledger", "part-1.jsonl"]
    with pytest.raises(OutputError):
        remaining([], job(out, "other"))


def test_a_part_has_the_boxes_of_the_local_engine_and_is_done_once(tmp_path):
    files = find_files([f"file://{SAMPLES / name}" for name in NAMES] + [str(tmp_path / "missing.png")])
    run = job(str(tmp_path / "out"))
    worker = PartWorker(run, str(tmp_path))
    part = {"files": [json.dumps([[file.name, file.identity] for file in files])]}
    first = json.loads(worker(part)["done"][0])
    assert [failure["code"] for failure in first["failures"]] == ["I110"]
    assert [file.name for file in remaining(files, run)] == [str(tmp_path / "missing.png")]
    (out,) = (tmp_path / "out").glob("part-*.jsonl")
    rows = [line for line in out.read_text(encoding="utf-8").splitlines() if '"status": "ok"' in line]
    out.write_text("\n".join(rows) + "\n", encoding="utf-8")
    assert boxes(out) == local(tmp_path)
    assert json.loads(worker(part)["done"][0])["pages"] == first["pages"]


_CLUSTER = """
import os, sys
from ray.cluster_utils import Cluster
cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "object_store_memory": 100_000_000})
cluster.add_node(num_cpus=1, object_store_memory=100_000_000)
print(cluster.address, flush=True)
sys.stdin.read()
cluster.shutdown()
"""


def actor(root: int) -> int | None:
    """Return the process of an actor that holds the model below a process of the cluster."""
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and b"ray::" in (entry / "cmdline").read_bytes():
                name = (entry / "cmdline").read_bytes()
                session = os.getsid(int(entry.name)) == os.getsid(root)
                if b"MapWorker(" in name and session:
                    return int(entry.name)
        except OSError:
            continue
    return None


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="finds actors in /proc")
def test_two_nodes_and_a_killed_actor_give_the_boxes_of_the_local_engine(tmp_path):
    pytest.importorskip("ray", reason="the extra `ray` is not installed")
    environment = {**os.environ, "RAY_worker_niceness": "0"}  # niced workers starve on a busy machine
    with subprocess.Popen(
        [sys.executable, "-c", _CLUSTER],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    ) as cluster:
        assert cluster.stdin is not None
        assert cluster.stdout is not None
        try:
            lines = iter(cluster.stdout.readline, "")
            address = next(line.strip() for line in lines if ":" in line and " " not in line.strip())
            out = tmp_path / "parts"
            names = [str(SAMPLES / name) for name in NAMES]
            options = ["--engine", "ray", "--ray-address", address, "--workers", "2", "--out", str(out)]
            command = [sys.executable, "-m", "centernet_cli", "predict", *names, *options]
            with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as run:
                victim = None
                while victim is None and run.poll() is None:
                    victim = actor(cluster.pid)
                    time.sleep(0.05)
                assert victim is not None
                os.kill(victim, signal.SIGKILL)
                assert run.wait(250) == 0
        finally:
            cluster.stdin.close()
    assert boxes(*out.glob("part-*.jsonl")) == local(tmp_path)
