"""What an actor does: takes parts of the files, and writes a file of pages for each into the folder of the run.

Reading, the network and the formats are those of the local engine (`stream`, `sinks`).
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections import Counter
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from centernet_cli.core.errors import CenterNetError, OutputError
from centernet_cli.core.records import Failure
from centernet_cli.inference.fetch_ahead import FetchAhead
from centernet_cli.inference.fs_folder import put, read_bytes
from centernet_cli.inference.fs_paths import InputFile
from centernet_cli.inference.joint import joined, joint_classes
from centernet_cli.inference.open_runtime import open_runtime
from centernet_cli.inference.output import describe
from centernet_cli.inference.part_tries import PartTries
from centernet_cli.inference.run_folder import ledger_of
from centernet_cli.inference.run_lock import held_by
from centernet_cli.inference.sinks.json_lines import JsonLinesSink
from centernet_cli.inference.sinks.parquet import ParquetSink
from centernet_cli.inference.sinks.sink import Header
from centernet_cli.inference.stream import StreamOptions, predict_files
from centernet_cli.pages.failure import failure_of

if TYPE_CHECKING:
    from centernet_cli.inference.overrides import Overrides
    from centernet_cli.inference.pipeline import PipelineOptions
    from centernet_cli.inference.runtime import Runtime, RuntimeOptions
    from centernet_cli.inference.sinks.sink import PageSink
    from centernet_cli.inference.stream import Done
    from centernet_cli.pages.options import PageOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class PartJob:
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
        run: Id of the run's lock: when another run has it, nothing more is written. Empty: there is none.
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
    run: str = ""
    options: dict[str, object] = field(default_factory=dict)

    @property
    def ledger(self) -> str:
        """The folder of the ledger."""
        return ledger_of(self.out)


@dataclass(slots=True)
class _Tally:
    """What came of a part so far."""

    done: set[str] = field(default_factory=set)
    count: int = 0
    pages: int = 0
    boxes: Counter[str] = field(default_factory=Counter)
    failures: list[Failure] = field(default_factory=list)
    unread: list[Failure] = field(default_factory=list)

    def entry(self) -> dict[str, Any]:
        """Return it as the ledger has it; what could not be fetched isn't done, so the next run tries it again."""
        return {
            "files": sorted(self.done),
            "count": self.count,
            "pages": self.pages,
            "boxes": dict(self.boxes),
            "failures": [_told(one) for one in self.failures],
        }


class PartWorker:
    """Does parts, in an actor; Ray starts another one when it dies, and gives that the part again.

    Args:
        job: What to do.
        folder: Names of local files are relative to it.
    """

    def __init__(self, job: PartJob, folder: str) -> None:
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
        if (content := read_bytes(job.ledger, f"{name}.json")) is not None:  # the actor died after the last step
            known: dict[str, Any] = json.loads(content)
            return known
        tries = PartTries(job.ledger, name)
        runtimes = self._open()
        header = Header(
            classes=joint_classes(runtime.meta.classes for runtime in runtimes),
            info=describe(runtimes, job.threshold, job.options),
        )
        with tempfile.TemporaryDirectory(prefix="centernet-") as folder:
            local = Path(folder) / f"{name}.{job.kind}"
            sink: PageSink = ParquetSink(local) if job.kind == "parquet" else JsonLinesSink(local)
            sink.start(header)
            try:
                tally = self._files(files, tries, Path(folder), sink)
                sink.finish()
            except BaseException:
                sink.discard()
                raise
            entry = tally.entry()
            if tally.done:
                self._put(local, job.out)
                ledger = Path(folder) / f"{name}.json"
                ledger.write_text(json.dumps(entry), encoding="utf-8")
                self._put(ledger, job.ledger)
        tries.end()
        return {**entry, "failures": [*entry["failures"], *map(_told, tally.unread)]}

    def _put(self, local: Path, folder: str) -> None:
        job = self._job
        if job.run and not held_by(job.ledger, job.run):
            raise OutputError("O805", "another run has taken over, or this one has ended", path=job.out)
        put(local, folder, local.name)

    def _files(self, files: list[InputFile], tries: PartTries, folder: Path, sink: PageSink) -> _Tally:
        tally = _Tally(count=len(files))
        if not tries.careful:
            self._predict(files, folder, sink, tally)
            return tally
        for file in files:
            if not tries.deadly(file):
                tries.begin(file)
                self._predict([file], folder, sink, tally)
                continue
            failure = Failure(source=file.name, page=None, code="R703", message="the file killed its actor twice")
            tally.done.add(file.identity)
            tally.failures.append(failure)
            sink.fail(failure)
        return tally

    def _predict(self, files: list[InputFile], folder: Path, sink: PageSink, tally: _Tally) -> None:
        # One process reads pages, so that one that crashes or hangs it fails alone, and not the actor.
        stream = StreamOptions(workers=1)
        with FetchAhead(files, folder, self._folder) as fetched:
            streams = [
                predict_files(fetched.paths(), self._job.pages, partial(_same, runtime), self._job.pipeline, stream)
                for runtime in self._open()
            ]
            last: Path | None = None
            for item in joined(streams):
                if last is not None and item.path != last:
                    fetched.drop(last)
                last = item.path
                self._add(item, fetched.file_at(item.path), sink, tally)
            for file, error in fetched.failures.items():
                tally.unread.append(failure_of(error, file.name))

    @staticmethod
    def _add(item: Done, file: InputFile, sink: PageSink, tally: _Tally) -> None:
        if isinstance(item.result, Failure):
            failure = replace(item.result, source=file.name)
            if failure.code == "I110" and file.identity not in tally.done:
                tally.unread.append(failure)  # it may be there the next time, or on another machine
                return
            tally.done.add(file.identity)
            tally.failures.append(failure)
            sink.fail(failure)
            return
        tally.done.add(file.identity)
        record = item.result.record
        sink.add(replace(item.result, record=replace(record, info=replace(record.info, source=file.name))))
        tally.pages += 1
        tally.boxes.update(annotation.label for annotation in record.annotations)


def _same(runtime: Runtime) -> Runtime:
    return runtime


def _told(failure: Failure) -> dict[str, object]:
    return {"source": failure.source, "code": failure.code, "message": failure.message, "page": failure.page}
