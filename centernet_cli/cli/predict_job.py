"""One run of `centernet predict`: reads, predicts, draws, hands on, counts and reports."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from centernet_cli.cli import console
from centernet_cli.core.errors import CenterNetError, InputError, printable
from centernet_cli.core.records import Failure

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from centernet_cli.core.records import Page
    from centernet_cli.inference.open_runtime import RuntimeOptions
    from centernet_cli.inference.overrides import Overrides
    from centernet_cli.inference.pipeline import Prediction
    from centernet_cli.inference.runtime import Runtime
    from centernet_cli.inference.sinks.sink import Header, PageSink
    from centernet_cli.pages.source import PageOptions


COUNTED_FILES = 100
"""With more files than this, progress counts files: opening every PDF to count its pages would take too long."""


@dataclass(kw_only=True)
class PredictJob:
    """What to run, and what came of it.

    Attributes:
        model: Name, folder or file.
        runtime: What runs it, and where.
        threshold: Least score; None: the model's.
        overrides: What to do otherwise than the model says.
        batch_size: Pages a batch.
        fail_fast: Whether the first failure ends the run.
        options: What else the user chose that changes the boxes, for the output's `info`.
        pages: How many pages succeeded.
        failed: How many inputs could not be read or processed.
        boxes: How many boxes of each class there are.
    """

    model: str
    runtime: RuntimeOptions
    threshold: float | None = None
    overrides: Overrides
    batch_size: int = 1
    fail_fast: bool = False
    options: dict[str, object] = field(default_factory=dict)
    pages: int = 0
    failed: int = 0
    boxes: Counter[str] = field(default_factory=Counter)
    _runtime: Runtime | None = None
    _seconds: float = 0.0

    def run(self, paths: Sequence[Path], options: PageOptions, sink: PageSink, overlay: Path | None = None) -> None:
        """Predict all pages of `paths`, hand them to `sink`, and draw them into `overlay`.

        Without a single page nothing is written. `failed` and `pages` then say what to tell the user.

        Raises:
            InputError: A page failed, with `fail_fast`.
            ModelError: The model cannot be used.
            MissingRequirementError: The device or the PDF renderer is not there.
            OutputError: The output or an overlay cannot be written.
        """
        try:
            self._predict(paths, options, sink, overlay)
            if self.pages:
                sink.finish()
        except BaseException as error:
            sink.discard(interrupted=not isinstance(error, CenterNetError))
            raise
        if not self.pages:
            sink.discard()

    def _predict(self, paths: Sequence[Path], options: PageOptions, sink: PageSink, overlay: Path | None) -> None:
        from centernet_cli.inference.pipeline import PipelineOptions, predict_stream
        from centernet_cli.pages.source import read_pages
        from centernet_cli.rendering.overlay_folder import OverlayFolder

        pictures = None if overlay is None else OverlayFolder(overlay, paths)
        how = PipelineOptions(threshold=self.threshold, size=self.overrides.size, batch_size=self.batch_size)
        start = time.monotonic()
        total, unit = expected_work(paths, options)
        with console.progress("predict", total, unit) as task:

            def pages() -> Iterator[Page | Failure]:
                for path in paths:
                    yield from read_pages(path, options)
                    if unit == "files":
                        task.advance()

            for item in predict_stream(pages(), self._open, how):
                if unit == "pages":
                    task.advance()
                if isinstance(item, Failure):
                    self._fail(item, sink)
                    continue
                self._keep(item, sink)
                if pictures is not None:
                    pictures.write(item.page, item.record.annotations, self._opened.meta.classes)
        self._seconds = time.monotonic() - start

    def counts(self) -> dict[str, object]:
        """Return how many pages, failures and boxes by class there are."""
        return {
            "pages": self.pages,
            "failed": self.failed,
            "boxes": {label: self.boxes[label] for label in self._opened.meta.classes},
        }

    def summary(self) -> str:
        """Return one line for people."""
        boxes = ", ".join(f"{count:,} {printable(label)}" for label, count in self.boxes.most_common()) or "no boxes"
        pages = f"{self.pages:,} page{'s' * (self.pages != 1)}"
        failed = f", {self.failed:,} failed" if self.failed else ""
        return f"{pages}{failed}: {boxes} in {console.duration(self._seconds)}"

    @property
    def _opened(self) -> Runtime:
        assert self._runtime is not None  # there is no record without one
        return self._runtime

    def _open(self) -> Runtime:
        from centernet_cli.inference.open_runtime import open_runtime

        self._runtime = open_runtime(
            self.model,
            self.runtime,
            overrides=self.overrides,
            min_score=self.threshold,
            tell=lambda line: console.say(line, console.VERBOSE),
        )
        opened = self._runtime
        console.say(f"model {printable(opened.meta.name)} with {opened.name} on {opened.device}, {opened.precision}")
        return self._runtime

    def _header(self) -> Header:
        from centernet_cli.inference.output import describe
        from centernet_cli.inference.sinks.sink import Header

        meta = self._opened.meta
        threshold = meta.threshold if self.threshold is None else self.threshold
        return Header(classes=meta.classes, info=describe(self._opened, threshold, self.options))

    def _keep(self, item: Prediction, sink: PageSink) -> None:
        if not self.pages:
            sink.start(self._header())
        sink.add(item)
        self.pages += 1
        annotations = item.record.annotations
        self.boxes.update(annotation.label for annotation in annotations)
        name = printable(item.record.info.name)
        if item.capped:
            kept = len(annotations)
            console.warn(f"{name}: more boxes than the model's top_k; only the best are kept ({kept})")
        console.say(f"{name}: {len(annotations)} boxes", console.VERBOSE)

    def _fail(self, failure: Failure, sink: PageSink) -> None:
        name = failure.source if failure.page is None else f"{failure.source}#{failure.page}"
        error = InputError(failure.code, failure.message, path=name)
        if self.fail_fast:
            raise error
        sink.fail(failure)
        self.failed += 1
        console.problem(error)


def expected_work(paths: Sequence[Path], options: PageOptions) -> tuple[int, str]:
    """Return how much there is to do and in which unit, for the progress bar; wrong only for multi-page images."""
    if len(paths) > COUNTED_FILES:
        return len(paths), "files"
    return sum(_page_count(path, options) for path in paths), "pages"


def _page_count(path: Path, options: PageOptions) -> int:
    if path.suffix.lower() != ".pdf" or not path.is_file():
        return 1
    from centernet_cli.pages.options import chosen_pages
    from centernet_cli.pages.pdfium import PdfiumDocument

    try:
        with PdfiumDocument(path, options.password) as document:
            return sum(1 for _ in chosen_pages(options.pages, document.page_count))
    except (InputError, OSError, RuntimeError):
        return 1  # reading it will say what is wrong
