"""One run of `centernet predict`: reads, predicts, draws, hands on, counts and reports."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from centernet_cli.cli import console
from centernet_cli.core.errors import CenterNetError, InputError, UsageError, printable
from centernet_cli.core.records import Failure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from centernet_cli.cli.predict_extras import PredictExtras
    from centernet_cli.core.records import PageInfo
    from centernet_cli.inference.ledger import Ledger
    from centernet_cli.inference.overrides import Overrides
    from centernet_cli.inference.runtime import Runtime, RuntimeOptions
    from centernet_cli.inference.sinks.sink import Header, PageSink, SeenPage
    from centernet_cli.inference.tasks import PageWork
    from centernet_cli.inference.tiles import TileOption
    from centernet_cli.inference.worker_pool import WorkerPool
    from centernet_cli.pages.source import PageOptions


LEAST_DPI = 110.0
"""Of large sheets in PDFs: text of 7 points is then about as high as the network needs."""


@dataclass(kw_only=True)
class PredictJob:
    """What to run, and what came of it.

    Attributes:
        model: Name, folder or file; or several, with commas between them.
        runtime: What runs it, and where.
        threshold: Least score; None: the model's.
        overrides: What to do otherwise than the model says.
        batch_size: Pages a batch.
        workers: Processes that read pages; None: as many as are of use.
        tile: As for `--tile`.
        fail_fast: Whether the first failure ends the run.
        options: What else the user chose that changes the boxes, for the output's `info`.
        pool: Workers that are starting already; the caller ends them.
        pages: How many pages succeeded.
        failed: How many inputs could not be read or processed.
        boxes: How many boxes of each class there are.
    """

    model: str
    runtime: RuntimeOptions
    threshold: float | None = None
    overrides: Overrides
    batch_size: int = 1
    workers: int | None = None
    tile: TileOption = "auto"
    fail_fast: bool = False
    options: dict[str, object] = field(default_factory=dict)
    pool: WorkerPool | None = None
    pages: int = 0
    failed: int = 0
    boxes: Counter[str] = field(default_factory=Counter)
    _runtime: Runtime | None = None
    _runtimes: dict[int, Runtime] = field(default_factory=dict)
    _seconds: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def run(
        self,
        paths: Sequence[Path],
        options: PageOptions,
        sink: PageSink,
        extras: PredictExtras,
        ledger: Ledger | None = None,
    ) -> None:
        """Predict all pages of `paths`, and hand them to `sink` and `extras`.

        Without a single page nothing is written. `failed` and `pages` then say what to tell the user. Pages that
        `ledger` knows aren't done again; those that are done are added to it.

        Raises:
            InputError: A page failed, with `fail_fast`.
            ModelError: The model cannot be used.
            MissingRequirementError: The device or the PDF renderer is not there.
            OutputError: The output, an overlay, a copy or the report cannot be written.
        """
        try:
            self._predict(paths, options, sink, extras, ledger)
            if self.pages or not paths:
                self._note(extras.last_copy(), extras)
                extras.finish()
                sink.finish()
        except BaseException as error:
            sink.discard(interrupted=not isinstance(error, CenterNetError))
            extras.discard()
            raise
        if not self.pages and paths:
            sink.discard()
            extras.discard()

    def _predict(
        self,
        paths: Sequence[Path],
        options: PageOptions,
        sink: PageSink,
        extras: PredictExtras,
        ledger: Ledger | None,
    ) -> None:
        from centernet_cli.inference.joint import joined
        from centernet_cli.inference.pipeline import PipelineOptions
        from centernet_cli.inference.stream import StreamOptions, predict_files

        names = self.models()

        def work(info: PageInfo) -> PageWork | None:
            return extras.work(info, self._open_once().meta.classes, joint=len(names) > 1)

        how = PipelineOptions(
            threshold=self.threshold, size=self.overrides.size, batch_size=self.batch_size, tile=self.tile
        )
        options = self._reading(options, drawn=extras.overlay is not None)
        known = None if ledger is None else partial(ledger.known, wanted=options.pages)
        stream = StreamOptions(
            workers=self.workers,
            work=work if extras.any_work else None,
            digest=ledger is not None,
            known=known,
            pool=self.pool,
            streams=len(names),
        )
        # The first stream makes the pictures and knows the files; the others only look.
        others = StreamOptions(workers=self.workers, known=known, streams=len(names))
        streams = [
            predict_files(paths, options, partial(self._open_once, index), how, others if index else stream)
            for index in range(len(names))
        ]
        start = time.monotonic()
        total, unit = expected_work(paths)
        with console.progress("predict", total, unit) as task:
            last: Path | None = None
            for done in joined(streams):
                if unit == "pages" or done.path is not last:
                    task.advance()
                last = done.path
                if isinstance(done.result, Failure):
                    self._fail(done.result, sink, extras)
                    continue
                page = extras.with_picture(done.result, done.made, options)
                self._keep(page, sink, extras, done.made)
                # Last, so that a run that goes on doesn't miss a picture of a page that is done.
                if ledger is not None and not done.known and done.digest is not None:
                    ledger.add(done.digest, done.count, done.result)
        if not paths:  # a shard may have none; its output is empty then, but it is there
            self._start(sink, extras)
        self._seconds = time.monotonic() - start

    def _reading(self, options: PageOptions, *, drawn: bool) -> PageOptions:
        """Say how many pixels of a page are of use."""
        from centernet_cli.inference.adaptive import MAX_FACTOR
        from centernet_cli.models.meta import read_meta
        from centernet_cli.models.shelf import find_model

        if self.tile != "off":
            options = replace(options, least_dpi=LEAST_DPI)
        enough = 0
        if drawn:
            from centernet_cli.rendering.overlay import MAX_SIDE

            enough = MAX_SIDE
        # The same for all models, or their boxes would not lie on the same pixels.
        for meta in (read_meta(find_model(name)) for name in self.models()):
            if (self.overrides.resize or meta.test.resize) != "page":
                return options  # these ways need all
            size = self.overrides.size or MAX_FACTOR * meta.page_size
            enough = max(enough, round(max(self.overrides.scales or meta.test.scales) * size))
        return replace(options, enough=enough)

    def key(self) -> dict[str, object]:
        """Return everything that decides which boxes are found on a page."""
        from centernet_cli import __version__
        from centernet_cli.models.meta import read_meta
        from centernet_cli.models.shelf import find_model

        return {
            "version": __version__,
            "model": [read_meta(find_model(name)).sha256 for name in self.models()],
            # Compiled or not makes no difference to boxes that a user could see.
            "runtime": [self.runtime.runtime, self.runtime.device, self.runtime.precision],
            "threshold": self.threshold,
            **{name: value for name, value in self.options.items() if name != "pages"},
        }

    def counts(self) -> dict[str, object]:
        """Return how many pages, failures and boxes by class there are."""
        return {
            "pages": self.pages,
            "failed": self.failed,
            "boxes": {label: self.boxes[label] for label in self._classes()},
        }

    def summary(self) -> str:
        """Return one line for people."""
        boxes = ", ".join(f"{count:,} {printable(label)}" for label, count in self.boxes.most_common()) or "no boxes"
        pages = f"{self.pages:,} page{'s' * (self.pages != 1)}"
        failed = f", {self.failed:,} failed" if self.failed else ""
        return f"{pages}{failed}: {boxes} in {console.duration(self._seconds)}"

    def models(self) -> list[str]:
        """Return the names of the models.

        Raises:
            UsageError: U718, an empty name, or one twice.
        """
        if "," not in self.model or Path(self.model).exists():
            return [self.model]
        names = [name.strip() for name in self.model.split(",")]
        if not all(names) or len(set(names)) < len(names):
            hint = "such as lines,regions"
            raise UsageError("U718", f"no list of models: '{self.model}'", path="--model", hint=hint)
        return names

    def _classes(self) -> tuple[str, ...]:
        from centernet_cli.inference.joint import joint_classes

        return joint_classes(self._open_once(index).meta.classes for index in range(len(self.models())))

    def _open_once(self, index: int = 0) -> Runtime:
        """Return a model; the thread that runs it may be about to open it."""
        with self._lock:
            if index not in self._runtimes:
                self._runtimes[index] = self._open_named(self.models()[index]) if index else self._open()
            return self._runtimes[index]

    def _open(self) -> Runtime:
        self._runtime = self._open_named(self.models()[0])
        return self._runtime

    def _open_named(self, name: str) -> Runtime:
        from centernet_cli.inference.open_runtime import open_runtime

        opened = open_runtime(
            name,
            self.runtime,
            overrides=self.overrides,
            min_score=self.threshold,
            tell=lambda line: console.say(line, console.VERBOSE),
        )
        console.say(f"model {printable(opened.meta.name)} with {opened.name} on {opened.device}, {opened.precision}")
        return opened

    def _header(self) -> Header:
        from centernet_cli.inference.output import describe
        from centernet_cli.inference.sinks.sink import Header

        runtimes = [self._open_once(index) for index in range(len(self.models()))]
        return Header(classes=self._classes(), info=describe(runtimes, self.threshold, self.options))

    def _start(self, sink: PageSink, extras: PredictExtras) -> None:
        header = self._header()
        sink.start(header)
        extras.start(header)

    def _keep(self, item: SeenPage, sink: PageSink, extras: PredictExtras, made: object) -> None:
        if not self.pages:
            self._start(sink, extras)
        sink.add(item)
        self.pages += 1
        self._note(extras.add(item, made), extras)
        annotations = item.record.annotations
        self.boxes.update(annotation.label for annotation in annotations)
        name = printable(item.record.info.name)
        if item.record.info.animated:
            console.warn(f"{name}: an animation; only its first picture is read")
        if item.capped:
            kept = len(annotations)
            console.warn(f"{name}: more boxes than the model's top_k; only the best are kept ({kept})")
        console.say(f"{name}: {len(annotations)} boxes", console.VERBOSE)

    def _fail(self, failure: Failure, sink: PageSink, extras: PredictExtras) -> None:
        self._tell(failure)
        sink.fail(failure)
        extras.fail(failure)

    def _note(self, failure: Failure | None, extras: PredictExtras) -> None:
        """Count and tell what went wrong with a copy; its pages are in the output all the same."""
        if failure is not None:
            self._tell(failure)
            extras.fail(failure)

    def _tell(self, failure: Failure) -> None:
        name = failure.source if failure.page is None else f"{failure.source}#{failure.page}"
        error = InputError(failure.code, failure.message, path=name)
        if self.fail_fast:
            raise error
        self.failed += 1
        console.problem(error)


def expected_work(paths: Sequence[Path]) -> tuple[int | None, str]:
    """Return how much there is to do, if that is known, and in which unit, for the progress bar.

    How many pages a PDF has, nobody knows before it is read: opening it here would crash this process where it is the
    kind of file that crashes processes.
    """
    if len(paths) == 1:
        return None, "pages"
    return len(paths), "files"
