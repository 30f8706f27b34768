from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from centernet_cli.datasets.page_cache import PageCache
from centernet_cli.datasets.samples import Samples
from centernet_cli.rendering.overlay import colour_of
from centernet_cli.training.batch import collate
from centernet_cli.training.batch_pictures import GAP, batch_pictures, draw_batch
from centernet_cli.training.data import load_data, plan_epoch


def test_the_first_batches(pages, recipe_for):
    recipe = recipe_for(pages, train={"batch_size": 4})
    data = load_data(recipe).train
    pictures = batch_pictures(data, recipe)
    # Six pages: a batch of four, two by two, and one of two, side by side.
    sizes = sorted(picture.size for picture in pictures)
    assert sizes == [(2 * 96 + GAP, 64), (2 * 96 + GAP, 2 * 64 + GAP)]
    assert len(batch_pictures(data, recipe, count=1)) == 1


def test_boxes_glow_and_ignored_places_are_dark(pages, recipe_for):
    recipe = recipe_for(pages, augment={"scale": [1.0, 1.0], "rotate_degrees": 0.0}, train={"batch_size": 1})
    data = load_data(recipe).train
    samples = Samples(data, recipe.augment, recipe.train.input, recipe.train.page_size, PageCache(0))
    batch = collate([samples[draw] for draw in plan_epoch(data, epoch=0, recipe=recipe)[0]])
    ignore = torch.tensor([[0.0, 0.0, 96.0, 8.0]])
    dark = replace(batch, objects=replace(batch.objects, ignore=ignore, ignore_page=torch.zeros(1, dtype=torch.long)))
    plain = batch.images[0].permute(1, 2, 0).numpy().astype(int)
    shown = np.asarray(draw_batch(batch, recipe)).astype(int)
    x0, y0, x1, y1 = batch.objects.boxes[0].round().int().tolist()
    assert tuple(shown[y0, (x0 + x1) // 2]) == colour_of(0)
    middle = shown[(y0 + y1) // 2, (x0 + x1) // 2] - plain[(y0 + y1) // 2, (x0 + x1) // 2]
    assert np.abs(middle).max() > 20
    darkened = np.asarray(draw_batch(dark, recipe)).astype(int)
    assert darkened[0:4].mean() < 0.7 * shown[0:4].mean()
    assert np.array_equal(darkened[20:], shown[20:])
