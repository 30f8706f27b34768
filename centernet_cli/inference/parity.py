"""Does an exported graph find what torch finds? Compared on a page, at several sizes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from torch.nn import functional

from centernet_cli.codec.decode import boxes_at
from centernet_cli.codec.peaks import Peaks
from centernet_cli.core.errors import ModelError
from centernet_cli.inference.graph import PageGraph
from centernet_cli.inference.preprocess import network_input

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from centernet_cli.models.meta import ModelMeta
    from centernet_cli.models.zoo import LoadedModel

    Arrays = Sequence[npt.NDArray[Any]]
    Run = Callable[[npt.NDArray[np.uint8], bool], Arrays]

MOST_SCORE = 1e-3
"""Scores of an exported graph may differ this much from torch's: both compute in float32, in another order."""
MOST_PIXELS = 0.25
"""Sides of boxes may differ this much, in network pixels."""
LEAST_SCORE = 0.05
"""Only candidates of at least this score are compared: below it there is noise."""
CLOSE = 2 * MOST_SCORE
"""Of neighbouring cells whose scores are so close either may be the peak, as rounding has it. Maps of networks that
have learned little are full of them, and so are empty pages."""


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


def check_parity(
    model: LoadedModel, run: Run, page: npt.NDArray[np.uint8], what: object, *, either: bool = False
) -> Parity:
    """Compare a graph with torch on a page: at the model's size, smaller, turned, and two pages at once.

    Args:
        model: On the CPU.
        run: Runs the graph on RGB uint8 `(B, H, W, 3)`, with or without the mirror image.
        page: RGB uint8 `(H, W, 3)`.
        what: The graph, for the error message.
        either: Whether the graph does both; it is then compared once the other way than the model says, too.

    Raises:
        ModelError: M521, they differ.
    """
    meta = model.meta
    graph = PageGraph(model.network, meta).eval()
    turned = np.ascontiguousarray(np.rot90(page))
    sizes, found, score, pixels = [], 0, 0.0, 0.0
    flip = meta.test.flip
    views = [([page], meta.page_size, flip), ([page, page[:, ::-1]], meta.page_size // 2, flip), ([turned], 320, flip)]
    if either:
        views.append(([page, page[:, ::-1]], 320, not flip))
    for pages, size, mirror in views:
        batch = np.stack([network_input(one, size, meta.multiple).pixels for one in pages])
        with torch.inference_mode():
            maps = graph.maps(torch.from_numpy(batch), mirror=mirror)
        ours = run(batch, mirror)
        sizes.append((batch.shape[2], batch.shape[1]))
        for index, one in enumerate(zip(*ours, strict=True)):
            cells = _cells({name: values[index : index + 1] for name, values in maps.items()}, meta)
            count, by_score, by_pixels = _differences(Boxes(*one), cells)
            # Unlike Python's own, NumPy's largest of a number and NaN is NaN.
            score, pixels = float(np.maximum(score, by_score)), float(np.maximum(pixels, by_pixels))
            found += count
    parity = Parity(tuple(sizes), found, score, pixels)
    if not (score <= MOST_SCORE and pixels <= MOST_PIXELS):
        message = f"the exported graph differs from torch: scores by {score:.2g}, boxes by {pixels:.2g} px"
        raise ModelError("M521", message, path=what)
    return parity


class Boxes(NamedTuple):
    """Boxes `(N, 4)` in network pixels, scores and classes `(N,)`, best first."""

    boxes: npt.NDArray[np.float32]
    scores: npt.NDArray[np.float32]
    classes: npt.NDArray[np.int64]


class _Cells(NamedTuple):
    """What torch says of a page.

    Attributes:
        possible: Boxes of all cells that are peaks, or would be if rounding had it.
        certain: Which of them are peaks however scores are rounded.
        best: Score of the best.
        most: How many candidates there are at most.
    """

    possible: Boxes
    certain: npt.NDArray[np.bool_]
    best: float
    most: int


def _cells(maps: dict[str, torch.Tensor], meta: ModelMeta) -> _Cells:
    heatmap = maps["heatmap"]
    width, height = meta.decode.peak_window
    around = functional.unfold(
        heatmap.transpose(0, 1), (height, width), padding=(height // 2, width // 2)
    )  # (K, cells of the window, h * w)
    own = heatmap[0].flatten(1)
    possible = (own >= around.amax(1) - CLOSE) & (own >= LEAST_SCORE - CLOSE)
    certain = (around >= own.unsqueeze(1) - CLOSE).sum(1) == 1
    classes, cells = possible.nonzero(as_tuple=True)
    scores = own[classes, cells]
    peaks = Peaks(*(values[None] for values in (scores, classes, cells // heatmap.shape[3], cells % heatmap.shape[3])))
    boxes = meta.stride * boxes_at(maps, peaks)[0]
    return _Cells(
        possible=Boxes(boxes.numpy(), scores.numpy(), classes.numpy()),
        certain=certain[classes, cells].numpy(),
        best=float(own.max()),
        most=meta.decode.top_k + 1,
    )


def _differences(ours: Boxes, cells: _Cells) -> tuple[int, float, float]:
    """Return how many candidates were compared, and the largest differences: of scores, and of sides in pixels.

    Each of the graph's has its twin among torch's cells, and each certain peak among the graph's candidates.
    """
    compared = np.flatnonzero(ours.scores >= LEAST_SCORE)
    least = LEAST_SCORE + CLOSE
    if len(compared) >= cells.most:
        # There was no room for those that come after the last.
        least = max(least, float(ours.scores.min()) + CLOSE)
    sure = np.flatnonzero(cells.certain & (cells.possible.scores >= least))
    twins = [(float(abs(ours.scores.max() - cells.best)), 0.0)]
    twins += [_twin(ours, int(index), cells.possible) for index in compared]
    twins += [_twin(cells.possible, int(index), ours) for index in sure]
    by_score, by_pixels = np.max(twins, axis=0)
    return len(compared), float(by_score), float(by_pixels)


def _twin(one: Boxes, index: int, others: Boxes) -> tuple[float, float]:
    """Return how far a box's nearest of the same class is from it, by score and in pixels; infinitely, without one."""
    same = np.flatnonzero(others.classes == one.classes[index])
    if not len(same):
        return np.inf, np.inf
    apart = np.abs(others.boxes[same] - one.boxes[index]).max(axis=1)
    by_score = np.abs(others.scores[same] - one.scores[index])
    # Several cells may say the same box: the one with the same score counts.
    best = np.maximum(apart / MOST_PIXELS, by_score / MOST_SCORE).argmin()
    return float(by_score[best]), float(apart[best])
