"""Samples to the tensors of a training step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from centernet_cli.codec.encode import Targets, encode, stack

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from centernet_cli.core.recipe import Recipe
    from centernet_cli.datasets.samples import Sample


@dataclass(frozen=True, slots=True)
class Batch:
    """`images (B, 3, H, W)` uint8 RGB with their targets."""

    images: Tensor
    targets: Targets

    def to(self, device: torch.device) -> Batch:
        """Return the batch on `device`."""
        moved = {
            name: getattr(self.targets, name).to(device, non_blocking=True) for name in Targets.__dataclass_fields__
        }
        return Batch(self.images.to(device, non_blocking=True), Targets(**moved))


class Collate:
    """Encode samples and join them; a class, so that data workers can pickle it."""

    def __init__(self, recipe: Recipe) -> None:
        self.section = recipe.targets
        self.num_classes = len(recipe.data.classes)
        self.stride = recipe.model.stride

    def __call__(self, samples: Sequence[Sample]) -> Batch:
        """Return the batch of equally large samples."""
        images = torch.from_numpy(np.stack([sample.pixels for sample in samples])).permute(0, 3, 1, 2)
        targets = [
            encode(
                torch.from_numpy(sample.boxes),
                torch.from_numpy(sample.labels),
                shape=(sample.pixels.shape[0], sample.pixels.shape[1]),
                num_classes=self.num_classes,
                section=self.section,
                stride=self.stride,
                ignore=torch.from_numpy(sample.ignore),
                annotated=torch.from_numpy(sample.annotated),
            )
            for sample in samples
        ]
        return Batch(images, stack(targets))


def normalise(images: Tensor, mean: Sequence[float], std: Sequence[float]) -> Tensor:
    """Map uint8 RGB `(B, 3, H, W)` to float32 with the given statistics of RGB in [0, 1]."""
    shape = (1, 3, 1, 1)
    centre = torch.tensor(mean, device=images.device).view(shape)
    spread = torch.tensor(std, device=images.device).view(shape)
    return (images.float() / 255 - centre) / spread
