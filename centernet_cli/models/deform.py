"""Deformable convolution, version 2 (arXiv 1811.11168), on torchvision's operator: nothing is compiled."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torchvision.ops import deform_conv2d

from centernet_cli.models.precision import single_precision

KERNEL = 3


class DeformableConv(nn.Module):
    """A 3x3 convolution that chooses, at each cell, where to read and how much of it.

    `conv_offset_mask` starts at zero, which reads the ordinary 3x3 cells at half strength. Its 27 channels are nine
    pairs of y and x in cells, then nine logits: the layout of the original's CUDA operator and of torchvision's.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(out_channels, in_channels, KERNEL, KERNEL))
        self.bias = nn.Parameter(torch.zeros(out_channels))
        self.conv_offset_mask = nn.Conv2d(in_channels, 3 * KERNEL**2, KERNEL, padding=1)
        bound = 1 / math.sqrt(in_channels * KERNEL**2)
        nn.init.uniform_(self.weight, -bound, bound)
        nn.init.zeros_(self.conv_offset_mask.weight)
        assert self.conv_offset_mask.bias is not None
        nn.init.zeros_(self.conv_offset_mask.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Map `(B, C, h, w)` to `(B, out_channels, h, w)` in float32."""
        # Half precision would round places on a wide page to whole cells, and the CPU has no such operator.
        with single_precision(x.device):
            x = x.float()
            offset, mask = self.conv_offset_mask(x).split([2 * KERNEL**2, KERNEL**2], dim=1)
            out: Tensor = deform_conv2d(x, offset, self.weight, self.bias, padding=1, mask=mask.sigmoid())
        return out
