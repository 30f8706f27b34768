"""What a recipe makes of pages: the samples that the network would see, and the heatmap it is to learn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from centernet_cli.codec.encode import encode
from centernet_cli.core.records import Annotation, PageInfo, PageRecord
from centernet_cli.datasets.page_cache import page_reader
from centernet_cli.datasets.samples import Draw, Samples
from centernet_cli.training.data import load_data

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import numpy.typing as npt

    from centernet_cli.core.recipe import Recipe, Source
    from centernet_cli.datasets.samples import LabelledPage, Sample


@dataclass(frozen=True, slots=True)
class Variant:
    """A sample and its target heatmap `(K, h, w)`."""

    sample: Sample
    heatmap: npt.NDArray[np.float32]


def with_sources(recipe: Recipe, sources: Sequence[Source]) -> Recipe:
    """Return a recipe that trains on all pages of its sources, or of others if they are given."""
    changes: dict[str, object] = {"val": (), "holdout": 0.0}
    if sources:
        changes["train"] = tuple(sources)
    return recipe.model_copy(update={"data": recipe.data.model_copy(update=changes)})


def training_pages(recipe: Recipe) -> list[LabelledPage]:
    """Return all pages that the recipe trains on.

    Raises:
        InputError: As `load_data`.
    """
    return load_data(recipe).train


def as_record(page: LabelledPage, classes: Sequence[str]) -> PageRecord:
    """Return a page with the boxes that the recipe learns; its source is the image's path."""
    annotations = tuple(
        Annotation(label=classes[label], box=(box[0], box[1], box[2], box[3]))
        for box, label in zip(page.boxes.tolist(), page.labels.tolist(), strict=True)
    )
    info = PageInfo(source=str(page.path), width=page.width, height=page.height, page=page.frame)
    return PageRecord(info=info, annotations=annotations)


def variants(recipe: Recipe, pages: Sequence[LabelledPage], index: int, count: int, seed: int) -> list[Variant]:
    """Return samples of a page, as training would draw them.

    Args:
        recipe: Augmentation and targets.
        pages: Of which `pages[index]` is shown.
        index: Which.
        count: How many samples.
        seed: Of the random numbers.

    Raises:
        InputError: The image cannot be read.
    """
    samples = Samples(list(pages), recipe.augment, recipe.train.input, recipe.train.page_size, page_reader(recipe.data))
    page = pages[index]
    landscape = recipe.augment.mode == "page" and page.width > page.height
    return [_encoded(recipe, samples[Draw(index, (seed, index, number), landscape)]) for number in range(count)]


def _encoded(recipe: Recipe, sample: Sample) -> Variant:
    height, width = sample.pixels.shape[:2]
    targets = encode(
        torch.from_numpy(sample.boxes),
        torch.from_numpy(sample.labels),
        shape=(height, width),
        num_classes=len(recipe.data.classes),
        section=recipe.targets,
        stride=recipe.model.stride,
        ignore=torch.from_numpy(sample.ignore),
        annotated=torch.from_numpy(sample.annotated),
    )
    return Variant(sample, targets.heatmap.numpy())
