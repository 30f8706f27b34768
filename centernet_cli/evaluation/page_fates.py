"""What became of each box of a page, one to one at one IoU and threshold: for pictures of pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from centernet_cli.evaluation.matching import NOT_COUNTED, match_truths, overlap_matrix, overlaps
from centernet_cli.evaluation.pairs import box_set, by_label

if TYPE_CHECKING:
    from collections.abc import Collection

    from centernet_cli.core.records import Box
    from centernet_cli.evaluation.pairs import PagePair


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxFate:
    """One box of a page.

    Attributes:
        kind: `found` or `missed` for truths, `right` or `wrong` for detections.
        label: Its class.
        box: xyxy in page pixels.
        score: Of detections.
        iou: Overlap with its partner, or with the box of the other side that it overlaps most.
    """

    kind: str
    label: str
    box: Box
    score: float | None
    iou: float


def page_fates(pair: PagePair, classes: Collection[str], iou: float, threshold: float) -> list[BoxFate]:
    """Return the boxes that count, truths first; detections on crowds are left out."""
    truth_groups, found_groups = by_label(pair.truth, pair, classes), by_label(pair.predictions, pair, classes)
    truths: list[BoxFate] = []
    detections: list[BoxFate] = []
    for label in dict.fromkeys([*truth_groups, *found_groups]):
        truth, found = box_set(truth_groups.get(label, [])), box_set(found_groups.get(label, []))
        kept = found.scores >= threshold
        boxes, scores = found.boxes[kept], found.scores[kept].tolist()
        partner = match_truths(overlaps(boxes, truth.boxes, truth.crowd, iou - 1e-9), iou)
        shared = overlap_matrix(boxes, truth.boxes, np.zeros(len(truth.boxes), np.bool_))
        taken = {at: k for k, at in enumerate(partner.tolist()) if at >= 0}
        for at in np.flatnonzero(~truth.crowd).tolist():
            best = shared[taken[at], at] if at in taken else shared[:, at].max(initial=0.0)
            kind = "found" if at in taken else "missed"
            truths.append(BoxFate(kind=kind, label=label, box=_box(truth.boxes[at]), score=None, iou=float(best)))
        for k, at in enumerate(partner.tolist()):
            if at != NOT_COUNTED:
                best = shared[k, at] if at >= 0 else shared[k].max(initial=0.0)
                kind = "right" if at >= 0 else "wrong"
                fate = BoxFate(kind=kind, label=label, box=_box(boxes[k]), score=scores[k], iou=float(best))
                detections.append(fate)
    return truths + detections


def _box(values: object) -> Box:
    x0, y0, x1, y1 = np.asarray(values, dtype=np.float64).tolist()
    return x0, y0, x1, y1
