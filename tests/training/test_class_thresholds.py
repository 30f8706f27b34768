from __future__ import annotations

from centernet_cli.core.records import Annotation
from centernet_cli.evaluation.line_metrics import line_scores
from centernet_cli.evaluation.pairs import PagePair
from centernet_cli.training.class_thresholds import LEAST, class_thresholds

CLASSES = ("text", "caption", "table")


def page(number, scores, *, wrong=None, source="val", document="") -> PagePair:
    """A page with boxes of each class found with a score, and perhaps false ones."""
    truth, found = [], []
    for row, (label, score) in enumerate(scores.items()):
        box = (10, 100 * row, 60, 100 * row + 20)
        truth.append(Annotation(label=label, box=box))
        found.append(Annotation(label=label, box=box, score=score + number / 1000))
    for row, (label, score) in enumerate((wrong or {}).items()):
        false = (500, 100 * row, 560, 100 * row + 20)
        found.append(Annotation(label=label, box=false, score=score + number / 1000))
    return PagePair(
        source=source, truth=tuple(truth), predictions=tuple(found), width=1000, height=1000, document=document
    )


def test_a_class_whose_scores_are_on_another_scale_has_its_own_threshold():
    pages = [
        page(number, {"text": 0.8, "caption": 0.25}, wrong={"text": 0.4, "caption": 0.1}) for number in range(LEAST)
    ]
    assert class_thresholds(pages, CLASSES, 0.8) == {"caption": 0.25}  # the lowest right one, above all wrong ones
    common = line_scores(pages).threshold
    assert common == 0.25
    assert class_thresholds(pages, CLASSES, common) == {"text": 0.8}


def test_nothing_for_classes_with_few_boxes():
    pages = [page(number, {"text": 0.8, "caption": 0.25}) for number in range(LEAST - 1)]
    assert class_thresholds(pages, CLASSES, 0.8) == {}


def test_nothing_where_the_halves_disagree():
    # What is best on the even pages is worst on the odd ones: scores say nothing about this class.
    even = [page(2 * k, {"text": 0.8, "caption": 0.6}, wrong={"caption": 0.5}) for k in range(15)]
    odd = [page(2 * k + 1, {"text": 0.8, "caption": 0.2}, wrong={"caption": 0.7}) for k in range(15)]
    mixed = [one for pair in zip(even, odd, strict=True) for one in pair]
    assert class_thresholds(mixed, CLASSES, 0.3) == {}


def test_documents_are_not_torn_apart():
    # Within each document both kinds of pages, so that halves by pages would disagree: but documents are alike.
    pages = []
    for document in "abcd":
        low = [page(k, {"caption": 0.25}, wrong={"caption": 0.1}, document=document) for k in range(5)]
        pages += low + [page(k, {"caption": 0.25}, document=document) for k in range(5)]
    assert class_thresholds(pages, CLASSES, 0.8) == {"caption": 0.25}
    # One document each: pages are dealt out instead.
    assert class_thresholds([*pages[:10]] * 2, CLASSES, 0.8) == {"caption": 0.25}


def test_nothing_without_a_page_for_each_half():
    assert class_thresholds([], CLASSES, 0.5) == {}
    assert class_thresholds([page(1, {"text": 0.1})], CLASSES, 0.5) == {}
    many = [page(number, {"text": 0.1}) for number in range(LEAST)]
    assert class_thresholds(many, CLASSES, 0.5)
    assert class_thresholds(many, CLASSES, 0.0) == {}
