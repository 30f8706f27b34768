"""The same boxes from every runtime, on the sample documents."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from centernet_cli.core.records import Page, PageRecord
from centernet_cli.inference.open_runtime import open_runtime
from centernet_cli.inference.overrides import Overrides
from centernet_cli.inference.pipeline import PipelineOptions, predict_pages
from centernet_cli.inference.runtime import RuntimeName, RuntimeOptions
from centernet_cli.pages.source import PageOptions, read_pages

SAMPLES = Path(__file__).resolve().parents[2] / "sample_docs"
FILES = ("article-en.pdf", "letter-de.pdf", "form-pl.jpg", "receipt-es.jpg")
SIZE = 512
WAYS = {
    "plain": Overrides(ink="off"),
    "soft": Overrides(ink="off", nms="soft"),
    "flip": Overrides(ink="off", flip=True, nms=0.3),
    "scales": Overrides(ink="off", scales=(0.5, 1.0)),
    "fixed": Overrides(ink="off", resize="fixed", size=384),
    "flip and scales": Overrides(ink="off", flip=True, scales=(0.5, 1.0)),
}


@cache
def pages() -> list[Page]:
    read = [page for name in FILES for page in read_pages(SAMPLES / name, PageOptions(dpi=50))]
    return [page for page in read if isinstance(page, Page)]


@cache
def found(runtime: RuntimeName, precision: str, model: str, way: str) -> list[PageRecord]:
    options = RuntimeOptions(runtime=runtime, device="cpu", precision=precision)
    opened = open_runtime(model, options, overrides=WAYS[way])
    assert (opened.name, opened.precision) == (runtime, precision)
    # Pages of equal shape together: a batch of one and of several.
    records = list(predict_pages(pages(), opened, PipelineOptions(size=SIZE, batch_size=2)))
    assert all(isinstance(record, PageRecord) for record in records)
    return [record for record in records if isinstance(record, PageRecord)]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("runtime", ["openvino", "onnx"])
def test_float32_boxes_are_those_of_torch(runtime: RuntimeName, way: str) -> None:
    total = 0
    for ours, theirs in zip(found(runtime, "fp32", "lines", way), found("torch", "fp32", "lines", way), strict=True):
        total += len(theirs.annotations)
        assert len(ours.annotations) == len(theirs.annotations)
        for one in ours.annotations:
            # Boxes of equal score may come in another order.
            twin = min(theirs.annotations, key=lambda other: np.abs(np.subtract(other.box, one.box)).sum())
            assert one.box == pytest.approx(twin.box, abs=0.02)
            assert one.score == pytest.approx(twin.score, abs=1e-4)
            assert one.label == twin.label
    assert total > 50


def test_many_classes_are_told_apart_alike() -> None:
    labels = set()
    for runtime in ("openvino", "onnx"):
        for ours, theirs in zip(
            found(runtime, "fp32", "regions", "plain"), found("torch", "fp32", "regions", "plain"), strict=True
        ):
            assert [item.label for item in ours.annotations] == [item.label for item in theirs.annotations]
            for one, other in zip(ours.annotations, theirs.annotations, strict=True):
                assert one.box == pytest.approx(other.box, abs=0.02)
                labels.add(one.label)
    assert len(labels) >= 3


def test_bf16_finds_the_sure_lines_within_an_iou_of_three_quarters() -> None:
    """Stated in docs/runtimes.md: of lines with a score of at least 0.1 above the threshold, 95 % overlap that much."""
    exact, rounded = found("openvino", "fp32", "lines", "plain"), found("openvino", "bf16", "lines", "plain")
    overlaps = [
        max((iou(item.box, other.box) for other in near.annotations), default=0.0)
        for record, near in zip(exact, rounded, strict=True)
        for item in record.annotations
        if item.score is not None and item.score > 0.47
    ]
    assert len(overlaps) > 40
    assert np.mean(np.array(overlaps) >= 0.75) >= 0.95


def iou(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    width, height = (max(0.0, min(a[i + 2], b[i + 2]) - max(a[i], b[i])) for i in (0, 1))
    areas = sum((c[2] - c[0]) * (c[3] - c[1]) for c in (a, b))
    return width * height / (areas - width * height)
