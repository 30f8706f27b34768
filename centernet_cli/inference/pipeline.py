"""Pages in, predictions out: one stream, in input order, in this process, with memory for one batch of pages.

A page that the network cannot take becomes a `Failure` (R7xx) in its place; the rest go on. `stream` does the same
with files, and other processes to read them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from centernet_cli.core.errors import CenterNetError
from centernet_cli.core.records import Failure, Page, PageRecord
from centernet_cli.inference.annotate import annotations_of, to_ink_of_page
from centernet_cli.inference.failures import page_failure
from centernet_cli.inference.look_at import look_through, look_together, page_size, show
from centernet_cli.inference.plan import Looks, Plan, SeenBoxes
from centernet_cli.inference.sinks.sink import SeenPage
from centernet_cli.inference.views import FirstLook, first_views

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from centernet_cli.inference.plan import Look
    from centernet_cli.inference.preprocess import NetworkInput
    from centernet_cli.inference.runtime import Runtime
    from centernet_cli.inference.tiles import TileOption


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineOptions:
    """How to run a model over pages.

    Attributes:
        threshold: Boxes below this score are dropped; None: the model's own.
        size: Long side in network pixels; None: the model's page size, adapted to small lines where it says so. Of no
            effect on models that are shown pages in another way (`test.resize` is `keep` or `fixed`).
        batch_size: Pages of equal shape that run together.
        tile: Whether pages with very small text are looked at in tiles: `auto` where the model looks twice, `on` for
            all pages, or the side of tiles in network pixels.
    """

    threshold: float | None = None
    size: int | None = None
    batch_size: int = 1
    tile: TileOption = "auto"

    def plan(self, runtime: Runtime) -> Plan:
        """Return how pages are looked at with a model."""
        meta = runtime.meta
        size = self.size if self.size is not None else meta.page_size
        threshold = self.threshold if self.threshold is not None else meta.threshold
        plain = meta.test.resize == "page" and meta.test.scales == (1.0,)
        adaptive = plain and self.size is None and meta.test.second_look
        tile = self.tile if plain and (self.size is None or self.tile != "auto") else "off"
        first = FirstLook(first_views(meta.test, size), runtime.multiple, stretch=adaptive and tile != "off")
        return Plan(meta, first, threshold, adaptive=adaptive, tile=tile)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction(SeenPage):
    """A page, with its pixels, and what was found on it."""

    page: Page


def predict_pages(
    pages: Iterable[Page | Failure], runtime: Runtime, options: PipelineOptions
) -> Iterator[PageRecord | Failure]:
    """Run a model over pages and yield a record or a failure for each, in order.

    Raises:
        CenterNetError: What `pages` or the runtime raise; other exceptions become failures.
    """
    for item in predict_stream(pages, lambda: runtime, options):
        yield item if isinstance(item, Failure) else item.record


def predict_stream(
    pages: Iterable[Page | Failure], open_runtime: Callable[[], Runtime], options: PipelineOptions
) -> Iterator[Prediction | Failure]:
    """As `predict_pages`, but with the pixels, and with a model that is loaded when the first page is there.

    Args:
        pages: The pages; failures among them are passed on in their place.
        open_runtime: Called once, at the first page; what it raises ends the stream.
        options: Threshold, size and batch size.
    """
    runner: _Runner | None = None
    waiting: list[_Begun] = []
    for item in pages:
        if isinstance(item, Failure):
            if runner is not None:
                yield from runner.run(waiting)
                waiting = []
            yield item
            continue
        if runner is None:
            runner = _Runner(open_runtime(), options)
        try:
            begun = runner.begin(item)
        except CenterNetError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one page must not stop the others
            yield from runner.run(waiting)
            waiting = []
            yield page_failure(item.info, error)
            continue
        if waiting and waiting[0].shapes != begun.shapes:
            yield from runner.run(waiting)
            waiting = []
        waiting.append(begun)
        if len(waiting) >= options.batch_size:
            yield from runner.run(waiting)
            waiting = []
    if runner is not None:
        yield from runner.run(waiting)


@dataclass(slots=True)
class _Begun:
    """A page, how it is looked at, and what the network is shown of it first."""

    page: Page
    looks: Looks
    inputs: list[NetworkInput]

    @property
    def shapes(self) -> list[tuple[int, int]]:
        return [prepared.shape for prepared in self.inputs]


class _Runner:
    """Runs batches of pages of equal shape."""

    def __init__(self, runtime: Runtime, options: PipelineOptions) -> None:
        self.runtime = runtime
        self.plan = options.plan(runtime)
        self.batch_size = options.batch_size

    def begin(self, page: Page) -> _Begun:
        looks = self.plan.looks(page_size(page))
        return _Begun(page, looks, show(page, next(looks), self.runtime.multiple))

    def run(self, batch: Sequence[_Begun]) -> Iterator[Prediction | Failure]:
        """Predict a batch; where it fails as a whole, page by page."""
        if not batch:
            return
        try:
            found = list(look_together(self.runtime, [begun.inputs for begun in batch], len(batch)))
        except CenterNetError:
            raise
        except Exception as error:  # noqa: BLE001 - a page may break the network in any way
            if len(batch) == 1:
                yield page_failure(batch[0].page.info, error)
                return
            # The device may be too small for the batch, or one page may be at fault: the others still can run.
            found = None
        if found is None:
            for single in batch:
                yield from self.run([single])
            return
        for begun, looks in zip(batch, found, strict=True):
            yield self._finish(begun, looks)

    def _finish(self, begun: _Begun, looks: list[Look]) -> Prediction | Failure:
        page, meta = begun.page, self.plan.meta
        try:
            found = self._rest(begun, looks)
            boxes = to_ink_of_page(page, found.boxes, meta.test.ink)
        except CenterNetError:
            raise
        except Exception as error:  # noqa: BLE001 - as in run()
            return page_failure(page.info, error)
        record = PageRecord(info=page.info, annotations=annotations_of(boxes, found, meta.classes))
        return Prediction(page=page, record=record, network_size=found.size, capped=found.capped, tiles=found.tiles)

    def _rest(self, begun: _Begun, looks: list[Look]) -> SeenBoxes:
        """Go through the rest of a page's plan."""
        try:
            views = begun.looks.send(looks)
        except StopIteration as end:
            found: SeenBoxes = end.value
            return found
        return look_through(begun.page, begun.looks, views, self.runtime)[1]
