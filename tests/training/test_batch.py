from __future__ import annotations

import numpy as np
import torch

from centernet_cli.codec.encode import encode
from centernet_cli.datasets.samples import Sample
from centernet_cli.training.batch import collate, draw_targets, normalise


def sample(boxes, labels, ignore=(), annotated=(True,)) -> Sample:
    return Sample(
        np.full((64, 96, 3), len(boxes), np.uint8),
        np.array(boxes, np.float32).reshape(-1, 4),
        np.array(labels, np.int64),
        np.array(ignore, np.float32).reshape(-1, 4),
        np.array(annotated),
    )


def test_samples_are_joined_with_their_pages():
    batch = collate(
        [
            sample([(4, 4, 40, 20)], [0], annotated=(True, False)),
            sample([], [], ignore=[(0, 0, 30, 30)], annotated=(True, True)),
            sample([(4, 4, 40, 20), (50, 8, 90, 60)], [1, 0], annotated=(True, True)),
        ]
    )
    assert batch.images.shape == (3, 3, 64, 96)
    assert batch.images.dtype == torch.uint8
    assert batch.images[:, 0, 0, 0].tolist() == [1, 0, 2]
    objects = batch.objects
    assert objects.boxes.shape == (3, 4)
    assert (objects.labels.tolist(), objects.page.tolist()) == ([0, 1, 0], [0, 2, 2])
    assert (objects.ignore.tolist(), objects.ignore_page.tolist()) == ([[0, 0, 30, 30]], [1])
    assert objects.annotated.tolist() == [[True, False], [True, True], [True, True]]


def test_targets_are_those_of_the_pages(pages, recipe_for):
    recipe = recipe_for(pages)
    boxes = [[(4, 4, 40, 20)], [(4, 4, 40, 20), (50, 8, 90, 60)]]
    batch = collate([sample(each, [0] * len(each)) for each in boxes])
    targets = draw_targets(batch, recipe, torch.device("cpu"))
    for page, each in enumerate(boxes):
        alone = encode(
            torch.tensor(each, dtype=torch.float32),
            torch.zeros(len(each), dtype=torch.long),
            shape=(64, 96),
            num_classes=1,
            section=recipe.targets,
        )
        assert torch.equal(targets.heatmap[page], alone.heatmap)
    assert targets.ltrb is not None
    assert draw_targets(batch, recipe_for(pages, model={"box": "size"}), torch.device("cpu")).ltrb is None


def test_normalising():
    images = torch.tensor([0, 255, 255], dtype=torch.uint8).view(1, 3, 1, 1)
    red_first = normalise(images, (0.5, 0.25, 0.0), (0.5, 0.25, 2.0))
    assert red_first.flatten().tolist() == [-1, 3, 0.5]
    blue_first = normalise(images, (0.5, 0.25, 0.0), (0.5, 0.25, 2.0), bgr=True)
    assert blue_first.flatten().tolist() == [1, 3, 0]
