from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from centernet_cli.core.errors import CenterNetError, ModelError
from centernet_cli.core.recipe import DecodeSection, ModelSection, TestSection
from centernet_cli.core.records import Failure, Page, PageInfo, PageRecord
from centernet_cli.inference.pipeline import PipelineOptions, Prediction, predict_pages, predict_stream
from centernet_cli.inference.runtime import RawBoxes
from centernet_cli.models.meta import ModelMeta

META = ModelMeta(
    name="fake",
    classes=("text_line", "title"),
    page_size=64,
    model=ModelSection(),
    decode=DecodeSection(),
    threshold=0.5,
)


class FakeRuntime:
    """Finds what it was told to on every image; notes the shapes it was given."""

    name, device, precision, multiple = "fake", "cpu", "fp32", 32

    def __init__(
        self,
        boxes: list[list[float]],
        scores: list[float],
        *,
        test: TestSection | None = None,
        fail: Callable[[np.ndarray], Exception | None] = lambda _: None,
    ) -> None:
        self.meta = ModelMeta(**{**vars_of(META), "test": test or TestSection()})
        self.raw = RawBoxes(
            np.array(boxes, np.float32).reshape(-1, 4),
            np.array(scores, np.float32),
            np.zeros(len(scores), np.int64),
        )
        self.fail = fail
        self.shapes: list[tuple[int, ...]] = []
        self.grow = len(self.meta.test.scales) > 1

    def predict(self, batch: np.ndarray) -> list[RawBoxes]:
        self.shapes.append(batch.shape)
        error = self.fail(batch)
        if error is not None:
            raise error
        # At half the size, boxes are half as large.
        factor = max(batch.shape[1:3]) / 64
        return [self.raw._replace(boxes=self.raw.boxes * factor)] * len(batch) if self.grow else [self.raw] * len(batch)


def vars_of(meta: ModelMeta) -> dict[str, Any]:
    return {name: getattr(meta, name) for name in meta.__dataclass_fields__}


def page(name: str = "a.png", *, width: int = 64, height: int = 64, value: int = 255) -> Page:
    pixels = np.full((height, width, 3), value, np.uint8)
    return Page(info=PageInfo(source=name, width=width, height=height), pixels=pixels)


def names(results: list[PageRecord | Failure]) -> list[str]:
    return [item.source if isinstance(item, Failure) else item.info.source for item in results]


def test_boxes_come_in_page_pixels_above_the_threshold() -> None:
    runtime = FakeRuntime([[8, 8, 32, 16], [0, 0, 9, 9]], [0.9, 0.4])
    (record,) = predict_pages([page(width=128, height=128)], runtime, PipelineOptions())
    assert isinstance(record, PageRecord)
    (annotation,) = record.annotations
    assert annotation.box == (16.0, 16.0, 64.0, 32.0)
    assert annotation.label == "text_line"
    assert annotation.score == pytest.approx(0.9)


def test_threshold_can_be_lowered_and_raised() -> None:
    runtime = FakeRuntime([[8, 8, 32, 16], [0, 0, 9, 9]], [0.9, 0.4])
    for threshold, count in ((0.0, 2), (0.4, 2), (0.95, 0)):
        (record,) = predict_pages([page()], runtime, PipelineOptions(threshold=threshold))
        assert isinstance(record, PageRecord)
        assert len(record.annotations) == count


def test_boxes_in_the_padding_are_dropped_and_others_clipped() -> None:
    runtime = FakeRuntime([[10, 40, 20, 50], [-5, 20, 70, 40]], [0.9, 0.8])
    (record,) = predict_pages([page(width=64, height=32)], runtime, PipelineOptions())
    assert isinstance(record, PageRecord)
    assert [annotation.box for annotation in record.annotations] == [(0.0, 20.0, 64.0, 32.0)]


def test_no_boxes_is_a_success() -> None:
    (record,) = predict_pages([page(width=1, height=1)], FakeRuntime([], []), PipelineOptions())
    assert isinstance(record, PageRecord)
    assert record.annotations == ()


def test_order_is_kept_with_failures_and_mixed_shapes() -> None:
    items: list[Page | Failure] = [
        Failure(source="0", code="I101", message="bad"),
        page("1"),
        page("2"),
        page("3", height=32),
        Failure(source="4", code="I101", message="bad"),
        page("5"),
    ]
    runtime = FakeRuntime([], [])
    results = list(predict_pages(items, runtime, PipelineOptions(batch_size=2)))
    assert names(results) == ["0", "1", "2", "3", "4", "5"]
    assert runtime.shapes == [(2, 64, 64, 3), (1, 32, 64, 3), (1, 64, 64, 3)]


def test_the_model_is_opened_once_and_only_for_a_page() -> None:
    opened = []

    def open_runtime() -> FakeRuntime:
        opened.append(1)
        return FakeRuntime([], [])

    failure = Failure(source="0", code="I101", message="bad")
    assert list(predict_stream([failure], open_runtime, PipelineOptions())) == [failure]
    assert opened == []
    list(predict_stream([page(), page()], open_runtime, PipelineOptions()))
    assert opened == [1]


def test_a_bad_model_ends_the_stream_at_the_first_page() -> None:
    read = []

    def pages() -> Iterator[Page]:
        for number in range(3):
            read.append(number)
            yield page()

    def open_runtime() -> FakeRuntime:
        raise ModelError("M501", "no such model")

    with pytest.raises(ModelError):
        list(predict_stream(pages(), open_runtime, PipelineOptions()))
    assert read == [0]


@pytest.mark.parametrize("batch_size", [1, 2, 3])
def test_one_bad_page_does_not_stop_the_rest(batch_size: int) -> None:
    runtime = FakeRuntime(
        [[8, 8, 32, 16]], [0.9], fail=lambda batch: ValueError("black\nout") if not batch.all() else None
    )
    items = [page("a"), page("b", value=0), page("c")]
    results = list(predict_pages(items, runtime, PipelineOptions(batch_size=batch_size)))
    assert names(results) == ["a", "b", "c"]
    failure = results[1]
    assert isinstance(failure, Failure)
    assert failure.code == "R701"
    assert "black" in failure.message
    assert "\n" not in failure.message
    assert isinstance(results[2], PageRecord)


def test_a_batch_that_needs_too_much_memory_runs_page_by_page() -> None:
    runtime = FakeRuntime([], [], fail=lambda batch: MemoryError() if len(batch) > 1 else None)
    results = list(predict_pages([page(), page()], runtime, PipelineOptions(batch_size=2)))
    assert all(isinstance(result, PageRecord) for result in results)
    assert [shape[0] for shape in runtime.shapes] == [2, 1, 1]


def test_a_page_that_needs_too_much_memory_fails() -> None:
    (failure,) = predict_pages([page()], FakeRuntime([], [], fail=lambda _: MemoryError()), PipelineOptions())
    assert isinstance(failure, Failure)
    assert failure.code == "R702"
    assert "--size" in failure.message


def test_our_own_errors_are_not_taken_for_bad_pages() -> None:
    runtime = FakeRuntime([], [], fail=lambda _: ModelError("M599", "broken"))
    with pytest.raises(CenterNetError):
        list(predict_pages([page(), page()], runtime, PipelineOptions(batch_size=2)))


def test_a_page_without_pixels_fails_alone() -> None:
    broken = Page(info=PageInfo(source="x", width=0, height=0), pixels=np.zeros((0, 0, 3), np.uint8))
    results = list(predict_pages([page("a"), broken, page("b")], FakeRuntime([], []), PipelineOptions(batch_size=4)))
    assert names(results) == ["a", "x", "b"]
    assert isinstance(results[1], Failure)


SMALL = [[0.0, 4.0 * i, 60.0, 4.0 * i + 3.0] for i in range(12)]


def run_adaptive(options: PipelineOptions, test: TestSection) -> tuple[Prediction, FakeRuntime]:
    runtime = FakeRuntime(SMALL, [0.9] * len(SMALL), test=test)
    (result,) = predict_stream([page(width=400, height=400)], lambda: runtime, replace(options, tile="off"))
    assert isinstance(result, Prediction)
    return result, runtime


def test_small_lines_are_looked_at_again_larger() -> None:
    result, runtime = run_adaptive(PipelineOptions(), TestSection(second_look=True))
    assert runtime.shapes == [(1, 64, 64, 3), (1, 128, 128, 3)]
    assert result.network_size == round(64 * 1.6)
    # Boxes are those of the second pass: 400 px of page on 102 px of network.
    assert result.record.annotations[0].box[2] == pytest.approx(60 * 400 / 102, abs=0.01)


@pytest.mark.parametrize(
    ("options", "test"),
    [(PipelineOptions(), TestSection()), (PipelineOptions(size=64), TestSection(second_look=True))],
)
def test_no_second_look_unless_the_model_asks_and_the_user_does_not(
    options: PipelineOptions, test: TestSection
) -> None:
    result, runtime = run_adaptive(options, test)
    assert len(runtime.shapes) == 1
    assert result.network_size == 64


def test_a_second_look_that_fails_fails_the_page_alone() -> None:
    runtime = FakeRuntime(
        SMALL,
        [0.9] * 12,
        test=TestSection(second_look=True),
        fail=lambda batch: MemoryError() if batch.shape[1] > 64 else None,
    )
    results = list(predict_pages([page("a", width=400, height=400), page("b")], runtime, PipelineOptions(tile="off")))
    assert isinstance(results[0], Failure)
    assert isinstance(results[1], PageRecord)


def test_memory_does_not_grow_with_the_number_of_pages() -> None:
    def run(count: int) -> int:
        tracemalloc.start()
        pages = (page(width=500, height=500) for _ in range(count))
        for _ in predict_pages(pages, FakeRuntime([], []), PipelineOptions(batch_size=2)):
            pass
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    run(2)
    assert run(40) < 1.5 * run(6)


@pytest.mark.parametrize("batch_size", [1, 2])
def test_several_scales_are_one_answer(batch_size: int) -> None:
    runtime = FakeRuntime([[8, 8, 32, 16], [0, 40, 9, 49]], [0.9, 0.6], test=TestSection(scales=(0.5, 1.0)))
    items = [page("a"), page("b"), page("c", height=32)]
    results = list(predict_stream(items, lambda: runtime, PipelineOptions(batch_size=batch_size, threshold=0.2)))
    assert runtime.shapes[:2] == [(batch_size, 32, 32, 3), (batch_size, 64, 64, 3)]
    for result in results[:2]:
        assert isinstance(result, Prediction)
        boxes = [annotation.box for annotation in result.record.annotations]
        # Twice the same boxes: the second copies fall below the threshold.
        assert boxes == [(8, 8, 32, 16), (0, 40, 9, 49)]
        assert result.network_size == 64
    assert isinstance(results[2], Prediction)
    assert [annotation.box for annotation in results[2].record.annotations] == [(8, 8, 32, 16)]


def test_boxes_come_back_from_the_middle_of_a_black_border() -> None:
    runtime = FakeRuntime([[16, 16, 32, 32], [0, 0, 80, 20]], [0.9, 0.8], test=TestSection(resize="keep"))
    (result,) = predict_stream([page()], lambda: runtime, PipelineOptions(size=999))
    assert isinstance(result, Prediction)
    assert runtime.shapes == [(1, 96, 96, 3)]
    assert [annotation.box for annotation in result.record.annotations] == [(0, 0, 16, 16), (0, 0, 64, 4)]
    assert result.network_size == 64


@pytest.mark.parametrize(
    "test",
    [
        TestSection(resize="keep", second_look=True),
        TestSection(scales=(0.5,), second_look=True),
        TestSection(scales=(0.5, 1.0), second_look=True),
    ],
)
def test_no_second_look_at_pages_shown_otherwise(test: TestSection) -> None:
    runtime = FakeRuntime(SMALL, [0.9] * len(SMALL), test=test)
    list(predict_pages([page(width=400, height=400)], runtime, PipelineOptions()))
    assert len(runtime.shapes) == len(test.scales)


@pytest.mark.parametrize(("ink", "expected"), [("off", (8, 8, 36, 20)), ("lines", (10, 8.5, 34, 19.5))])
def test_sides_move_to_the_ink_where_the_model_says_so(ink: str, expected: tuple[float, ...]) -> None:
    shown = page()
    for x in range(10, 34, 4):
        shown.pixels[9:19, x : x + 3] = 0
    shown.pixels[9:19, 31:34] = 0
    runtime = FakeRuntime([[8, 8, 36, 20]], [0.9], test=TestSection.model_validate({"ink": ink}))
    (record,) = predict_pages([shown], runtime, PipelineOptions())
    assert isinstance(record, PageRecord)
    assert record.annotations[0].box == expected
