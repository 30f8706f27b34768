"""Resampling: AP under weights equals AP of repeated pages, intervals cover what they should."""

from __future__ import annotations

import numpy as np
import pytest

from centernet_cli.core.records import Annotation
from centernet_cli.evaluation.bootstrap import F1Scorer, Units, interval, intervals
from centernet_cli.evaluation.coco_ap import coco_scores
from centernet_cli.evaluation.line_metrics import MatchTable, line_report
from centernet_cli.evaluation.pairs import PagePair
from centernet_cli.evaluation.weighted_ap import COCO_IOUS, WeightedAp

CLASSES = ("text", "table")


def random_pages(seed, count=10, sources="ab", documents=None):
    rng = np.random.default_rng(seed)
    pages = []
    for number in range(count):
        truth, found = [], []
        for _ in range(int(rng.integers(1, 9))):
            x, y = rng.uniform(0, 300, 2)
            box = np.array([x, y, x + rng.uniform(20, 90), y + rng.uniform(8, 30)])
            label = str(rng.choice(CLASSES))
            truth.append(Annotation(label=label, box=tuple(box.tolist()), crowd=bool(rng.random() < 0.1)))
            for _ in range(int(rng.integers(0, 3))):
                near = box + rng.normal(0, 3, 4)
                found.append(Annotation(label=label, box=tuple(near.tolist()), score=float(rng.random())))
        pages.append(
            PagePair(
                source=sources[number % len(sources)],
                truth=tuple(truth),
                predictions=tuple(found),
                width=400,
                height=400,
                name=str(number),
                document=documents(number) if documents else "",
            )
        )
    return pages


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("max_dets", [2, 100])
def test_with_equal_weights_ap_is_that_of_pycocotools(seed, max_dets):
    pages = random_pages(seed)
    found = WeightedAp(MatchTable(pages, CLASSES, COCO_IOUS), max_dets)(np.ones(len(pages))).mean(axis=1)
    expected = coco_scores(pages, CLASSES, max_dets).per_class
    for name, value in zip(CLASSES, found, strict=True):
        assert value == pytest.approx(expected[name], abs=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_a_weight_counts_a_page_so_often(seed):
    pages = random_pages(seed)
    weights = np.random.default_rng(seed).integers(0, 4, len(pages)).astype(float)
    repeated = [page for page, often in zip(pages, weights, strict=True) for _ in range(int(often))]
    weighted = WeightedAp(MatchTable(pages, CLASSES, COCO_IOUS), 100)(weights)
    again = WeightedAp(MatchTable(repeated, CLASSES, COCO_IOUS), 100)(np.ones(len(repeated)))
    assert weighted == pytest.approx(again, abs=1e-9, nan_ok=True)
    table = MatchTable(repeated)
    expected = table.at(0.5, 0.3)
    *each, mean, pooled = F1Scorer(MatchTable(pages), 0.5, 0.3)(weights).tolist()
    assert mean == pytest.approx(expected.f1)
    assert pooled == pytest.approx(expected.pooled.f1)
    assert [value for value in each if np.isfinite(value)] == pytest.approx(
        [one.f1 for _, one in sorted(expected.per_source.items())]
    )


def scored(pages, draws=200, seed=0):
    table = MatchTable(pages, CLASSES)
    report = line_report(table)
    thresholds = {scores.iou: scores.threshold for scores in report.at}
    coco = MatchTable(pages, CLASSES, COCO_IOUS)
    return report, intervals(pages, table, coco, thresholds, max_dets=100, draws=draws, seed=seed)


def test_intervals_hold_the_score_and_repeat_with_their_seed():
    pages = random_pages(1, 40)
    report, found = scored(pages)
    low, high = found.f1[0.5]
    assert low < report.f1_50 < high
    assert found.ap.low < coco_scores(pages, CLASSES).ap < found.ap.high
    assert found == scored(pages)[1]
    assert found != scored(pages, seed=1)[1]
    assert found.documents == 40
    assert not found.by_document


def test_more_pages_narrow_the_interval():
    few, many = (scored(random_pages(3, count))[1].f1[0.5] for count in (12, 200))
    assert many.high - many.low < (few.high - few.low) / 2


def test_documents_are_drawn_whole():
    pages = random_pages(1, 40, documents=lambda number: f"book {number // 10}")
    _, found = scored(pages)
    assert found.by_document
    assert found.documents == 8, "four books, each in both sources"
    for weights in Units.of(pages).draws(20, 0):
        for book in range(4):
            for source in (0, 1):
                assert len({weights[page] for page in range(10 * book, 10 * book + 10) if page % 2 == source}) == 1


def test_each_source_keeps_its_size():
    pages = random_pages(1, 30, sources="aab")
    units = Units.of(pages)
    for weights in units.draws(20, 0):
        assert [weights[np.array([page.source == name for page in pages])].sum() for name in "ab"] == [20, 10]


def test_one_document_has_no_interval():
    pages = random_pages(1, 6, sources="a", documents=lambda _: "book")
    _, found = scored(pages)
    assert found.f1[0.5] is found.ap is found.per_source[0.5]["a"] is None


def test_an_interval_leaves_out_what_is_undefined():
    assert interval(np.array([np.nan, np.nan])) is None
    found = interval(np.r_[np.nan, np.linspace(0, 1, 1001)])
    assert found == pytest.approx((0.025, 0.975))


def test_intervals_cover_the_truth_about_as_often_as_they_say():
    """Pages of 20 lines, each found with a chance of its own page: the true recall is 0.7."""
    rng = np.random.default_rng(0)
    line = tuple(Annotation(label="text", box=(0, 20 * k, 100, 20 * k + 10)) for k in range(20))
    covered = 0
    for trial in range(60):
        pages = [
            PagePair(
                source="a",
                truth=line,
                predictions=tuple(
                    Annotation(label="text", box=item.box, score=0.9)
                    for item, hit in zip(line, rng.random(20) < rng.beta(7, 3), strict=True)
                    if hit
                ),
                width=400,
                height=400,
            )
            for _ in range(40)
        ]
        table = MatchTable(pages, ["text"], (0.5,))
        scorer = F1Scorer(table, 0.5, 0.5)
        found = interval(np.array([scorer(weights)[-1] for weights in Units.of(pages).draws(200, trial)]))
        assert found is not None
        covered += found.low <= 2 * 0.7 / 1.7 <= found.high
    assert 50 <= covered <= 60
