"""Pictures of training batches as the network sees them, with what it is to learn drawn in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from PIL import Image, ImageDraw

from centernet_cli.datasets.page_cache import PageCache
from centernet_cli.datasets.samples import Samples
from centernet_cli.rendering.overlay import colour_of
from centernet_cli.training.batch import collate, draw_targets
from centernet_cli.training.data import plan_epoch

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from centernet_cli.core.recipe import Recipe
    from centernet_cli.datasets.samples import LabelledPage
    from centernet_cli.training.batch import Batch

MAX_SAMPLES = 8
"""Of a batch in one picture."""
GAP = 8
"""Pixels between samples."""
GLOW = 0.55
"""How strongly the heatmap colours the picture where it is 1."""
IGNORED = 0.5
"""How far places without heatmap loss are darkened."""


def batch_pictures(pages: Sequence[LabelledPage], recipe: Recipe, count: int = 3) -> list[Image.Image]:
    """Return pictures of the first batches of a training.

    Each sample is shown after augmentation: boxes are outlined, heatmaps glow in the colours of their classes, and
    places that take no heatmap loss are dark.

    Args:
        pages: To train on.
        recipe: How.
        count: Batches at most.

    Raises:
        InputError: A page cannot be read.
    """
    samples = Samples(list(pages), recipe.augment, recipe.train.input, recipe.train.page_size, PageCache(0))
    plan = plan_epoch(pages, epoch=0, recipe=recipe)[:count]
    return [draw_batch(collate([samples[draw] for draw in draws[:MAX_SAMPLES]]), recipe) for draws in plan]


def draw_batch(batch: Batch, recipe: Recipe) -> Image.Image:
    """Return the batch's samples beside each other, as many rows as columns or one less."""
    targets = draw_targets(batch, recipe, torch.device("cpu"))
    count, _, height, width = batch.images.shape
    columns = int(np.ceil(np.sqrt(count)))
    rows = int(np.ceil(count / columns))
    sheet = Image.new("RGB", (columns * (width + GAP) - GAP, rows * (height + GAP) - GAP), "white")
    for i in range(count):
        mask = None if targets.mask is None else targets.mask[i].amax(0).numpy()
        pixels = _glowing(batch.images[i].permute(1, 2, 0).numpy(), targets.heatmap[i].numpy(), mask)
        picture = Image.fromarray(pixels)
        draw = ImageDraw.Draw(picture)
        mine = batch.objects.page == i
        boxes, labels = batch.objects.boxes[mine].tolist(), batch.objects.labels[mine].tolist()
        for (x0, y0, x1, y1), label in zip(boxes, labels, strict=True):
            draw.rectangle((x0, y0, max(x0, x1 - 1), max(y0, y1 - 1)), outline=colour_of(label))
        sheet.paste(picture, (i % columns * (width + GAP), i // columns * (height + GAP)))
    return sheet


def _glowing(
    pixels: npt.NDArray[np.uint8], heatmap: npt.NDArray[np.float32], mask: npt.NDArray[np.float32] | None
) -> npt.NDArray[np.uint8]:
    """Return `pixels (H, W, 3)` coloured by `heatmap (K, h, w)` and darkened where `mask (h, w)` is 0."""
    scale = pixels.shape[0] // heatmap.shape[1]
    shown = pixels.astype(np.float32)
    for label, values in enumerate(heatmap):
        if values.any():
            strength = (GLOW * values).repeat(scale, 0).repeat(scale, 1)[..., None]
            shown += strength * (np.array(colour_of(label), np.float32) - shown)
    if mask is not None:
        shown *= 1 - IGNORED * (mask == 0).repeat(scale, 0).repeat(scale, 1)[..., None]
    return shown.round().astype(np.uint8)
