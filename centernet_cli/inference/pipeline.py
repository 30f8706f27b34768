"""Pages in, predictions out: one stream, in input order, with memory for one batch of pages.

A page that the network cannot take becomes a `Failure` (R7xx) in its place; the rest go on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from centernet_cli.core.errors import CenterNetError
from centernet_cli.core.records import Annotation, Failure, Page, PageRecord
from centernet_cli.inference.adaptive import lost_large, second_size
from centernet_cli.inference.ink import to_ink
from centernet_cli.inference.looks import Found, join, show
from centernet_cli.inference.preprocess import NetworkInput, clip_to_page, network_input
from centernet_cli.inference.runtime import RawBoxes
from centernet_cli.inference.sinks.sink import SeenPage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    import numpy.typing as npt

    from centernet_cli.inference.runtime import Runtime

BOX_DIGITS = 3
SCORE_DIGITS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineOptions:
    """How to run a model over pages.

    Attributes:
        threshold: Boxes below this score are dropped; None: the model's own.
        size: Long side in network pixels; None: the model's page size, adapted to small lines where it says so. Of no
            effect on models that are shown pages in another way (`test.resize` is `keep` or `fixed`).
        batch_size: Pages of equal shape that run together.
    """

    threshold: float | None = None
    size: int | None = None
    batch_size: int = 1


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
    waiting: list[_Shown] = []
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
            prepared = runner.show(item)
        except CenterNetError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one page must not stop the others
            yield from runner.run(waiting)
            waiting = []
            yield _failure(item, error)
            continue
        if waiting and _shapes(waiting[0]) != _shapes(prepared):
            yield from runner.run(waiting)
            waiting = []
        waiting.append(prepared)
        if len(waiting) >= options.batch_size:
            yield from runner.run(waiting)
            waiting = []
    if runner is not None:
        yield from runner.run(waiting)


_Shown = tuple[Page, tuple[NetworkInput, ...]]
"""A page, and what the network is shown of it: one input for each scale."""


def _shapes(shown: _Shown) -> list[tuple[int, int]]:
    return [prepared.shape for prepared in shown[1]]


class _Runner:
    """Runs batches of pages of equal shape."""

    def __init__(self, runtime: Runtime, options: PipelineOptions) -> None:
        meta = runtime.meta
        self.runtime = runtime
        self.classes = meta.classes
        self.size = options.size if options.size is not None else meta.page_size
        self.threshold = options.threshold if options.threshold is not None else meta.threshold
        plain = meta.test.resize == "page" and meta.test.scales == (1.0,)
        self.adaptive = plain and options.size is None and meta.test.second_look
        self.ink = meta.test.ink

    def show(self, page: Page) -> _Shown:
        return page, show(page.pixels, self.runtime.meta.test, self.size, self.runtime.multiple)

    def run(self, batch: Sequence[_Shown]) -> Iterator[Prediction | Failure]:
        """Predict a batch; where it fails as a whole, page by page."""
        if not batch:
            return
        try:
            inputs = zip(*(prepared for _, prepared in batch), strict=True)
            found = list(zip(*(self._boxes(one) for one in inputs), strict=True))
        except CenterNetError:
            raise
        except Exception as error:  # noqa: BLE001 - a page may break the network in any way
            if len(batch) == 1:
                yield _failure(batch[0][0], error)
                return
            # The device may be too small for the batch, or one page may be at fault: the others still can run.
            found = None
        if found is None:
            for single in batch:
                yield from self.run([single])
            return
        for (page, prepared), raw in zip(batch, found, strict=True):
            yield self._finish(page, list(zip(raw, prepared, strict=True)))

    def _boxes(self, batch: Sequence[NetworkInput]) -> list[RawBoxes]:
        raw = self.runtime.predict(np.stack([prepared.pixels for prepared in batch]))
        return [self._above_threshold(one) for one in raw]

    def _above_threshold(self, raw: RawBoxes) -> RawBoxes:
        keep = raw.scores >= self.threshold
        return raw._replace(boxes=raw.boxes[keep], scores=raw.scores[keep], classes=raw.classes[keep])

    def _finish(self, page: Page, looks: list[tuple[RawBoxes, NetworkInput]]) -> Prediction | Failure:
        try:
            if self.adaptive:
                ((raw, prepared),) = looks
                prepared, raw = self._second_pass(page, prepared, raw)
                looks = [(raw, prepared)]
            found = join(looks, self.runtime.meta, self.threshold)
        except CenterNetError:
            raise
        except Exception as error:  # noqa: BLE001 - as in run()
            return _failure(page, error)
        record = PageRecord(info=page.info, annotations=self._annotations(page, found))
        size = max(prepared.size for _, prepared in looks)
        return Prediction(page=page, record=record, network_size=size, capped=found.capped)

    def _second_pass(self, page: Page, prepared: NetworkInput, raw: RawBoxes) -> tuple[NetworkInput, RawBoxes]:
        if not self.adaptive:
            return prepared, raw
        size = second_size(raw.boxes[:, 3] - raw.boxes[:, 1], prepared.size, max(prepared.page))
        if size is None:
            return prepared, raw
        larger = network_input(page.pixels, size, self.runtime.multiple)
        return larger, _join(raw, prepared, self._boxes([larger])[0], larger)

    def _annotations(self, page: Page, found: Found) -> tuple[Annotation, ...]:
        boxes = clip_to_page(found.boxes, (page.pixels.shape[1], page.pixels.shape[0]))
        if self.ink != "off":
            boxes = to_ink(page.pixels, boxes, self.ink)
        boxes = boxes.round(BOX_DIGITS)
        return tuple(
            Annotation(
                label=self.classes[index],
                box=(box[0], box[1], box[2], box[3]),
                score=round(score, SCORE_DIGITS),
            )
            for box, score, index in zip(boxes.tolist(), found.scores.tolist(), found.classes.tolist(), strict=True)
            if box[0] < box[2] and box[1] < box[3]
        )


def _join(first: RawBoxes, seen: NetworkInput, second: RawBoxes, larger: NetworkInput) -> RawBoxes:
    """Add to the second pass' boxes the large ones that only the first one found."""
    growth = np.array([new / old for new, old in zip(larger.scale, seen.scale, strict=True)] * 2, dtype=np.float32)
    boxes: npt.NDArray[np.float32] = first.boxes * growth
    lost = lost_large(boxes, second.boxes, boxes[:, 3] - boxes[:, 1])
    if not lost.any():
        return second
    scores = np.concatenate([second.scores, first.scores[lost]])
    best_first = np.argsort(-scores, kind="stable")
    return RawBoxes(
        np.concatenate([second.boxes, boxes[lost]])[best_first],
        scores[best_first],
        np.concatenate([second.classes, first.classes[lost]])[best_first],
        second.capped,
    )


def _failure(page: Page, error: Exception) -> Failure:
    info = page.info
    if isinstance(error, MemoryError):
        code = "R702"
        message = f"out of memory on a page of {info.width} x {info.height} px (try a smaller --size or --device cpu)"
    else:
        code = "R701"
        first_line = next(iter(str(error).splitlines()), "")
        message = f"the page could not be processed: {type(error).__name__}: {first_line}".rstrip(": ")
    return Failure(source=info.source, page=info.page, code=code, message=message)
