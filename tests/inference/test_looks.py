from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from centernet_cli.core.recipe import DecodeSection, ModelSection, TestSection
from centernet_cli.inference.looks import join
from centernet_cli.inference.preprocess import NetworkInput
from centernet_cli.inference.runtime import RawBoxes
from centernet_cli.models.meta import ModelMeta

META = ModelMeta(
    name="fake",
    classes=("a", "b"),
    page_size=64,
    model=ModelSection(),
    decode=DecodeSection(top_k=3),
    test=TestSection(scales=(0.5, 1.0)),
)
PAGE = np.full((50, 80, 3), 255, np.uint8)


def look(
    boxes: list[list[float]], scores: list[float], *, scale: float = 1.0, label: int = 0, capped: bool = False
) -> tuple[RawBoxes, NetworkInput]:
    raw = RawBoxes(
        np.array(boxes, np.float32).reshape(-1, 4),
        np.array(scores, np.float32),
        np.full(len(scores), label, np.int64),
        capped,
    )
    return raw, NetworkInput(pixels=PAGE, size=80, scale=(scale, scale), page=(80, 50), shift=(10.0, 0.0))


def test_looks_meet_in_page_pixels_and_lower_each_others_scores() -> None:
    small = look([[15, 0, 20, 5], [15, 10, 20, 15]], [0.8, 0.3], scale=0.5)
    large = look([[20, 0, 30, 10]], [0.9])
    found = join([small, large], META, 0.0)
    assert found.boxes.tolist() == [[10, 0, 20, 10], [10, 20, 20, 30], [10, 0, 20, 10]]
    assert found.scores.tolist() == pytest.approx([0.9, 0.3, 0.8 * np.exp(-2)])
    assert not found.capped


def test_classes_are_apart() -> None:
    found = join([look([[20, 0, 30, 10]], [0.9]), look([[20, 0, 30, 10]], [0.8], label=1)], META, 0.0)
    assert found.scores.tolist() == pytest.approx([0.9, 0.8])
    assert found.classes.tolist() == [0, 1]


def test_the_threshold_looks_at_lowered_scores() -> None:
    found = join([look([[20, 0, 30, 10]], [0.9]), look([[20, 0, 30, 10]], [0.8])], META, 0.2)
    assert found.scores.tolist() == pytest.approx([0.9])


def test_the_best_top_k_stay_and_ties_with_the_last() -> None:
    apart = [[12.0 * i, 0, 12.0 * i + 5, 5] for i in range(6)]
    found = join([look(apart[:3], [0.9, 0.5, 0.4]), look(apart[3:], [0.8, 0.5, 0.3])], META, 0.0)
    assert found.scores.tolist() == pytest.approx([0.9, 0.8, 0.5, 0.5])
    assert found.capped


def test_one_look_is_left_as_it_is() -> None:
    meta = replace(META, test=TestSection())
    found = join([look([[20, 0, 30, 10]] * 5, [0.9] * 5, capped=True)], meta, 0.0)
    assert found.scores.tolist() == pytest.approx([0.9] * 5)
    assert found.capped


@pytest.mark.parametrize(
    ("scales", "soft", "expected"), [((1.0,), False, False), ((1.0,), True, True), ((0.5, 1.0), False, True)]
)
def test_who_suppresses(scales: tuple[float, ...], soft: bool, expected: bool) -> None:
    meta = replace(META, test=TestSection(scales=scales), decode=DecodeSection(soft_nms=soft))
    assert meta.joins_looks is expected
