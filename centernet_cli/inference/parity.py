"""Does an exported graph find what torch finds? Compared on a page, at several sizes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from centernet_cli.core.errors import ModelError
from centernet_cli.inference.graph import PageGraph
from centernet_cli.inference.preprocess import network_input

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from centernet_cli.models.zoo import LoadedModel

    Arrays = Sequence[npt.NDArray[Any]]
    Run = Callable[[npt.NDArray[np.uint8]], Arrays]

MOST_SCORE = 1e-3
"""Scores of an exported graph may differ this much from torch's: both compute in float32, in another order."""
MOST_PIXELS = 0.25
"""Sides of boxes may differ this much, in network pixels."""
LEAST_SCORE = 0.05
"""Only candidates of at least this score are compared: below it there is noise."""


@dataclass(frozen=True, slots=True)
class Parity:
    """How far an exported graph is from torch.

    Attributes:
        sizes: Width and height of what both were shown, in pixels.
        boxes: Candidates compared.
        score: Largest difference of scores.
        pixels: Largest difference of a side of a box, in network pixels.
    """

    sizes: tuple[tuple[int, int], ...]
    boxes: int
    score: float
    pixels: float

    def __str__(self) -> str:
        sizes = ", ".join(f"{width}x{height}" for width, height in self.sizes)
        return (
            f"same as torch at {sizes}: {self.boxes} boxes within {self.pixels:.2g} px, scores within {self.score:.2g}"
        )


def check_parity(model: LoadedModel, run: Run, page: npt.NDArray[np.uint8], what: object) -> Parity:
    """Compare a graph with torch on a page: at the model's size, smaller, turned, and two pages at once.

    Args:
        model: On the CPU.
        run: Runs the graph on RGB uint8 `(B, H, W, 3)`.
        page: RGB uint8 `(H, W, 3)`.
        what: The graph, for the error message.

    Raises:
        ModelError: M521, they differ.
    """
    meta = model.meta
    graph = PageGraph(model.network, meta).eval()
    turned = np.ascontiguousarray(np.rot90(page))
    sizes, found, score, pixels = [], 0, 0.0, 0.0
    for pages, size in (([page], meta.page_size), ([page, page[:, ::-1]], meta.page_size // 2), ([turned], 320)):
        batch = np.stack([network_input(one, size, meta.multiple).pixels for one in pages])
        with torch.inference_mode():
            theirs = [value.numpy() for value in graph.run(torch.from_numpy(batch), mirror=meta.test.flip)]
        ours = run(batch)
        sizes.append((batch.shape[2], batch.shape[1]))
        for one, other in zip(zip(*ours, strict=True), zip(*theirs, strict=True), strict=True):
            count, by_score, by_pixels = _differences(one, other)
            found, score, pixels = found + count, max(score, by_score), max(pixels, by_pixels)
    parity = Parity(tuple(sizes), found, score, pixels)
    if not (score <= MOST_SCORE and pixels <= MOST_PIXELS):
        message = f"the exported graph differs from torch: scores by {score:.2g}, boxes by {pixels:.2g} px"
        raise ModelError("M521", message, path=what)
    return parity


def _differences(ours: Arrays, theirs: Arrays) -> tuple[int, float, float]:
    """Return how many candidates two lists have in common, and their largest differences."""
    (boxes, scores, classes), (true_boxes, true_scores, true_classes) = ours, theirs
    sure = true_scores >= LEAST_SCORE
    count = int(sure.sum())
    if not count:
        return 0, float(np.abs(scores - true_scores).max(initial=0.0)), 0.0
    # Those of equal score may come in another order: each one's nearest counts.
    apart = np.abs(boxes[None, : count + 50] - true_boxes[:count, None]).max(axis=2)
    apart += 1e6 * (classes[None, : count + 50] != true_classes[:count, None])
    nearest = apart.argmin(axis=1)
    by_score = np.abs(scores[nearest] - true_scores[:count]).max()
    return count, float(by_score), float(apart.min(axis=1).max())
