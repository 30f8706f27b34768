"""`predict` on Ray: actors that hold the model take parts of the files; Ray moves names and counts, no pages.

What an actor does with a part is told in `part_worker`, what is done from the folder of the run (`run_folder`).
"""

from __future__ import annotations

import json
import logging
import os
import socket
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from centernet_cli.core import errors
from centernet_cli.core.errors import CenterNetError, MissingRequirementError
from centernet_cli.core.records import Failure
from centernet_cli.inference.part_worker import PartJob, PartWorker

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from centernet_cli.inference.fs_paths import InputFile

PART_FILES = 64
"""Files a part has: what an actor that dies does again, and what makes a file of reasonable size."""
_STORE_BYTES = 100_000_000
"""Of shared memory for a Ray that is started here; only names and counts go through it."""
_KNOCK_SECONDS = 10.0
_SETTINGS = {
    # Ray starts workers with low priority (15); where others keep all processors busy they would hardly ever run.
    "RAY_worker_niceness": "0",
    # What its libraries in C++ log is for developers of Ray.
    "RAY_BACKEND_LOG_LEVEL": "fatal",
    "RAY_DATA_LOG_INTERNAL_STACK_TRACE_TO_STDOUT": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}


@dataclass(frozen=True, slots=True)
class PartDone:
    """What came of a part.

    Attributes:
        files: How many files it had.
        pages: How many pages succeeded.
        boxes: How many boxes of each class there are.
        failures: What could not be read or processed.
    """

    files: int
    pages: int
    boxes: dict[str, int]
    failures: tuple[Failure, ...]


def require_ray() -> None:
    """Find out, without importing it, which takes seconds, whether the library is there.

    Raises:
        MissingRequirementError: E712.
    """
    if any(find_spec(name) is None for name in ("ray", "fsspec", "pyarrow")):
        raise _missing()


def _missing() -> MissingRequirementError:
    return MissingRequirementError("E712", "--engine ray needs ray[data]", hint="pip install 'centernet-cli[ray]'")


def _import_ray() -> Any:
    for name, value in _SETTINGS.items():
        os.environ.setdefault(name, value)
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise _missing() from error
    return ray


def predict_on_ray(
    files: Sequence[InputFile], job: PartJob, *, address: str | None, actors: int | None
) -> Iterator[PartDone]:
    """Do all files, in any order, and yield what came of each part.

    Args:
        files: What isn't done yet.
        job: What to do with them.
        address: Of a Ray cluster; None: Ray is started on this machine, if it isn't running in this process.
        actors: How many hold the model; None: as many as the cluster has processors (GPUs, with `cuda`).

    Raises:
        MissingRequirementError: E712, Ray is missing; E718, the cluster cannot be reached, or its machines cannot
            do it; E719, actors keep dying.
        CenterNetError: What an actor raised: the model cannot be used, the output not written.
    """
    if not files:
        return
    ray = _import_ray()
    with _connected(ray, address, actors):
        try:
            yield from _run(ray, files, job, actors)
        except ray.exceptions.RayError as error:
            raise MissingRequirementError("E718", f"Ray failed: {_last_line(error)}", path=address) from error


@contextmanager
def _connected(ray: Any, address: str | None, actors: int | None) -> Iterator[None]:
    if ray.is_initialized():
        yield
        return
    address = address or os.environ.get("RAY_ADDRESS")
    here = {"include_dashboard": False, "object_store_memory": _STORE_BYTES, "num_cpus": actors}
    try:
        if address is not None:
            _knock(address)
        with _silent():
            ray.init(address=address, log_to_driver=False, logging_level="error", **({} if address else here))
    except (RuntimeError, ValueError, OSError) as error:
        raise MissingRequirementError("E718", f"Ray cannot be reached: {_one_line(error)}", path=address) from error
    try:
        yield
    finally:
        ray.shutdown()


def _knock(address: str) -> None:
    """Find out soon whether anybody listens at an address; Ray itself tries for many minutes.

    Raises:
        OSError: Nobody does.
    """
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if host and port.isdigit():
        socket.create_connection((host.strip("[]"), int(port)), _KNOCK_SECONDS).close()


@contextmanager
def _silent() -> Iterator[None]:
    """Keep what libraries in C++ write to stderr from the user; errors are raised all the same."""
    sys.stderr.flush()
    kept = os.dup(2)
    try:
        with Path(os.devnull).open("wb") as nothing:
            os.dup2(nothing.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _run(ray: Any, files: Sequence[InputFile], job: PartJob, actors: int | None) -> Iterator[PartDone]:
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)
    on_gpu = job.runtime.device.startswith("cuda")
    have = int(ray.cluster_resources().get("GPU" if on_gpu else "CPU", 0))
    if not have:
        what = "GPU" if on_gpu else "processor"
        raise MissingRequirementError("E718", f"Ray has no {what} to give", path="--engine")
    # Small runs have smaller parts, so that every actor has something to do.
    most = actors or have
    size = max(1, min(PART_FILES, -(-len(files) // (2 * most))))
    parts = [list(files[start : start + size]) for start in range(0, len(files), size)]
    count = min(most, len(parts))
    items = [{"files": json.dumps([[file.name, file.identity] for file in part])} for part in parts]
    dataset = ray.data.from_items(items, override_num_blocks=len(items)).map_batches(
        PartWorker,
        batch_size=1,
        batch_format="numpy",
        compute=ray.data.ActorPoolStrategy(
            min_size=1, initial_size=count, max_size=count, max_tasks_in_flight_per_actor=1
        ),
        fn_constructor_args=(job, str(Path.cwd())),
        **({"num_gpus": 1} if on_gpu else {"num_cpus": 1}),
    )
    for row in dataset.iter_rows():
        found = json.loads(row["done"])
        if "error" in found:
            raise _raised(found["error"])
        failures = tuple(Failure(**failure) for failure in found["failures"])
        yield PartDone(found["count"], found["pages"], found["boxes"], failures)


def _raised(told: list[Any]) -> CenterNetError:
    kind, code, message, path, hint = told
    return getattr(errors, kind)(code, message, path=path or None, hint=hint)  # type: ignore[no-any-return]


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _last_line(error: Exception) -> str:
    """Return what matters of an error that holds the traceback of another process."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
