"""`predict --engine ray` on a cluster of two nodes, with everything going wrong that can be made to."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.inference.parts import NAMES, SAMPLES, boxes, by_local_engine, lines_of
else:
    from parts import NAMES, SAMPLES, boxes, by_local_engine, lines_of

_CLUSTER = """
import sys
from ray.cluster_utils import Cluster
node = {"num_cpus": 1, "object_store_memory": 100_000_000}
cluster = Cluster(initialize_head=True, head_node_args=node)
cluster.add_node(**node)
print("at", cluster.address, flush=True)
sys.stdin.read()
cluster.shutdown()
"""
_HANGING = """
import os, signal, sys, time
from centernet_cli.pages import reader

opened = reader.FileReader.__init__

def hostile(self, path, options):
    if path.name == "hang.jpg":
        time.sleep(1000)
    if path.name == "crash.jpg":
        os.kill(os.getpid(), signal.SIGSEGV)
    opened(self, path, options)

reader.FileReader.__init__ = hostile
"""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Every Python process below has files that hang or crash the process that reads them."""
    site = tmp_path / "site"
    site.mkdir()
    (site / "hostile_reader.py").write_text(_HANGING)
    (site / "sitecustomize.py").write_text(
        "import sys\nif 'centernet_cli.inference.page_worker' in ' '.join(sys.orig_argv): import hostile_reader\n"
    )
    # Niced workers starve on a busy machine.
    return {**os.environ, "RAY_worker_niceness": "0", "PYTHONPATH": str(site)}


@contextmanager
def cluster(environment: dict[str, str]) -> Iterator[tuple[str, int]]:
    """Give the address and the session of a cluster of two nodes with a processor each."""
    with subprocess.Popen(
        [sys.executable, "-c", _CLUSTER],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield next(line.split()[1] for line in process.stdout if line.startswith("at ")), process.pid
        finally:
            process.stdin.close()


def actors(session: int) -> list[int]:
    """Return the processes of a cluster that are actors with the model."""
    found = []
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            if entry.name.isdigit() and os.getsid(int(entry.name)) == session:
                name = (entry / "cmdline").read_bytes()
                if b"ray::" in name and b"MapWorker(" in name:
                    found.append(int(entry.name))
    return found


def predict(environment: dict[str, str], *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "centernet_cli", "predict", "--engine", "ray", *map(str, arguments)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.skipif(sys.platform != "linux", reason="finds actors in /proc")
def test_two_nodes_with_killed_actors_hostile_pages_and_a_killed_run(tmp_path, environment):
    pytest.importorskip("ray", reason="the extra `ray` is not installed")
    inputs = tmp_path / "in"
    inputs.mkdir()
    for name in NAMES:
        (inputs / name).write_bytes((SAMPLES / name).read_bytes())
    for name in ("hang.jpg", "crash.jpg"):
        (inputs / name).write_bytes((SAMPLES / "note-en.jpg").read_bytes())
    (inputs / "bad.png").write_bytes(b"no picture")
    out = tmp_path / "parts"
    with cluster(environment) as (address, session):
        options = (inputs, "--ray-address", address, "--workers", 2, "--out", out, "--page-timeout", 15)
        with predict(environment, *options) as run:
            # Wait until a part is being done, kill who does it, and then the whole run.
            while not list(out.glob("_ledger/*.tries")) and run.poll() is None:
                time.sleep(0.05)
            victims = actors(session)
            assert victims
            os.kill(victims[0], signal.SIGKILL)
            while not list(out.glob("_ledger/part-*.json")) and run.poll() is None:
                time.sleep(0.05)
            run.kill()
            run.communicate()
        with predict(environment, *options) as refused:
            assert "O803" in refused.communicate()[1]
            assert refused.returncode == 8
        with predict(environment, *options, "--resume", "--json") as run:
            told, talk = run.communicate()
        assert run.returncode == 5, talk
        with predict(environment, *options, "--resume", "--json") as again:
            assert json.loads(again.communicate()[0]) == json.loads(told)
    assert "files are done already" in talk
    assert "Traceback" not in talk
    assert json.loads(told)["failed"] == 3
    rows = boxes(lines_of(out))
    failed = {name for (name, _), found in rows.items() if not found}
    assert failed == {"hang.jpg", "crash.jpg", "bad.png"}
    codes = {
        row["source"].rsplit("/", 1)[-1]: row.get("error", {}).get("code") for row in map(json.loads, lines_of(out))
    }
    assert (codes["hang.jpg"], codes["crash.jpg"], codes["bad.png"]) == ("R704", "R703", "I102")
    expected = by_local_engine(tmp_path)
    assert {key: found for key, found in rows.items() if key[0] not in failed} == expected
    assert not list(out.glob("_ledger/*.tries"))
    assert not (out / "_ledger" / "run.lock").exists()
