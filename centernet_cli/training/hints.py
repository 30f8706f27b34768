"""What looks wrong about a training, and what can be done: said once, in plain words, while there is time."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from centernet_cli.evaluation.match_table import MatchTable
from centernet_cli.losses.dead_heatmap import DEAD_HEATMAP
from centernet_cli.training.data import planned_steps, trained_on

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from centernet_cli.core.recipe import Recipe
    from centernet_cli.datasets.samples import LabelledPage
    from centernet_cli.evaluation.pairs import PagePair
    from centernet_cli.training.data import TrainingData

THIN = 8.0
"""Shorter side in pixels of the network's input from which a box can be told from its neighbour at stride 4."""
THIN_SHARE = 0.1
FEW = 20
"""A class with fewer boxes than this is hardly learnt."""
STEPS = 200
"""Steps over which the loss is averaged before it is compared, in a long training."""
PATIENCE = 3
"""Such stretches in a row without a lower mean before something is said."""
NOT_FALLEN = "the loss has not fallen"
ENOUGH = 6
"""Losses from which their spread can be told."""
RIGHT = 0.5
"""IoU from which a box counts as right."""


def data_hints(data: TrainingData, recipe: Recipe) -> list[str]:
    """Return what the pages alone tell: text too small, more objects than are kept, classes without boxes."""
    hints = []
    sides = np.concatenate([_sides(page, recipe) for page in data.train]) if data.train else np.zeros(0)
    thin = float((sides < THIN).mean()) if sides.size else 0.0
    if thin > THIN_SHARE:
        cropped, (width, height) = recipe.augment.mode == "crop", recipe.train.input
        larger = f"train.page_size ({recipe.train.page_size} now)" if cropped else f"train.input ({width}x{height} now)"
        hints.append(
            f"{thin:.0%} of the boxes are thinner than {THIN:g} pixels at the input's size, too thin to be told from "
            f"their neighbours: a larger {larger}"
        )
    most = max((len(page.boxes) for page in data.train), default=0)
    most = max([most, *(len(page.truth) for page in data.val)])
    for key, limit in (("decode.top_k", recipe.decode.top_k), ("eval.max_dets", recipe.eval.max_dets)):
        if most > limit:
            hints.append(f"a page has {most} boxes, more than the {limit} that are kept: raise {key}")
    counts = np.zeros(len(recipe.data.classes), np.int64)
    for page in data.train:
        counts += np.bincount(page.labels, minlength=len(counts))
    for label, count in zip(recipe.data.classes, counts.tolist(), strict=True):
        if count < FEW:
            boxes = "no box" if not count else "only 1 box" if count == 1 else f"only {count} boxes"
            hints.append(f"class '{label}' has {boxes} to learn from")
    if known := trained_on(data):
        some = f"all {known}" if known == len(data.val) else f"{known} of the {len(data.val)}"
        hints.append(
            f"{some} validation pages are trained on as well: the scores tell how well those were learnt, not how good "
            "the model is on others (data.val, data.holdout)"
        )
    if recipe.train.patience is not None and not data.val:
        hints.append("train.patience does nothing without validation pages")
    steps, warmup = planned_steps(recipe, len(data.train)), recipe.optim.warmup_steps
    if warmup >= steps / 2 and warmup > 1:
        hints.append(
            f"the rate rises for {warmup} steps (optim.warmup_steps) of a training of {steps}: more train.epochs or "
            "train.samples_per_epoch, or fewer optim.warmup_steps"
        )
    return hints


def class_hints(
    pairs: Sequence[PagePair], classes: Sequence[str], threshold: float, *, said: Sequence[str] = ()
) -> list[str]:
    """Return which classes of the truth are never predicted, or never where they are.

    Args:
        pairs: Validation pages.
        classes: Of the recipe.
        threshold: Of the model.
        said: What has been said to look wrong: it may be why nothing is found.
    """
    scores = MatchTable(pairs, classes, (RIGHT,)).per_class(RIGHT, threshold)
    wanted = [label for label in classes if scores[label].truths]
    if wanted and not any(scores[label].matched for label in wanted):
        what = f"no box predicted on the validation pages with a score of {threshold:.2f} or more is right"
        if any(hint.startswith((DEAD_HEATMAP, NOT_FALLEN)) for hint in said):
            return [f"{what} (IoU {RIGHT:g}): see the warnings about the training"]
        return [
            f"{what} (IoU {RIGHT:g}): most likely the training was too short; else look at the pictures of the batches"
        ]
    hints = []
    for label in wanted:
        found = scores[label].detections
        if found and not scores[label].matched:
            hints.append(f"class '{label}': none of the {found:,} boxes predicted is right (IoU {RIGHT:g})")
        elif not found:
            hints.append(
                f"class '{label}' is never predicted with a score of {threshold:.2f} or more: more pages with it "
                "(data.train.N.weight draws a source more often), or more steps"
            )
    return hints


def loss_hints(metrics: Sequence[Mapping[str, object]], *, said: Sequence[str] = ()) -> list[str]:
    """Return whether the loss was no lower in the last quarter of the training than in the first.

    Lower means by 2 %, and by more than the standard error of the difference: in a short training a few easy batches
    at the end are no success.

    Args:
        metrics: Lines of metrics.jsonl.
        said: What has been said to look wrong; a loss that doesn't fall is told of once.
    """
    if any(hint.startswith(NOT_FALLEN) for hint in said):
        return []
    losses = [float(line["loss"]) for line in metrics if isinstance(line.get("loss"), float | int)]  # type: ignore[arg-type]
    part = len(losses) // 4
    if part < 2:
        return []
    first, last = (sum(some) / part for some in (losses[:part], losses[-part:]))
    noise = math.sqrt((np.var(losses[:part], ddof=1) + np.var(losses[-part:], ddof=1)) / part)
    if first - last > max(0.02 * first, noise if part >= ENOUGH else 0.0):
        return []
    chance = ", which may be chance" if first - last > 0.02 * first else ""
    means = f"{first:.3g} on average in the first quarter of the training, {last:.3g} in the last"
    return [f"{NOT_FALLEN}: {means}{chance}"]


class LossWatch:
    """Notices when the loss has stopped falling early on.

    Args:
        steps: Over which the loss is averaged.
        patience: Averages in a row that are no lower than the lowest before.
        told: Whether it was said before, in an earlier part of the run.
    """

    def __init__(self, steps: int = STEPS, patience: int = PATIENCE, *, told: bool = False) -> None:
        self.steps, self.patience = steps, patience
        self._losses: list[float] = []
        self._lowest = float("inf")
        self._bad = 0
        self._told = told

    @classmethod
    def over(cls, total: int, said: Sequence[str] = ()) -> LossWatch:
        """Return one for a training of so many steps: in a short one it looks at shorter stretches.

        Args:
            total: Steps.
            said: What has been said to look wrong.
        """
        return cls(min(STEPS, max(12, total // 16)), told=any(hint.startswith(NOT_FALLEN) for hint in said))

    def observe(self, loss: float, share: float) -> str | None:
        """Take in a step's loss; return a hint, once, if it doesn't fall in the first half of a training.

        Args:
            loss: Of the step.
            share: Of the training that lies behind; later on a loss may well stay as it is.
        """
        self._losses.append(loss)
        if len(self._losses) < self.steps:
            return None
        mean, self._losses = sum(self._losses) / len(self._losses), []
        self._bad = 0 if mean < 0.99 * self._lowest else self._bad + 1
        self._lowest = min(self._lowest, mean)
        if self._bad < self.patience or self._told or share > 0.5:
            return None
        self._told = True
        return (
            f"{NOT_FALLEN} for {self.steps * self.patience} steps (mean {mean:.3g}, lowest "
            f"{self._lowest:.3g}): try a lower or a higher optim.lr, look at the pictures of the batches, and check "
            "the data (centernet data check)"
        )


def _sides(page: LabelledPage, recipe: Recipe) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Return the shorter sides `(N,)` of a page's boxes in pixels of the network's input."""
    if recipe.augment.mode == "crop":
        scale = recipe.train.page_size / max(page.width, page.height)
    else:
        long, short = max(recipe.train.input), min(recipe.train.input)
        scale = min(long / max(page.width, page.height), short / min(page.width, page.height))
    sides: np.ndarray[tuple[int, ...], np.dtype[np.float64]] = (
        (page.boxes[:, 2:] - page.boxes[:, :2]).min(axis=1, initial=np.inf).astype(np.float64)
    )
    return sides * scale
