"""What is wrong with boxes: missed, split, merged, loose or invented; by source and by thickness of the lines.

Each truth and each detection gets exactly one fate, so that the counts add up.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from centernet_cli.evaluation.matching import area, common_area, overlap_matrix
from centernet_cli.evaluation.pairs import box_set, by_label
from centernet_cli.evaluation.sizes import size_classes, size_names

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    import numpy.typing as npt

    from centernet_cli.evaluation.pairs import PagePair

    Floats = npt.NDArray[np.float64]
    Bools = npt.NDArray[np.bool_]

TRUTH_FATES = ("tight", "loose", "merged", "split", "off", "missed")
"""Of truths: matched at IoU 0.75; at 0.5; inside a detection with others; covered by several; touched; none near."""
EXTRA_FATES = ("part", "double", "false")
"""Of detections without a match: inside or over truths; on a truth matched by another one; elsewhere."""
SIDES = ("left", "top", "right", "bottom")
TIGHT, LOOSE, TOUCHED = 0.75, 0.5, 0.1
INSIDE = 0.7
"""Share of a box's area within another from which on it counts as inside it."""
COVERED = 0.6
"""Share of a truth that its parts must cover together to call it split."""


class SideErrors(NamedTuple):
    """How far off the sides of matched boxes are, in heights of the true box: left, top, right, bottom, `(4,)` each.

    Attributes:
        mean: Positive where detections are too large.
        absolute: Mean size of the error.
        tenth: What the worst tenth of the boxes exceeds.
    """

    mean: Floats
    absolute: Floats
    tenth: Floats


@dataclass(slots=True)
class ErrorCounts:
    """Fates of truths and of detections without a match.

    Attributes:
        truths: Fates of truths, by name.
        extras: Fates of unmatched detections, by name.
        sides: Signed errors of the matched pairs' sides in heights of the true box (widths are no measure for lines):
            left, top, right, bottom, positive where the detection is too large. `(4,)` each.
    """

    truths: Counter[str] = field(default_factory=Counter)
    extras: Counter[str] = field(default_factory=Counter)
    sides: list[Floats] = field(default_factory=list)

    def add(self, other: ErrorCounts) -> None:
        """Add another's counts to these."""
        self.truths.update(other.truths)
        self.extras.update(other.extras)
        self.sides += other.sides

    def side_errors(self) -> SideErrors | None:
        """Return how far off the sides are; None without matches."""
        if not self.sides:
            return None
        errors = np.stack(self.sides)
        return SideErrors(errors.mean(0), np.abs(errors).mean(0), np.quantile(np.abs(errors), 0.9, axis=0))


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorReport:
    """Errors at one threshold.

    Attributes:
        threshold: Least score of the detections looked at.
        per_source: In the order the sources first appear.
        per_thickness: Truths alone, by the classes of `sizes`, thin ones first.
        pooled: All together.
    """

    threshold: float
    per_source: dict[str, ErrorCounts]
    per_thickness: dict[str, ErrorCounts]
    pooled: ErrorCounts


def box_errors(
    pairs: Iterable[PagePair],
    threshold: float,
    classes: Collection[str] | None = None,
    tick: Callable[[], None] = lambda: None,
) -> ErrorReport:
    """Sort all truths and detections by their fates.

    Args:
        pairs: The pages.
        threshold: Detections below it are left out.
        classes: Count only these; boxes are compared within their class only. None: all.
        tick: Called after each page.
    """
    per_source: dict[str, ErrorCounts] = {}
    per_thickness = {name: ErrorCounts() for name in size_names()}
    pooled = ErrorCounts()
    for pair in pairs:
        counts = per_source.setdefault(pair.source, ErrorCounts())
        for found, thickness in _page(pair, threshold, classes):
            counts.add(found)
            pooled.add(found)
            for fates, name in thickness:
                per_thickness[name].truths[fates] += 1
        tick()
    return ErrorReport(threshold=threshold, per_source=per_source, per_thickness=per_thickness, pooled=pooled)


def report_to_json(report: ErrorReport) -> dict[str, object]:
    """Return the counts as JSON-serialisable values."""
    return {
        "threshold": report.threshold,
        "pooled": _counts(report.pooled),
        "per_source": {name: _counts(counts) for name, counts in report.per_source.items()},
        "per_thickness": {name: dict(counts.truths) for name, counts in report.per_thickness.items()},
    }


def _counts(counts: ErrorCounts) -> dict[str, object]:
    errors = counts.side_errors()
    return {
        "truths": {name: counts.truths[name] for name in TRUTH_FATES},
        "extras": {name: counts.extras[name] for name in EXTRA_FATES},
        "side_error_in_heights": None
        if errors is None
        else {
            "order": list(SIDES),
            "mean": errors.mean.tolist(),
            "absolute": errors.absolute.tolist(),
            "worst_tenth": errors.tenth.tolist(),
        },
    }


def _page(
    pair: PagePair, threshold: float, classes: Collection[str] | None
) -> Iterable[tuple[ErrorCounts, list[tuple[str, str]]]]:
    truth = by_label(pair.truth, pair, classes)
    predicted = by_label(pair.predictions, pair, classes)
    for label in dict.fromkeys([*truth, *predicted]):
        wanted, found = box_set(truth.get(label, [])), box_set(predicted.get(label, []))
        boxes = found.boxes[found.scores >= threshold]
        if wanted.crowd.any():
            # Detections on crowds are neither right nor wrong.
            on_crowd = overlap_matrix(boxes, wanted.boxes[wanted.crowd], np.ones(int(wanted.crowd.sum()), np.bool_))
            boxes = boxes[(on_crowd < LOOSE).all(1)]
        counts, fates = _sort(boxes, wanted.boxes[~wanted.crowd])
        sides = wanted.boxes[~wanted.crowd]
        names = size_names()
        bins = [names[k] for k in size_classes(sides, pair.width, pair.height)]
        yield counts, list(zip(fates, bins, strict=True))


def _sort(found: Floats, truth: Floats) -> tuple[ErrorCounts, list[str]]:
    """Sort one page's boxes of one class; `found (M, 4)` best first, `truth (N, 4)`."""
    counts = ErrorCounts()
    none = np.zeros(len(truth), np.bool_)
    iou = overlap_matrix(found, truth, none)
    partner = _partners(iou)
    shared = common_area(found, truth)
    of_found = shared / np.maximum(area(found), 1e-9)[:, None]
    of_truth = shared / np.maximum(area(truth), 1e-9)[None, :]
    free = np.ones(len(found), np.bool_)
    free[partner[partner >= 0]] = False
    fates = []
    for at, other in enumerate(partner.tolist()):
        if other >= 0:
            fates.append("tight" if iou[other, at] >= TIGHT else "loose")
            counts.sides.append(_side_errors(found[other], truth[at]))
        else:
            fates.append(_fate(at, iou, of_found, of_truth, free))
    counts.truths.update(fates)
    for k in np.flatnonzero(free).tolist():
        counts.extras[_extra(k, of_found, of_truth, partner >= 0)] += 1
    return counts, fates


def _partners(iou: Floats) -> npt.NDArray[np.int64]:
    """Return each truth's detection, -1 without: one to one at IoU 0.5, best score first."""
    partner = np.full(iou.shape[1], -1, np.int64)
    for k, row in enumerate(iou):
        left = np.where(partner < 0, row, -1.0)
        if len(left) and left.max() >= LOOSE:
            partner[int(left.argmax())] = k
    return partner


def _fate(at: int, iou: Floats, of_found: Floats, of_truth: Floats, free: Bools) -> str:
    over = of_truth[:, at] >= INSIDE
    if (over & ((of_truth >= INSIDE).sum(1) > 1)).any():
        return "merged"
    parts = (of_found[:, at] >= INSIDE) & free
    if parts.sum() > 1 and of_truth[parts, at].sum() >= COVERED:
        return "split"
    return "off" if len(iou) and iou[:, at].max() >= TOUCHED else "missed"


def _extra(k: int, of_found: Floats, of_truth: Floats, matched: Bools) -> str:
    on = (of_found[k] >= INSIDE) | (of_truth[k] >= INSIDE)
    if (on & matched).any():
        return "double"
    return "part" if on.any() else "false"


def _side_errors(found: Floats, truth: Floats) -> Floats:
    outwards = np.array([-1.0, -1.0, 1.0, 1.0])
    errors: Floats = (found - truth) * outwards / max(float(truth[3] - truth[1]), 1e-9)
    return errors
