"""What evaluation compares: a page's truth and its predictions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    import numpy.typing as npt

    from centernet_cli.core.records import Annotation


@dataclass(frozen=True, slots=True, kw_only=True)
class PagePair:
    """One page of truth with what was predicted on it.

    Attributes:
        source: Name of the dataset the page belongs to; line scores are averaged over sources.
        truth: What is on the page. `crowd` marks places that count neither for nor against a detection.
        predictions: What was found; a missing score counts as 1.
        width: Pixels of the page both lists of boxes are measured in.
        height: Pixels.
        annotates: Classes that the truth labels wherever they appear; None: all. Truth and predictions of other
            classes are left out, because nothing can be said about them.
        name: What to call the page in reports.
        document: What it is a page of, within its source; empty if that isn't known.
    """

    source: str
    truth: tuple[Annotation, ...]
    predictions: tuple[Annotation, ...]
    width: int
    height: int
    annotates: frozenset[str] | None = None
    name: str = ""
    document: str = ""

    def counts(self, label: str) -> bool:
        """Return whether this page says anything about the class `label`."""
        return self.annotates is None or label in self.annotates


@dataclass(frozen=True, slots=True)
class BoxSet:
    """Boxes of one class on one page as arrays, in an order that doesn't depend on the order they came in.

    Attributes:
        boxes: `(N, 4)` float64, x0, y0, x1, y1 in page pixels.
        scores: `(N,)` float64, descending; ones for truth.
        crowd: `(N,)` bool.
    """

    boxes: npt.NDArray[np.float64]
    scores: npt.NDArray[np.float64]
    crowd: npt.NDArray[np.bool_]


def box_set(annotations: Sequence[Annotation]) -> BoxSet:
    """Return annotations as arrays, best score first, equal scores ordered by their boxes.

    Raises:
        ValueError: A score is NaN or infinite.
    """
    boxes = np.array([item.box for item in annotations], dtype=np.float64).reshape(-1, 4)
    scores = np.array([1.0 if item.score is None else item.score for item in annotations], dtype=np.float64)
    crowd = np.array([item.crowd for item in annotations], dtype=np.bool_)
    if not np.isfinite(scores).all():
        msg = "a prediction has a score that is not a finite number"
        raise ValueError(msg)
    order = np.lexsort((crowd, boxes[:, 3], boxes[:, 2], boxes[:, 0], boxes[:, 1], -scores))
    return BoxSet(boxes[order], scores[order], crowd[order])


def by_label(
    annotations: Iterable[Annotation], pair: PagePair, classes: Collection[str] | None
) -> dict[str, list[Annotation]]:
    """Group annotations by label, leaving out classes that the page says nothing about or that aren't asked for."""
    groups: dict[str, list[Annotation]] = {}
    for item in annotations:
        if pair.counts(item.label) and (classes is None or item.label in classes):
            groups.setdefault(item.label, []).append(item)
    return groups
