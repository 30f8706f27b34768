"""Scores on pages held out, with the averaged weights, at the size that prediction uses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from centernet_cli.codec.decode import decode
from centernet_cli.core.records import Annotation
from centernet_cli.datasets.letterbox import letterbox
from centernet_cli.evaluation.coco_ap import CocoScores, coco_scores
from centernet_cli.evaluation.line_metrics import LineReport, line_scores
from centernet_cli.evaluation.pairs import PagePair
from centernet_cli.models.meta import IMAGENET_MEAN, IMAGENET_STD
from centernet_cli.pages.images import open_image
from centernet_cli.training.batch import normalise

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import nn

    from centernet_cli.core.recipe import Recipe
    from centernet_cli.training.data import ValidationPage


@dataclass(frozen=True, slots=True)
class Validation:
    """Scores of one validation: `score` is the one the recipe chooses by."""

    score: float
    lines: LineReport
    coco: CocoScores

    def metrics(self) -> dict[str, object]:
        """Return what goes into metrics.jsonl."""
        return {
            "score": self.score,
            "f1_50": self.lines.f1_50,
            "f1_75": self.lines.f1_75,
            "threshold": self.lines.threshold,
            "ap": self.coco.ap,
            "ap50": self.coco.ap50,
            "per_class": self.coco.per_class,
            "per_source": {name: scores.f1 for name, scores in self.lines.per_source.items()},
            "max_dets": self.coco.max_dets,
        }


@torch.inference_mode()
def validate(
    network: nn.Module,
    pages: Sequence[ValidationPage],
    recipe: Recipe,
    device: torch.device,
    tick: Callable[[], None] = lambda: None,
) -> Validation:
    """Predict every page and compare with its truth.

    Args:
        network: In evaluation mode.
        pages: Held-out pages.
        recipe: Sizes, decoding and the score that matters.
        device: Where `network` is.
        tick: Called after each page.

    Raises:
        InputError: A page cannot be read.
    """
    classes = recipe.data.classes
    pairs = []
    for page in pages:
        pixels = open_image(page.path).pixels
        seen, (fx, fy) = letterbox(pixels, recipe.train.page_size)
        images = torch.from_numpy(seen).permute(2, 0, 1)[None].to(device)
        inputs = normalise(images, IMAGENET_MEAN, IMAGENET_STD).contiguous(memory_format=torch.channels_last)
        (found,) = decode(network(inputs), recipe.decode, recipe.model.stride)
        height, width = pixels.shape[:2]
        limits = found.boxes.new_tensor([width, height, width, height])
        boxes = (found.boxes / found.boxes.new_tensor([fx, fy, fx, fy])).clamp(min=0).minimum(limits)
        predictions = tuple(
            Annotation(label=classes[label], box=(x0, y0, x1, y1), score=score)
            for (x0, y0, x1, y1), score, label in zip(
                boxes.tolist(), found.scores.tolist(), found.classes.tolist(), strict=True
            )
        )
        pairs.append(
            PagePair(
                source=page.source,
                truth=page.truth,
                predictions=predictions,
                width=width,
                height=height,
                annotates=page.annotates,
                name=page.record.info.name,
            )
        )
        tick()
    lines = line_scores(pairs)
    coco = coco_scores(pairs, classes, recipe.eval.max_dets)
    score = coco.ap if recipe.eval.score == "ap" else lines.f1_50
    return Validation(score or 0.0, lines, coco)
