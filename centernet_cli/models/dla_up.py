"""The neck of DLA networks: iterative deep aggregation (arXiv 1707.06484, section 3; arXiv 1904.07850, figure 6).

Coarser maps are doubled and merged with finer ones over and over until all have stride 4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from centernet_cli.models.deform import DeformableConv
from centernet_cli.models.dla import conv_norm

if TYPE_CHECKING:
    from collections.abc import Sequence


def bilinear_kernel(size: int) -> Tensor:
    """Return the `(size, size)` kernel with which a transposed convolution of stride `size / 2` interpolates."""
    half = (size + 1) // 2
    centre = (2 * half - 1 - half % 2) / (2 * half)
    line = 1 - (torch.arange(size) / half - centre).abs()
    return line[:, None] * line[None, :]


def upsampling(channels: int, factor: int) -> nn.ConvTranspose2d:
    """Return a transposed convolution of each channel for itself that starts as bilinear interpolation."""
    layer = nn.ConvTranspose2d(
        channels, channels, 2 * factor, stride=factor, padding=factor // 2, groups=channels, bias=False
    )
    with torch.no_grad():
        layer.weight.copy_(bilinear_kernel(2 * factor).expand_as(layer.weight))
    return layer


class DeformableNode(nn.Module):
    """Deformable convolution, normalisation, ReLU."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.after = nn.Sequential(nn.BatchNorm2d(out_channels), nn.ReLU(inplace=True))
        self.conv = DeformableConv(in_channels, out_channels)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.after(self.conv(x))
        return out


class DeformableStep(nn.Module):
    """A coarse map, brought to the channels and size of a finer one, is added to it."""

    def __init__(self, in_channels: int, out_channels: int, factor: int) -> None:
        super().__init__()
        self.project = DeformableNode(in_channels, out_channels)
        self.up = upsampling(out_channels, factor)
        self.node = DeformableNode(out_channels, out_channels)

    def forward(self, coarse: Tensor, finer: Tensor) -> Tensor:
        out: Tensor = self.node(self.up(self.project(coarse)) + finer)
        return out


class DeformableAggregation(nn.Module):
    """Brings all maps to the size of the first, each merged with what came out before it.

    Args:
        in_channels: Of each map, the finest first.
        factors: How many times coarser each of the others is.
    """

    def __init__(self, in_channels: Sequence[int], factors: Sequence[int]) -> None:
        super().__init__()
        out_channels = in_channels[0]
        self.steps = nn.ModuleList(
            DeformableStep(channels, out_channels, factor)
            for channels, factor in zip(in_channels[1:], factors, strict=True)
        )

    def forward(self, maps: Sequence[Tensor]) -> list[Tensor]:
        """Return one map fewer than there are, all of the first one's size."""
        merged = [maps[0]]
        for step, coarse in zip(self.steps, maps[1:], strict=True):
            merged.append(step(coarse, merged[-1]))
        return merged[1:]


class Rise(nn.Module):
    """Brings a coarse map to the channels and size of a finer one."""

    def __init__(self, in_channels: int, out_channels: int, factor: int) -> None:
        super().__init__()
        self.project = nn.Identity() if in_channels == out_channels else conv_norm(in_channels, out_channels, 1)
        self.up = upsampling(out_channels, factor)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.up(self.project(x))
        return out


class PlainAggregation(nn.Module):
    """Like `DeformableAggregation` with ordinary convolutions, and maps joined instead of added."""

    def __init__(self, in_channels: Sequence[int], factors: Sequence[int]) -> None:
        super().__init__()
        out_channels = in_channels[0]
        self.rises = nn.ModuleList(
            Rise(channels, out_channels, factor) for channels, factor in zip(in_channels[1:], factors, strict=True)
        )
        self.nodes = nn.ModuleList(conv_norm(2 * out_channels, out_channels, 3) for _ in factors)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, maps: Sequence[Tensor]) -> list[Tensor]:
        """Return one map fewer than there are, all of the first one's size."""
        merged = [maps[0]]
        for rise, node, coarse in zip(self.rises, self.nodes, maps[1:], strict=True):
            merged.append(node(torch.cat([merged[-1], rise(coarse)], 1)))
        return merged[1:]


class DLAUp(nn.Module):
    """All levels of a backbone to one map at stride 4 with the channels of the finest.

    With `deformable` (the original's dla_34) a last aggregation takes in the results at strides 8 and 16 as well;
    without (its dlav0_34) there is none.
    """

    def __init__(self, channels: Sequence[int], *, deformable: bool) -> None:
        super().__init__()
        kind = DeformableAggregation if deformable else PlainAggregation
        count = len(channels)
        # From the coarsest pair on; each round has all maps above it at its own size.
        self.pyramid = nn.ModuleList(
            kind([channels[level], *[channels[level + 1]] * (count - 1 - level)], [2] * (count - 1 - level))
            for level in reversed(range(count - 1))
        )
        self.final = DeformableAggregation(channels[:-1], [2**i for i in range(1, count - 1)]) if deformable else None
        self.channels = channels[0]

    def forward(self, features: Sequence[Tensor]) -> Tensor:
        """Map features at strides 4, 8, 16, 32 to `(B, channels, h, w)` at stride 4."""
        maps = list(features)
        results: list[Tensor] = []
        for i, aggregation in enumerate(self.pyramid):
            start = len(maps) - 2 - i
            maps[start + 1 :] = aggregation(maps[start:])
            results.insert(0, maps[-1])
        if self.final is None:
            return results[0]
        merged: list[Tensor] = self.final(results)
        return merged[-1]
