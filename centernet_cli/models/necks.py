"""Necks: from features at strides 4 to 32 to one map at stride 4."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from centernet_cli.models.deform import DeformableConv
from centernet_cli.models.dla_up import DLAUp, bilinear_kernel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from centernet_cli.core.recipe import ModelSection

STRIP = 15
"""Length of the context strips in cells at stride 32: two blocks reach over 900 pixels."""
PLAIN_WIDTHS = (256, 256, 256)
DEFORMABLE_WIDTHS = (256, 128, 64)
"""Channels of the deconvolution neck at strides 16, 8, 4."""


class ContextBlock(nn.Module):
    """Long thin depthwise convolutions and the page's mean, added to the features.

    A backbone's receptive field is shorter than a full-width line; the strips let the centre of a line see
    where it ends.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.row = nn.Conv2d(channels, channels, (1, STRIP), padding=(0, STRIP // 2), groups=channels)
        self.column = nn.Conv2d(channels, channels, (STRIP, 1), padding=(STRIP // 2, 0), groups=channels)
        self.near = nn.Conv2d(channels, channels, 3, padding=1, groups=channels)
        self.page = nn.Conv2d(channels, channels, 1)
        self.mix = nn.Sequential(nn.BatchNorm2d(channels), nn.ReLU(inplace=True), nn.Conv2d(channels, channels, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Map `(B, C, h, w)` to the same shape."""
        page = self.page(x.mean((2, 3), keepdim=True))
        mixed: Tensor = self.mix(self.row(x) + self.column(x) + self.near(x) + page)
        return x + mixed


class FPN(nn.Module):
    """Feature pyramid (arXiv 1612.03144) summed top-down into its finest level."""

    def __init__(self, in_channels: Sequence[int], channels: int, context_blocks: int) -> None:
        super().__init__()
        self.channels = channels
        self.lateral = nn.ModuleList(
            nn.Sequential(nn.Conv2d(c, channels, 1, bias=False), nn.BatchNorm2d(channels)) for c in in_channels
        )
        self.context = nn.Sequential(*(ContextBlock(channels) for _ in range(context_blocks)))
        # One cheap depthwise convolution a level smooths what nearest-neighbour doubling leaves.
        self.smooth = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(channels, channels, 3, padding=1, groups=channels, bias=False),
                nn.BatchNorm2d(channels),
                nn.ReLU(inplace=True),
                nn.Conv2d(channels, channels, 1),
            )
            for _ in in_channels[:-2]
        )

    def forward(self, features: list[Tensor]) -> Tensor:
        """Map features at strides 4, 8, 16, 32 to `(B, channels, h, w)` at stride 4."""
        laterals = list(self.lateral)
        x = self.context(laterals[-1](features[-1]))
        for level in reversed(range(len(features) - 1)):
            x = laterals[level](features[level]) + F.interpolate(x, scale_factor=2.0, mode="nearest")
            if level > 0 and level - 1 < len(self.smooth):
                x = x + self.smooth[level - 1](x)
        return F.relu(x)


class DeconvNeck(nn.Module):
    """Three transposed convolutions (Simple Baselines, arXiv 1804.06208), as in CenterNet's ResNets.

    Args:
        in_channels: Of the features at stride 32.
        channels: After each doubling.
        deformable: A deformable convolution before each doubling, which then keeps the number of channels.
    """

    def __init__(self, in_channels: int, channels: Sequence[int] = PLAIN_WIDTHS, *, deformable: bool = False) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for width in channels:
            if deformable:
                layers += [DeformableConv(in_channels, width), nn.BatchNorm2d(width), nn.ReLU(inplace=True)]
                in_channels = width
            doubling = nn.ConvTranspose2d(in_channels, width, 4, stride=2, padding=1, bias=False)
            _start(doubling, deformable=deformable)
            layers += [doubling, nn.BatchNorm2d(width), nn.ReLU(inplace=True)]
            in_channels = width
        self.layers = nn.Sequential(*layers)
        self.channels = in_channels

    def forward(self, features: list[Tensor]) -> Tensor:
        """Map features at strides 4 to 32 (the last one is used) to `(B, channels, h, w)` at stride 4."""
        out: Tensor = self.layers(features[-1])
        return out


@torch.no_grad()
def _start(layer: nn.ConvTranspose2d, *, deformable: bool) -> None:
    """Initialise as the original does.

    Behind deformable convolutions it means to interpolate, but its layers aren't grouped: the kernel ends up in the
    first output channel, once for each input channel, and the others stay random. Kept, since published settings were
    found with it; normalisation makes the sum an average, so that it does no harm.
    """
    if deformable:
        layer.weight[:, 0] = bilinear_kernel(4)
    else:
        nn.init.normal_(layer.weight, std=0.001)


def build_neck(section: ModelSection, channels: Sequence[int]) -> FPN | DeconvNeck | DLAUp:
    """Build the neck of a recipe's `model` section for a backbone's channels at strides 4, 8, 16, 32."""
    if section.neck == "fpn":
        return FPN(channels, section.neck_channels, section.context_blocks)
    if section.neck == "dla_up":
        return DLAUp(channels, deformable=section.deformable)
    return DeconvNeck(
        channels[-1], DEFORMABLE_WIDTHS if section.deformable else PLAIN_WIDTHS, deformable=section.deformable
    )
