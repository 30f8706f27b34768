"""A stem for MobileNetV2 that costs a quarter of its own on a page.

MobileNetV2 spends most of its time on a large page before stride 4: thin depthwise layers at strides 2 and 4, which
wait for memory. Four dense convolutions, three of them at stride 4, do about the same arithmetic where processors are
fast at it.
"""

from __future__ import annotations

from torch import Tensor, nn

HALF_WIDTH = 16
WIDTH = 32
"""Channels at strides 2 and 4."""


class LeanStem(nn.Module):
    """Map images `(B, 3, H, W)` to `(B, out_channels, H / 4, W / 4)`.

    Like the part of MobileNetV2 that it stands for it ends without an activation.

    Args:
        out_channels: 24 in MobileNetV2.
    """

    def __init__(self, out_channels: int) -> None:
        super().__init__()
        self.halve = _conv(3, HALF_WIDTH, stride=2)
        self.quarter = _conv(HALF_WIDTH, WIDTH, stride=2)
        self.residual = nn.Sequential(_conv(WIDTH, WIDTH), _conv(WIDTH, WIDTH, active=False))
        self.project = nn.Sequential(
            nn.ReLU(inplace=True), nn.Conv2d(WIDTH, out_channels, 1, bias=False), nn.BatchNorm2d(out_channels)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return features at stride 4."""
        x = self.quarter(self.halve(x))
        out: Tensor = self.project(x + self.residual(x))
        return out


def _conv(in_channels: int, out_channels: int, *, stride: int = 1, active: bool = True) -> nn.Sequential:
    layers: list[nn.Module] = [
        nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False),
        nn.BatchNorm2d(out_channels),
    ]
    return nn.Sequential(*layers, nn.ReLU(inplace=True)) if active else nn.Sequential(*layers)
