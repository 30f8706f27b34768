"""Two models: tests against published and counted values, and changes page by page."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from centernet_cli.core.records import Annotation
from centernet_cli.evaluation import significance
from centernet_cli.evaluation.compare import compare
from centernet_cli.evaluation.compare_json import comparison_to_json
from centernet_cli.evaluation.pairs import PagePair
from centernet_cli.evaluation.significance import bootstrap_p, sign_test, wilcoxon
from centernet_cli.evaluation.summary import Scoring, summarise

LINES = tuple((0, 20 * k, 100, 20 * k + 10) for k in range(20))


def test_sign_test():
    assert sign_test(0, 0) == 1
    assert sign_test(5, 5) == 1
    assert sign_test(9, 1) == pytest.approx(2 * 11 / 1024)
    assert sign_test(10, 0) == pytest.approx(2 / 1024)
    assert sign_test(600, 500) == pytest.approx(0.0028, abs=2e-4)


def test_wilcoxon_of_the_textbook():
    # Darwin's maize, 15 pairs, as in R: wilcox.test(x, y, paired = TRUE) gives V = 96, p = 0.04126.
    pairs = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]
    assert wilcoxon(np.array(pairs, dtype=np.float64)) == pytest.approx(0.04126, abs=5e-5)


@given(st.lists(st.integers(-4, 4), min_size=1, max_size=9))
def test_wilcoxon_counts_all_signs(values):
    known = np.array([value for value in values if value], dtype=np.float64)
    if not len(known):
        assert wilcoxon(np.array(values, dtype=np.float64)) == 1
        return
    sizes = np.abs(known)
    ranks = np.array([(sizes < size).sum() + ((sizes == size).sum() + 1) / 2 for size in sizes])
    total = ranks.sum()
    lower = min(ranks[known > 0].sum(), ranks[known < 0].sum())
    sums = [
        sum(rank for rank, sign in zip(ranks, signs, strict=True) if sign)
        for signs in itertools.product((False, True), repeat=len(ranks))
    ]
    extreme = sum(min(one, total - one) <= lower + 1e-9 for one in sums)
    assert wilcoxon(np.array(values, dtype=np.float64)) == pytest.approx(min(1, extreme / len(sums)), abs=1e-9)


def test_wilcoxon_of_many_pairs_is_close_to_the_exact_one(monkeypatch):
    rng = np.random.default_rng(0)
    values = rng.normal(0.3, 1, 50)
    exact = wilcoxon(values)
    monkeypatch.setattr(significance, "EXACT_UP_TO", 0)
    assert wilcoxon(values) == pytest.approx(exact, rel=0.25)
    assert wilcoxon(np.round(values)) < 0.1, "with ties"


def test_bootstrap_p():
    assert bootstrap_p(np.array([np.nan])) is None
    assert bootstrap_p(np.ones(999)) == pytest.approx(2 / 1000)
    assert bootstrap_p(np.linspace(-1, 1, 1001)) == 1


def pages(hits, source="s", documents=None):
    """Pages of 20 lines, of which so many are found."""
    return [
        PagePair(
            source=source,
            truth=tuple(Annotation(label="line", box=box) for box in LINES),
            predictions=tuple(Annotation(label="line", box=box, score=0.9) for box in LINES[:count]),
            width=400,
            height=400,
            name=f"p{number}",
            document=documents[number] if documents else "",
        )
        for number, count in enumerate(hits)
    ]


def compared(old, new, draws=300):
    a, b = (summarise(one, ["line"], Scoring(draws=0)) for one in (old, new))
    return compare(a, b, draws=draws)


def test_a_better_model_is_better_beyond_luck():
    rng = np.random.default_rng(0)
    old = rng.integers(8, 16, 40)
    result = compared(pages(old), pages(old + rng.integers(0, 4, 40)))
    head = result.differences[0]
    assert (head.measure, head.part) == ("F1@0.5", "")
    assert head.change > 0
    assert head.interval.low > 0
    assert head.p < 0.02
    assert result.wins > result.losses == 0
    assert result.sign_p < 0.001
    assert result.wilcoxon_p < 0.001


def test_the_same_model_twice():
    result = compared(pages([5, 10, 15]), pages([5, 10, 15]))
    assert all(one.change == 0 for one in result.differences)
    assert all(one.interval == (0, 0) for one in result.differences)
    assert (result.wins, result.losses, result.ties) == (0, 0, 3)
    assert result.sign_p == result.wilcoxon_p == 1
    assert all(one.p == 1 for one in result.differences)


def test_no_real_difference_is_seldom_called_one():
    rng = np.random.default_rng(1)
    false_alarms = 0
    for _ in range(15):
        old, new = rng.integers(8, 19, 30), rng.integers(8, 19, 30)
        result = compared(pages(old), pages(new), draws=100)
        false_alarms += result.differences[0].p < 0.05
    assert false_alarms <= 4


def test_worst_regressions_come_first():
    result = compared(pages([10, 20, 5]), pages([20, 4, 5]))
    assert [page.index for page in result.pages] == [1, 2, 0]
    assert result.pages[0].change == pytest.approx(2 * 4 / 24 - 1)
    assert (result.pages[0].a.matched, result.pages[0].b.matched) == (20, 4)


def test_differences_are_those_of_the_scores():
    old = [*pages([10, 15]), *pages([20], "t")]
    new = [*pages([12, 15]), *pages([10], "t")]
    a, b = (summarise(one, ["line"], Scoring(draws=0)) for one in (old, new))
    by_name = {(one.measure, one.part): one for one in compare(a, b, draws=10).differences}
    for place, measure in ((0, "F1@0.5"), (1, "F1@0.75")):
        assert by_name[measure, ""].a == pytest.approx(a.boxes.at[place].f1)
        assert by_name[measure, ""].b == pytest.approx(b.boxes.at[place].f1)
        assert by_name[measure, "t"].b == pytest.approx(b.boxes.at[place].per_source["t"].f1)
        assert by_name[measure, "all pages as one"].b == pytest.approx(b.boxes.at[place].pooled.f1)
    assert by_name["AP", ""].b == by_name["AP", "line"].b == pytest.approx(b.coco.ap, abs=1e-9)
    assert by_name["AP50", ""].a == pytest.approx(a.coco.ap50, abs=1e-9)


def test_documents_are_what_is_counted():
    documents = ["x", "x", "y", "y"]
    result = compared(pages([10, 10, 10, 10], documents=documents), pages([12, 12, 9, 10], documents=documents))
    assert (result.wins, result.losses, result.ties) == (1, 1, 0)
    assert result.by_document


def test_pages_with_nothing_on_them():
    blank = [replace(page, truth=()) for page in pages([0, 0])]
    noisy = [replace(blank[0], predictions=pages([3])[0].predictions), blank[1]]
    result = compared([*blank, *pages([5], "t")], [*noisy, *pages([5], "t")])
    assert result.losses == 1
    assert result.pages[0].change == -1


def test_only_the_same_pages_can_be_compared():
    with pytest.raises(ValueError, match="same pages"):
        compared(pages([5, 6]), pages([5]))


def test_as_json():
    document: Any = comparison_to_json(compared(pages([10, 20, 5]), pages([20, 4, 5]), draws=20))
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    assert document["pages"][0]["page"] == "p1"
    assert document["documents"]["wins"] == 1
    assert document["differences"][0]["change"] == pytest.approx(
        document["differences"][0]["b"] - document["differences"][0]["a"]
    )
