"""`predict` on Ray: actors that hold the model take parts of the files and write a file of pages for each part.

Reading, the network and the formats are those of the local engine (`stream`, `sinks`). What is done is known from
the ledger: a small file beside each output, written after it. An output without one is of a run that was cut off; it is
deleted, and its files are done again.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from centernet_cli.core.errors import CenterNetError, InputError, MissingRequirementError, OutputError
from centernet_cli.core.records import Failure
from centernet_cli.inference.fs_paths import InputFile, fetch, is_remote, listing, put, read_bytes, remove
from centernet_cli.inference.joint import joined, joint_classes
from centernet_cli.inference.open_runtime import RuntimeOptions, open_runtime
from centernet_cli.inference.output import describe
from centernet_cli.inference.sinks.json_lines import JsonLinesSink
from centernet_cli.inference.sinks.parquet import ParquetSink
from centernet_cli.inference.sinks.sink import Header
from centernet_cli.inference.stream import StreamOptions, predict_files
from centernet_cli.pages.failure import failure_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from centernet_cli.inference.overrides import Overrides
    from centernet_cli.inference.pipeline import PipelineOptions
    from centernet_cli.inference.runtime import Runtime
    from centernet_cli.inference.sinks.sink import PageSink
    from centernet_cli.pages.options import PageOptions

PART_FILES = 64
"""Files a part has: what an actor that dies does again, and what makes a file of reasonable size."""
_LEDGER = "_ledger"


@dataclass(frozen=True, slots=True, kw_only=True)
class RayJob:
    """What every actor has to know.

    Attributes:
        models: Names, or absolute paths that all machines have.
        runtime: What runs them; an actor has one processor, or one GPU.
        overrides: What to do otherwise than the models say.
        threshold: Least score; None: the models' own.
        pipeline: Size, batches, tiles.
        pages: How files are read.
        out: Folder, or its address, of the parts.
        kind: Format of the parts.
        key: Name of everything that decides which boxes are found.
        options: For the outputs' `info`.
    """

    models: tuple[str, ...]
    runtime: RuntimeOptions
    overrides: Overrides
    threshold: float | None
    pipeline: PipelineOptions
    pages: PageOptions
    out: str
    kind: Literal["jsonl", "parquet"]
    key: str
    options: dict[str, object] = field(default_factory=dict)

    @property
    def ledger(self) -> str:
        """The folder of the ledger."""
        return f"{self.out.rstrip('/')}/{_LEDGER}"


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


def require_ray() -> Any:
    """Return the library.

    Raises:
        MissingRequirementError: E712.
    """
    try:
        import ray
        import ray.data
    except ImportError as error:
        hint = "pip install 'centernet-cli[ray]'"
        raise MissingRequirementError("E712", "--engine ray needs ray[data]", hint=hint) from error
    return ray


def remaining(files: Sequence[InputFile], job: RayJob) -> list[InputFile]:
    """Return what isn't done yet, and delete outputs that are not in the ledger.

    Raises:
        OutputError: O801; O803, the folder holds parts of another model or of other options.
    """
    done: set[str] = set()
    names = [name for name in listing(job.ledger) if name.endswith(".json")]
    for name in names:
        entry = json.loads(read_bytes(job.ledger, name))
        if entry["options"] != job.key:
            hint = "choose another --out"
            raise OutputError("O803", "holds boxes of another model or of other options", path=job.out, hint=hint)
        done.update(entry["files"])
    complete = {Path(name).stem for name in names}
    for name in listing(job.out):
        if name.startswith("part-") and Path(name).stem not in complete:
            remove(job.out, name)
    return [file for file in files if file.identity not in done]


def predict_on_ray(
    files: Sequence[InputFile], job: RayJob, *, address: str | None, actors: int | None
) -> Iterator[PartDone]:
    """Do all files, in any order, and yield what came of each part.

    Args:
        files: What isn't done yet.
        job: What to do with them.
        address: Of a Ray cluster; None: Ray is started on this machine, if it isn't running in this process.
        actors: How many hold the model; None: as many as the cluster has processors (GPUs, with `cuda`).

    Raises:
        MissingRequirementError: E712, Ray is missing; E717, the cluster cannot be reached.
        CenterNetError: What an actor raised: the model cannot be used, the output not written.
    """
    ray = require_ray()
    started = not ray.is_initialized()
    if started:
        try:
            ray.init(
                address=address,
                log_to_driver=False,
                logging_level="error",
                **({} if address else {"include_dashboard": False}),
            )
        except (ConnectionError, RuntimeError, ValueError) as error:
            reason = " ".join(str(error).split())
            raise MissingRequirementError("E717", f"Ray cannot be reached: {reason}", path=address) from error
    try:
        yield from _run(ray, files, job, actors)
    finally:
        if started:
            ray.shutdown()


def _run(ray: Any, files: Sequence[InputFile], job: RayJob, actors: int | None) -> Iterator[PartDone]:
    ray.data.DataContext.get_current().enable_progress_bars = False
    on_gpu = job.runtime.device.startswith("cuda")
    have = int(ray.cluster_resources().get("GPU" if on_gpu else "CPU", 1))
    # Small runs have smaller parts, so that every actor has something to do.
    most = actors or max(1, have)
    size = max(1, min(PART_FILES, -(-len(files) // (2 * most))))
    parts = [list(files[start : start + size]) for start in range(0, len(files), size)]
    if not parts:
        return
    items = [{"files": json.dumps([[file.name, file.identity] for file in part])} for part in parts]
    dataset = ray.data.from_items(items, override_num_blocks=len(items)).map_batches(
        PartWorker,
        batch_size=1,
        batch_format="numpy",
        compute=ray.data.ActorPoolStrategy(min_size=1, max_size=min(most, len(parts))),
        fn_constructor_args=(job, str(Path.cwd())),
        **({"num_gpus": 1} if on_gpu else {"num_cpus": 1}),
    )
    for row in dataset.iter_rows():
        found = json.loads(row["done"])
        if "error" in found:
            raise _raised(found["error"])
        failures = tuple(Failure(**failure) for failure in found["failures"])
        yield PartDone(found["count"], found["pages"], found["boxes"], failures)


class PartWorker:
    """Does parts, in an actor; Ray starts another one when it dies, and gives that the part again.

    Args:
        job: What to do.
        folder: Names of local files are relative to it.
    """

    def __init__(self, job: RayJob, folder: str) -> None:
        self._job = job
        self._folder = Path(folder)
        self._runtimes: list[Runtime] = []

    def __call__(self, batch: dict[str, Any]) -> dict[str, list[str]]:
        """Do one part; errors that end the run come back as values, for Ray would wrap them."""
        files = [InputFile(*file) for file in json.loads(str(batch["files"][0]))]
        try:
            done = self._part(files)
        except CenterNetError as error:
            kind = type(error).__name__
            done = {"error": [kind, error.code, error.message, str(error.path or ""), error.hint]}
        return {"done": [json.dumps(done)]}

    def _open(self) -> list[Runtime]:
        job = self._job
        if not self._runtimes:
            options = replace(job.runtime, threads=1)
            self._runtimes = [
                open_runtime(name, options, overrides=job.overrides, min_score=job.threshold) for name in job.models
            ]
        return self._runtimes

    def _part(self, files: list[InputFile]) -> dict[str, Any]:
        job = self._job
        identity = "\n".join([job.key, *(file.identity for file in files)])
        name = f"part-{hashlib.sha256(identity.encode('utf-8', 'surrogateescape')).hexdigest()[:16]}"
        with suppress(FileNotFoundError):  # the actor died after the last step
            known: dict[str, Any] = json.loads(read_bytes(job.ledger, f"{name}.json"))
            return known
        runtimes = self._open()
        classes = joint_classes(runtime.meta.classes for runtime in runtimes)
        header = Header(classes=classes, info=describe(runtimes, job.threshold, job.options))
        with tempfile.TemporaryDirectory(prefix="centernet-") as folder:
            local = Path(folder) / f"{name}.{job.kind}"
            sink: PageSink = ParquetSink(local) if job.kind == "parquet" else JsonLinesSink(local)
            sink.start(header)
            try:
                entry = self._predict(files, Path(folder), sink)
                sink.finish()
            except BaseException:
                sink.discard()
                raise
            put(local, job.out, local.name)
            ledger = Path(folder) / f"{name}.json"
            ledger.write_text(json.dumps({"options": job.key, **entry}), encoding="utf-8")
            put(ledger, job.ledger, ledger.name)
        return entry

    def _predict(self, files: list[InputFile], folder: Path, sink: PageSink) -> dict[str, Any]:
        here: dict[Path, InputFile] = {}
        failures: list[Failure] = []
        done = set()
        for file in files:
            try:
                place = fetch(file.name, folder)
            except InputError as error:  # isn't in the ledger: the next run tries again
                failures.append(failure_of(error, file.name))
                continue
            if not file.identity.endswith("||"):  # what cannot be looked at may be there the next time
                done.add(file.identity)
            here[place if is_remote(file.name) else self._folder / place] = file
        pages, boxes = 0, Counter[str]()
        # One process reads pages, so that one that crashes or hangs it fails alone, and not the actor.
        stream = StreamOptions(workers=1)
        streams = [
            predict_files(list(here), self._job.pages, partial(_same, runtime), self._job.pipeline, stream)
            for runtime in self._open()
        ]
        for item in joined(streams):
            name = here[item.path].name
            if isinstance(item.result, Failure):
                failure = replace(item.result, source=name)
                failures.append(failure)
                sink.fail(failure)
                continue
            record = item.result.record
            record = replace(record, info=replace(record.info, source=name))
            sink.add(replace(item.result, record=record))
            pages += 1
            boxes.update(annotation.label for annotation in record.annotations)
        return {
            "files": sorted(done),
            "count": len(files),
            "pages": pages,
            "boxes": dict(boxes),
            "failures": [
                {"source": one.source, "code": one.code, "message": one.message, "page": one.page} for one in failures
            ],
        }


def _same(runtime: Runtime) -> Runtime:
    return runtime


def _raised(told: list[Any]) -> CenterNetError:
    from centernet_cli.core import errors

    kind, code, message, path, hint = told
    return getattr(errors, kind)(code, message, path=path or None, hint=hint)  # type: ignore[no-any-return]
