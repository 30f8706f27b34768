from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from centernet_cli.core.records import Annotation
from centernet_cli.evaluation.box_errors import EXTRA_FATES, TRUTH_FATES, box_errors, report_to_json
from centernet_cli.evaluation.pairs import PagePair

Box = tuple[float, float, float, float]
LINE: Box = (100, 100, 300, 120)


def pair(truth: list[Box], found: list[Box], *, crowd: list[Box] | None = None, source: str = "a") -> PagePair:
    return PagePair(
        source=source,
        truth=tuple(Annotation(label="text_line", box=box) for box in truth)
        + tuple(Annotation(label="text_line", box=box, crowd=True) for box in crowd or []),
        predictions=tuple(
            Annotation(label="text_line", box=box, score=0.9 - 0.001 * at) for at, box in enumerate(found)
        ),
        width=1000,
        height=1400,
    )


def fates(truth: list[Box], found: list[Box]) -> tuple[dict[str, int], dict[str, int]]:
    pooled = box_errors([pair(truth, found)], 0.1).pooled
    return dict(pooled.truths), dict(pooled.extras)


@pytest.mark.parametrize(
    ("truth", "found", "fate", "extras"),
    [
        ([LINE], [(101, 100, 299, 121)], {"tight": 1}, {}),
        ([LINE], [(100, 95, 300, 125)], {"loose": 1}, {}),
        ([LINE], [], {"missed": 1}, {}),
        ([], [LINE], {}, {"false": 1}),
        ([LINE], [(100, 100, 180, 120), (190, 100, 290, 120)], {"loose": 1}, {"double": 1}),
        ([LINE], [(100, 100, 170, 120), (180, 100, 240, 120), (245, 100, 300, 120)], {"split": 1}, {"part": 3}),
        ([LINE, (310, 100, 500, 120)], [(100, 100, 500, 120)], {"loose": 1, "merged": 1}, {}),
        ([LINE], [(100, 112, 300, 132)], {"off": 1}, {"false": 1}),
        ([LINE], [LINE, (100, 101, 300, 121)], {"tight": 1}, {"double": 1}),
    ],
)
def test_fates(truth: list[Box], found: list[Box], fate: dict[str, int], extras: dict[str, int]) -> None:
    assert fates(truth, found) == (fate, extras)


def test_sides_are_measured_in_line_heights_and_outwards() -> None:
    errors = box_errors([pair([LINE], [(90, 98, 305, 119)])], 0.1).pooled.side_errors()
    assert errors is not None
    assert errors.mean.tolist() == pytest.approx([0.5, 0.1, 0.25, -0.05])
    assert errors.absolute.tolist() == pytest.approx([0.5, 0.1, 0.25, 0.05])


def test_detections_below_the_threshold_and_on_crowds_do_not_count() -> None:
    page = pair([LINE], [LINE, (500, 500, 600, 520)], crowd=[(450, 450, 700, 700)])
    assert dict(box_errors([page], 0.1).pooled.extras) == {}
    assert dict(box_errors([page], 0.95).pooled.truths) == {"missed": 1}


def test_sources_and_thicknesses_are_told_apart() -> None:
    report = box_errors([pair([LINE], [LINE]), pair([(0, 0, 90, 5)], [], source="b")], 0.5)
    assert {name: dict(counts.truths) for name, counts in report.per_source.items()} == {
        "a": {"tight": 1},
        "b": {"missed": 1},
    }
    thick = {name: dict(counts.truths) for name, counts in report.per_thickness.items() if counts.truths}
    assert thick == {"1-1.5 %": {"tight": 1}, "below 0.5 %": {"missed": 1}}


@given(st.data())
def test_every_box_has_one_fate(data: st.DataObject) -> None:
    def boxes(name: str) -> list[Box]:
        corners = st.tuples(*[st.integers(0, 60)] * 2, st.integers(1, 40), st.integers(1, 12))
        drawn = data.draw(st.lists(corners, max_size=12), label=name)
        return [(x, y, x + w, y + h) for x, y, w, h in drawn]

    truth, found = boxes("truth"), boxes("found")
    report = box_errors([pair(truth, found)], 0.1)
    counts = report.pooled
    assert sum(counts.truths.values()) == len(truth)
    matched = counts.truths["tight"] + counts.truths["loose"]
    assert matched + sum(counts.extras.values()) == len(found)
    assert len(counts.sides) == matched
    assert sum(sum(one.truths.values()) for one in report.per_thickness.values()) == len(truth)
    document = json.loads(json.dumps(report_to_json(report), allow_nan=False))
    assert set(document["pooled"]["truths"]) == set(TRUTH_FATES)
    assert set(document["pooled"]["extras"]) == set(EXTRA_FATES)


def test_classes_are_compared_within_themselves() -> None:
    page = PagePair(
        source="a",
        truth=(Annotation(label="title", box=LINE),),
        predictions=(Annotation(label="text", box=LINE, score=0.9),),
        width=100,
        height=100,
    )
    pooled = box_errors([page], 0.1).pooled
    assert (dict(pooled.truths), dict(pooled.extras)) == ({"missed": 1}, {"false": 1})
    assert dict(box_errors([page], 0.1, ["title"]).pooled.extras) == {}
    assert np.isclose(box_errors([page], 0.1).threshold, 0.1)
