"""COCO AP: equal to pycocotools where that is right, and right where that gives up."""

from __future__ import annotations

import contextlib
import io
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from centernet_cli.core.errors import MissingRequirementError
from centernet_cli.core.records import Annotation
from centernet_cli.evaluation.coco_ap import EVALUATORS, Evaluator, coco_scores
from centernet_cli.evaluation.pairs import PagePair

if TYPE_CHECKING:
    from collections.abc import Sequence

CLASSES = ("text", "table", "figure")


def random_pages(seed: int, pages: int = 12, *, ties: bool = False) -> list[PagePair]:
    """Pages with truths, some crowds, near and far detections."""
    rng = np.random.default_rng(seed)
    result = []
    for page in range(pages):
        count = int(rng.integers(0, 12))
        corner, size = rng.uniform(0, 300, (count, 2)), rng.uniform(5, 120, (count, 2))
        boxes = np.hstack([corner, corner + size])
        labels = rng.choice(CLASSES, count)
        truth = tuple(
            Annotation(label=str(label), box=tuple(box), crowd=bool(rng.random() < 0.15))
            for label, box in zip(labels, boxes.tolist(), strict=True)
        )
        found = []
        for label, box in zip(labels, boxes, strict=True):
            for _ in range(int(rng.integers(0, 4))):
                shifted = box + rng.normal(0, 6, 4)
                shifted[2:] = np.maximum(shifted[2:], shifted[:2] + 1)
                score = float(np.round(rng.random(), 1) if ties else rng.random())
                other = str(rng.choice(CLASSES)) if rng.random() < 0.2 else str(label)
                found.append(Annotation(label=other, box=tuple(shifted.tolist()), score=score))
        found.append(Annotation(label="text", box=(350, 350, 380, 390), score=float(rng.random())))
        result.append(
            PagePair(source="s", truth=truth, predictions=tuple(found), width=400, height=400, name=str(page))
        )
    return result


def original(pairs: Sequence[PagePair], max_dets: int) -> tuple[np.ndarray, np.ndarray]:
    """Return precision and recall as pycocotools itself computes them, all areas."""
    sides = []
    for predictions in (False, True):
        annotations: list[dict[str, object]] = []
        for image, pair in enumerate(pairs, 1):
            for item in pair.predictions if predictions else pair.truth:
                x0, y0, x1, y1 = item.box
                annotations.append(
                    {
                        "id": len(annotations) + 1,
                        "image_id": image,
                        "category_id": CLASSES.index(item.label) + 1,
                        "bbox": [x0, y0, x1 - x0, y1 - y0],
                        "area": (x1 - x0) * (y1 - y0),
                        "iscrowd": int(item.crowd),
                        "score": item.score,
                    }
                )
        side = COCO()
        side.dataset = {
            "images": [{"id": image} for image in range(1, len(pairs) + 1)],
            "categories": [{"id": number, "name": name} for number, name in enumerate(CLASSES, 1)],
            "annotations": annotations,
        }
        with contextlib.redirect_stdout(io.StringIO()):
            side.createIndex()
        sides.append(side)
    run = COCOeval(*sides, "bbox")
    run.params.maxDets = [1, 10, max_dets]
    with contextlib.redirect_stdout(io.StringIO()):
        run.evaluate()
        run.accumulate()
    return run.eval["precision"][:, :, :, 0, 2], run.eval["recall"][:, :, 0, 2]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("max_dets", [12, 100])
@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("evaluator", list(EVALUATORS))
def test_same_numbers_as_pycocotools(seed: int, max_dets: int, ties: bool, evaluator: Evaluator) -> None:
    pairs = random_pages(seed, ties=ties)
    precision, recall = original(pairs, max_dets)
    scores = coco_scores(pairs, CLASSES, max_dets, evaluator)
    for column, name in enumerate(CLASSES):
        assert scores.classes[name].ap == pytest.approx(precision[:, :, column].mean(), abs=1e-12)
        assert scores.classes[name].ap50 == pytest.approx(precision[0, :, column].mean(), abs=1e-12)
        assert scores.classes[name].ap75 == pytest.approx(precision[5, :, column].mean(), abs=1e-12)
        assert scores.classes[name].recall == pytest.approx(recall[:, column].mean(), abs=1e-12)
    assert scores.ap == pytest.approx(precision.mean(), abs=1e-12)


def grid(count: int, score: float | None = None, label: str = "text") -> tuple[Annotation, ...]:
    return tuple(
        Annotation(label=label, box=(x, y, x + 8.0, y + 3.0), score=score)
        for x, y in ((10.0 * (index % 50), 5.0 * (index // 50)) for index in range(count))
    )


def page(
    truth: tuple[Annotation, ...],
    predictions: tuple[Annotation, ...],
    annotates: frozenset[str] | None = None,
    source: str = "s",
) -> PagePair:
    return PagePair(source=source, truth=truth, predictions=predictions, width=500, height=500, annotates=annotates)


def test_dense_pages_are_not_capped_at_a_hundred() -> None:
    pages = [page(grid(300), grid(300, 0.9))]
    dense = coco_scores(pages, ["text"], 2000)
    assert dense.ap == pytest.approx(1)
    assert dense.over_max_dets == 0
    capped = coco_scores(pages, ["text"], 100)
    assert capped.ap == pytest.approx(34 / 101)  # recalls 0, 0.01, ... 0.33 are reached
    assert capped.max_dets == 100
    assert capped.over_max_dets == 1


@pytest.mark.parametrize("max_dets", [1, 5, 10, 100, 2000])
@pytest.mark.parametrize("evaluator", list(EVALUATORS))
def test_never_minus_one(max_dets: int, evaluator: Evaluator) -> None:
    scores = coco_scores([page(grid(1), grid(1, 0.5))], ["text"], max_dets, evaluator)
    assert scores.ap == scores.ap50 == scores.ap75 == scores.recall == 1


def test_partial_labels() -> None:
    tables = grid(3, label="table")
    pages = [
        # Only tables are annotated here: the text found counts neither for nor against, nor does the stray truth.
        page(
            (*tables, *grid(1, label="text")),
            (*grid(3, 0.9, "table"), *grid(3, 0.9, "text")),
            frozenset({"table"}),
            "tables",
        ),
        page(grid(2), grid(2, 0.5), frozenset({"text", "list"}), "all"),
    ]
    scores = coco_scores(pages, ["text", "table", "list", "figure"])
    assert scores.per_class == {"text": 1, "table": 1, "list": None, "figure": None}
    assert scores.ap == pytest.approx(1)
    assert scores.classes["text"].truths == 2
    assert scores.classes["text"].detections == 2


@pytest.mark.parametrize("evaluator", list(EVALUATORS))
def test_nothing_to_find_is_undefined_not_zero(evaluator: Evaluator) -> None:
    assert coco_scores([], ["text"], evaluator=evaluator).ap is None
    assert coco_scores([page((), grid(2, 0.5))], ["text"], evaluator=evaluator).ap is None
    only_crowd = (Annotation(label="text", box=(0, 0, 9, 9), crowd=True),)
    assert coco_scores([page(only_crowd, grid(2, 0.5))], ["text"], evaluator=evaluator).ap is None


@pytest.mark.parametrize("evaluator", list(EVALUATORS))
def test_nothing_found_is_zero(evaluator: Evaluator) -> None:
    scores = coco_scores([page(grid(2), ())], ["text"], evaluator=evaluator)
    assert scores.ap == 0
    assert scores.recall == 0


@pytest.mark.parametrize("evaluator", list(EVALUATORS))
def test_says_nothing_on_stdout(capsys: pytest.CaptureFixture[str], evaluator: Evaluator) -> None:
    coco_scores([page(grid(2), grid(2, 0.5))], ["text"], evaluator=evaluator)
    assert capsys.readouterr() == ("", "")


def test_refuses_zero_max_dets() -> None:
    with pytest.raises(ValueError, match="max_dets"):
        coco_scores([], ["text"], 0)


def test_scores_say_who_counted() -> None:
    assert coco_scores([], ["text"]).evaluator.startswith("pycocotools 2")
    assert coco_scores([], ["text"], evaluator="fast").evaluator.startswith("hotcoco 1")


def test_the_fast_evaluator_may_be_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "hotcoco", None)
    with pytest.raises(MissingRequirementError, match=r"E712.*fast-eval"):
        coco_scores([page(grid(2), grid(2, 0.5))], ["text"], evaluator="fast")
