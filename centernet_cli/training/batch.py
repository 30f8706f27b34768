"""Samples to the tensors of a training step."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from centernet_cli.codec.encode import encode_batch
from centernet_cli.codec.targets import Objects

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from centernet_cli.codec.targets import Targets
    from centernet_cli.core.recipe import Recipe
    from centernet_cli.datasets.samples import Sample


@dataclass(frozen=True, slots=True)
class Batch:
    """`images (B, 3, H, W)` uint8 RGB with their objects; targets are drawn from them in the step, on its device.

    One that doesn't count is there for a process that has nothing to do in this step.
    """

    images: Tensor
    objects: Objects
    counts: bool = True

    def pin_memory(self) -> Batch:
        """Return it in pinned memory; torch's DataLoader calls this by its name."""
        return replace(self, images=self.images.pin_memory(), objects=self.objects.pin_memory())


def collate(samples: Sequence[Sample]) -> Batch:
    """Return the batch of equally large samples."""
    images = torch.from_numpy(np.stack([sample.pixels for sample in samples])).permute(0, 3, 1, 2)
    boxes, ignore = [sample.boxes for sample in samples], [sample.ignore for sample in samples]
    objects = Objects(
        torch.from_numpy(np.concatenate(boxes)),
        torch.from_numpy(np.concatenate([sample.labels for sample in samples])),
        _pages([len(each) for each in boxes]),
        torch.from_numpy(np.concatenate(ignore)),
        _pages([len(each) for each in ignore]),
        torch.from_numpy(np.stack([sample.annotated for sample in samples])),
    )
    return Batch(images, objects)


def draw_targets(batch: Batch, recipe: Recipe, device: torch.device) -> Targets:
    """Return the batch's targets on `device`.

    They are drawn there on CUDA, elsewhere on the CPU (radii need float64, which MPS hasn't): see
    `benchmarks/encode.py` for what it costs.
    """
    where = device if device.type == "cuda" else torch.device("cpu")
    height, width = batch.images.shape[2:]
    return encode_batch(
        batch.objects.to(where),
        shape=(height, width),
        section=recipe.targets,
        stride=recipe.model.stride,
        ltrb=recipe.model.box == "ltrb",
    ).to(device)


def normalise(images: Tensor, mean: Sequence[float], std: Sequence[float], *, bgr: bool = False) -> Tensor:
    """Map uint8 RGB `(B, 3, H, W)` to float32 with the given statistics of channels in [0, 1].

    Args:
        images: To map.
        mean: In the order of the result's channels.
        std: Likewise.
        bgr: Whether that order is blue, green, red.
    """
    shape = (1, 3, 1, 1)
    centre = torch.tensor(mean, device=images.device).view(shape)
    spread = torch.tensor(std, device=images.device).view(shape)
    return ((images.flip(1) if bgr else images).float() / 255 - centre) / spread


def _pages(counts: Sequence[int]) -> Tensor:
    """Return `(N,)`: the number of the page of each of `counts[0]`, `counts[1]`, … things."""
    return torch.from_numpy(np.repeat(np.arange(len(counts)), counts)).long()
