"""COCO average precision, for pages with more boxes than COCO's hundred, by one of several evaluators."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from centernet_cli.evaluation import coco_fast, coco_reference
from centernet_cli.evaluation.coco_boxes import coco_boxes
from centernet_cli.evaluation.counts import mean

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import numpy.typing as npt

    from centernet_cli.evaluation.pairs import PagePair

Evaluator = Literal["pycocotools", "fast"]
EVALUATORS: dict[Evaluator, str] = {"pycocotools": "the reference", "fast": "hotcoco: the same numbers in less time"}
DEFAULT_MAX_DETS = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassScores:
    """Average precision of one class.

    Attributes:
        truths: Boxes to find (crowds not counted).
        detections: Boxes found, before `max_dets`.
        ap: Mean over IoU 0.5 to 0.95; None if no page annotates the class or it never occurs.
        ap50: At IoU 0.5.
        ap75: At IoU 0.75.
        recall: Average recall over IoU 0.5 to 0.95 with `max_dets` detections a page.
    """

    truths: int = 0
    detections: int = 0
    ap: float | None = None
    ap50: float | None = None
    ap75: float | None = None
    recall: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CocoScores:
    """Average precision of several classes.

    Attributes:
        classes: By name, in the order asked for.
        max_dets: Detections of a class on a page that count, best scores first.
        over_max_dets: Pages with more detections of some class than that.
        evaluator: Name and version of the library that counted.
    """

    classes: dict[str, ClassScores]
    max_dets: int
    over_max_dets: int
    evaluator: str = ""

    @property
    def per_class(self) -> dict[str, float | None]:
        """AP of each class; None where it's undefined."""
        return {name: scores.ap for name, scores in self.classes.items()}

    @property
    def ap(self) -> float | None:
        """Mean over the classes with a defined AP; None if there is none."""
        return mean(scores.ap for scores in self.classes.values())

    @property
    def ap50(self) -> float | None:
        """Mean AP at IoU 0.5."""
        return mean(scores.ap50 for scores in self.classes.values())

    @property
    def ap75(self) -> float | None:
        """Mean AP at IoU 0.75."""
        return mean(scores.ap75 for scores in self.classes.values())

    @property
    def recall(self) -> float | None:
        """Mean average recall."""
        return mean(scores.recall for scores in self.classes.values())


def coco_scores(
    pairs: Sequence[PagePair],
    classes: Sequence[str],
    max_dets: int = DEFAULT_MAX_DETS,
    evaluator: Evaluator = "pycocotools",
) -> CocoScores:
    """Return COCO AP over all pages together.

    A class is judged on the pages whose truth annotates it only: elsewhere its detections are left out.

    Args:
        pairs: The pages.
        classes: Names to score.
        max_dets: Detections of a class on a page that count.
        evaluator: Which library counts.

    Raises:
        ValueError: `max_dets` is below 1.
        MissingRequirementError: E712, the evaluator isn't installed.
    """
    if max_dets < 1:
        msg = f"max_dets must be at least 1, not {max_dets}"
        raise ValueError(msg)
    library = coco_fast if evaluator == "fast" else coco_reference
    boxes = coco_boxes(pairs, classes, max_dets)
    scores = {name: ClassScores() for name in classes}
    truth, found = boxes.truth, boxes.found
    if not truth.crowd.all():
        precision, recall = library.run(boxes, max_dets)
        for column, name in enumerate(classes):
            scores[name] = ClassScores(
                truths=int(((truth.category == column + 1) & ~truth.crowd).sum()),
                detections=int((found.category == column + 1).sum()),
                ap=_defined(precision[:, :, column]),
                ap50=_defined(precision[0, :, column]),
                ap75=_defined(precision[5, :, column]),
                recall=_defined(recall[:, column]),
            )
    return CocoScores(classes=scores, max_dets=max_dets, over_max_dets=boxes.over, evaluator=library.name())


def _defined(values: npt.NDArray[np.float64]) -> float | None:
    known = values[values > -1]
    # pycocotools adds an epsilon to denominators: without rounding, perfect would be 0.9999999999999998.
    return round(float(known.mean()), 12) if known.size else None
