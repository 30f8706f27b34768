"""COCO average precision by pycocotools, for pages with more boxes than COCO's hundred."""

from __future__ import annotations

import contextlib
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pycocotools.coco import COCO

from centernet_cli.evaluation.coco_matching import SparseCOCOeval
from centernet_cli.evaluation.pairs import by_label

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy as np
    import numpy.typing as npt

    from centernet_cli.core.records import Annotation
    from centernet_cli.evaluation.pairs import PagePair

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
    """

    classes: dict[str, ClassScores]
    max_dets: int
    over_max_dets: int

    @property
    def per_class(self) -> dict[str, float | None]:
        """AP of each class; None where it's undefined."""
        return {name: scores.ap for name, scores in self.classes.items()}

    @property
    def ap(self) -> float | None:
        """Mean over the classes with a defined AP; None if there is none."""
        return _mean(scores.ap for scores in self.classes.values())

    @property
    def ap50(self) -> float | None:
        """Mean AP at IoU 0.5."""
        return _mean(scores.ap50 for scores in self.classes.values())

    @property
    def ap75(self) -> float | None:
        """Mean AP at IoU 0.75."""
        return _mean(scores.ap75 for scores in self.classes.values())

    @property
    def recall(self) -> float | None:
        """Mean average recall."""
        return _mean(scores.recall for scores in self.classes.values())


def coco_scores(pairs: Sequence[PagePair], classes: Sequence[str], max_dets: int = DEFAULT_MAX_DETS) -> CocoScores:
    """Return COCO AP over all pages together.

    A class is judged on the pages whose truth annotates it only: elsewhere its detections are left out.

    Args:
        pairs: The pages.
        classes: Names to score.
        max_dets: Detections of a class on a page that count.

    Raises:
        ValueError: `max_dets` is below 1.
    """
    if max_dets < 1:
        msg = f"max_dets must be at least 1, not {max_dets}"
        raise ValueError(msg)
    ids = {name: number for number, name in enumerate(classes, 1)}
    images = [{"id": number, "width": pair.width, "height": pair.height} for number, pair in enumerate(pairs, 1)]
    truth: list[dict[str, Any]] = []
    found: list[dict[str, Any]] = []
    over_max_dets = 0
    for image, pair in enumerate(pairs, 1):
        for label, items in by_label(pair.truth, pair, ids).items():
            truth += [_entry(item, image, ids[label]) for item in items]
        groups = by_label(pair.predictions, pair, ids)
        for label, items in groups.items():
            found += [_entry(item, image, ids[label]) for item in items]
        over_max_dets += any(len(items) > max_dets for items in groups.values())
    # pycocotools takes id 0 for "not matched".
    for entries in (truth, found):
        for number, entry in enumerate(entries, 1):
            entry["id"] = number
    scores = {name: ClassScores() for name in classes}
    if any(not entry["iscrowd"] for entry in truth):
        precision, recall = _run(images, ids, truth, found, max_dets)
        for column, name in enumerate(classes):
            scores[name] = ClassScores(
                truths=sum(entry["category_id"] == ids[name] and not entry["iscrowd"] for entry in truth),
                detections=sum(entry["category_id"] == ids[name] for entry in found),
                ap=_defined(precision[:, :, column]),
                ap50=_defined(precision[0, :, column]),
                ap75=_defined(precision[5, :, column]),
                recall=_defined(recall[:, column]),
            )
    return CocoScores(classes=scores, max_dets=max_dets, over_max_dets=over_max_dets)


def _run(
    images: list[dict[str, Any]],
    ids: dict[str, int],
    truth: list[dict[str, Any]],
    found: list[dict[str, Any]],
    max_dets: int,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return precision `(10 IoUs, 101 recalls, classes)` and recall `(10, classes)`, -1 where undefined."""
    categories = [{"id": number, "name": name} for name, number in ids.items()]
    # pycocotools prints its progress; stdout is ours.
    with contextlib.redirect_stdout(io.StringIO()):
        sides = []
        for annotations in (truth, found):
            side = COCO()
            side.dataset = {"info": {}, "images": images, "categories": categories, "annotations": annotations}
            side.createIndex()
            sides.append(side)
        run = SparseCOCOeval(*sides, "bbox")
        # The summary of pycocotools looks for exactly 100 and gives -1 otherwise, so it's read from the arrays.
        run.params.maxDets = [max_dets]
        run.params.areaRng = [[0.0, float("inf")]]
        run.params.areaRngLbl = ["all"]
        run.evaluate()
        run.accumulate()
    return run.eval["precision"][:, :, :, 0, 0], run.eval["recall"][:, :, 0, 0]


def _entry(item: Annotation, image: int, category: int) -> dict[str, Any]:
    x0, y0, x1, y1 = item.box
    return {
        "image_id": image,
        "category_id": category,
        "bbox": [x0, y0, x1 - x0, y1 - y0],
        "area": (x1 - x0) * (y1 - y0),
        "iscrowd": int(item.crowd),
        "score": 1.0 if item.score is None else item.score,
    }


def _defined(values: npt.NDArray[np.float64]) -> float | None:
    known = values[values > -1]
    # pycocotools adds an epsilon to denominators: without rounding, perfect would be 0.9999999999999998.
    return round(float(known.mean()), 12) if known.size else None


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
