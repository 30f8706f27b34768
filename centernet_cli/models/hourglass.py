"""Stacked hourglasses (arXiv 1603.06937) in CornerNet's form (arXiv 1808.01244, section 3.5)."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from centernet_cli.core.errors import ModelError
from centernet_cli.models.meta import HOURGLASS_MULTIPLE

if TYPE_CHECKING:
    from collections.abc import Sequence

CHANNELS = (256, 256, 384, 384, 384, 512)
BLOCKS = (2, 2, 2, 2, 2, 4)
"""Residual blocks at strides 4, 8, 16, 32, 64, 128."""


class Residual(nn.Module):
    """Two 3x3 convolutions and a shortcut."""

    def __init__(self, in_channels: int, out_channels: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.skip = nn.Sequential()
        if stride != 1 or in_channels != out_channels:
            self.skip.append(nn.Conv2d(in_channels, out_channels, 1, stride, bias=False))
            self.skip.append(nn.BatchNorm2d(out_channels))

    def forward(self, x: Tensor) -> Tensor:
        out = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(out)) + self.skip(x))


def _conv(in_channels: int, out_channels: int, kernel: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        OrderedDict[str, nn.Module](
            conv=nn.Conv2d(in_channels, out_channels, kernel, stride, padding=kernel // 2, bias=False),
            bn=nn.BatchNorm2d(out_channels),
            relu=nn.ReLU(inplace=True),
        )
    )


def _mix(channels: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(channels, channels, 1, bias=False), nn.BatchNorm2d(channels))


class Hourglass(nn.Module):
    """Down to half the size, through the hourglass within, up again, and added to what stayed.

    Args:
        channels: At this size and all coarser ones.
        blocks: Likewise.
    """

    def __init__(self, channels: Sequence[int], blocks: Sequence[int]) -> None:
        super().__init__()
        here, below = channels[:2]
        count = blocks[0]
        self.stay = nn.Sequential(*(Residual(here, here) for _ in range(count)))
        self.down = nn.Sequential(Residual(here, below, stride=2), *(Residual(below, below) for _ in range(count - 1)))
        self.within = (
            Hourglass(channels[1:], blocks[1:])
            if len(channels) > 2
            else nn.Sequential(*(Residual(below, below) for _ in range(blocks[1])))
        )
        self.up = nn.Sequential(*(Residual(below, below) for _ in range(count - 1)), Residual(below, here))

    def forward(self, x: Tensor) -> Tensor:
        """Map `(B, C, h, w)` to the same shape."""
        low: Tensor = self.up(self.within(self.down(x)))
        stay: Tensor = self.stay(x)
        return stay + F.interpolate(low, scale_factor=2.0, mode="nearest")


class StackedHourglass(nn.Module):
    """Hourglasses one behind the other; each gives a map to predict from, and the next one corrects it."""

    channels = CHANNELS[0]

    def __init__(self, stacks: int) -> None:
        super().__init__()
        width = self.channels
        self.stem = nn.Sequential(_conv(3, 128, 7, stride=2), Residual(128, width, stride=2))
        self.hourglasses = nn.ModuleList(Hourglass(CHANNELS, BLOCKS) for _ in range(stacks))
        self.outs = nn.ModuleList(_conv(width, width, 3) for _ in range(stacks))
        self.betweens = nn.ModuleList(Residual(width, width) for _ in range(stacks - 1))
        self.from_before = nn.ModuleList(_mix(width) for _ in range(stacks - 1))
        self.from_out = nn.ModuleList(_mix(width) for _ in range(stacks - 1))

    def forward(self, images: Tensor) -> list[Tensor]:
        """Map `images (B, 3, H, W)`, sides multiples of 128, to a map `(B, 256, H / 4, W / 4)` for each stack.

        Raises:
            ModelError: Other sides.
        """
        height, width = images.shape[2:]
        if height % HOURGLASS_MULTIPLE or width % HOURGLASS_MULTIPLE:
            raise ModelError(
                "M517",
                f"an input of {width}x{height} pixels: hourglass104 takes multiples of {HOURGLASS_MULTIPLE}",
                hint="train.input",
            )
        x = self.stem(images)
        maps: list[Tensor] = []
        for i, hourglass in enumerate(self.hourglasses):
            maps.append(self.outs[i](hourglass(x)))
            if i < len(self.betweens):
                x = self.betweens[i](F.relu(self.from_before[i](x) + self.from_out[i](maps[-1])))
        return maps
