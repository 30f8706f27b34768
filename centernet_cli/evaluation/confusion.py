"""Which class is taken for which: a confusion matrix with background."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from centernet_cli.evaluation.matching import NOT_COUNTED, match_truths, overlaps
from centernet_cli.evaluation.pairs import box_set, by_label

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import numpy.typing as npt

    from centernet_cli.evaluation.pairs import PagePair

    Ints = npt.NDArray[np.int64]


def confusion_matrix(
    pairs: Iterable[PagePair],
    classes: Sequence[str],
    iou: float,
    threshold: float,
    tick: Callable[[], None] = lambda: None,
) -> Ints:
    """Count truths by what was found in their place.

    Boxes are matched within their class first, so that the diagonal is what precision and recall count; what is then
    left is matched across classes, best score first.

    Args:
        pairs: The pages.
        classes: Names, in the order of rows and columns.
        iou: Least overlap of a match.
        threshold: Detections below it are left out.
        tick: Called after each page.

    Returns:
        `(classes + 1, classes + 1)`: rows are truths, columns detections; the last row holds detections where nothing
        is, the last column truths where nothing was found.
    """
    counts = np.zeros((len(classes) + 1, len(classes) + 1), np.int64)
    places = {name: place for place, name in enumerate(classes)}
    for pair in pairs:
        _add_page(counts, pair, places, iou, threshold)
        tick()
    return counts


def _add_page(counts: Ints, pair: PagePair, places: dict[str, int], iou: float, threshold: float) -> None:
    background = len(places)
    truth_groups, found_groups = by_label(pair.truth, pair, places), by_label(pair.predictions, pair, places)
    rest_truth: list[tuple[npt.NDArray[np.float64], int]] = []
    rest_found: list[tuple[npt.NDArray[np.float64], float, int]] = []
    for label in dict.fromkeys([*truth_groups, *found_groups]):
        truth, found = box_set(truth_groups.get(label, [])), box_set(found_groups.get(label, []))
        kept = found.scores >= threshold
        near = overlaps(found.boxes[kept], truth.boxes, truth.crowd, iou - 1e-9)
        partner = match_truths(near, iou)
        place = places[label]
        counts[place, place] += int((partner >= 0).sum())
        free = ~truth.crowd
        free[partner[partner >= 0]] = False
        rest_truth += [(box, place) for box in truth.boxes[free]]
        lonely = ~((partner >= 0) | (partner == NOT_COUNTED))
        scores = found.scores[kept][lonely].tolist()
        rest_found += [(box, score, place) for box, score in zip(found.boxes[kept][lonely], scores, strict=True)]
    rest_found.sort(key=lambda item: -item[1])
    labels = np.array([place for _, place in rest_truth], dtype=np.int64)
    boxes = np.array([box for box, _ in rest_truth]).reshape(-1, 4)
    other = np.array([box for box, _, _ in rest_found]).reshape(-1, 4)
    partner = match_truths(overlaps(other, boxes, np.zeros(len(boxes), np.bool_), iou - 1e-9), iou)
    for (_, _, place), truth_at in zip(rest_found, partner.tolist(), strict=True):
        counts[labels[truth_at] if truth_at >= 0 else background, place] += 1
    missed = np.ones(len(boxes), np.bool_)
    missed[partner[partner >= 0]] = False
    counts[:background, background] += np.bincount(labels[missed], minlength=background)
