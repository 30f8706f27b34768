"""Deformable convolution, version 2 (arXiv 1811.11168), on torchvision's operator: nothing is compiled.

TorchScript files, which are to run without torchvision, have it in ordinary operations; for ONNX see
`inference.deformable_onnx`.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision.ops import deform_conv2d

from centernet_cli.models.precision import single_precision

KERNEL = 3
_jit: Any = torch.jit


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
            if _jit.is_tracing():
                return deform_conv2d_of_samples(x, offset, mask.sigmoid(), self.weight, self.bias)
            out: Tensor = deform_conv2d(x, offset, self.weight, self.bias, padding=1, mask=mask.sigmoid())
        return out


def deform_conv2d_of_samples(x: Tensor, offset: Tensor, mask: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Compute the same with torch's own operations: nine samples of each cell, then a product of matrices.

    With nine times the memory of `x`.

    Args:
        x: float32 `(B, C, h, w)`.
        offset: `(B, 18, h, w)`, pairs of y and x in cells.
        mask: `(B, 9, h, w)`, 0 to 1.
        weight: `(D, C, 3, 3)`.
        bias: `(D,)`.

    Returns:
        `(B, D, h, w)`.
    """
    batch, channels, height, width = x.shape
    taps = torch.arange(KERNEL, device=x.device, dtype=x.dtype) - 1
    down = torch.arange(height, device=x.device, dtype=x.dtype).view(1, 1, height, 1)
    right = torch.arange(width, device=x.device, dtype=x.dtype).view(1, 1, 1, width)
    offset = offset.view(batch, KERNEL**2, 2, height, width)
    y = down + taps.repeat_interleave(KERNEL).view(1, -1, 1, 1) + offset[:, :, 0]
    across = right + taps.repeat(KERNEL).view(1, -1, 1, 1) + offset[:, :, 1]
    # From cells to -1 … 1, the outer edges of the map.
    grid = torch.stack([(2 * across + 1) / width - 1, (2 * y + 1) / height - 1], dim=-1)
    grid = grid.view(batch, KERNEL**2 * height, width, 2)
    samples = functional.grid_sample(x, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
    samples = samples.view(batch, channels, KERNEL**2, height, width) * mask.unsqueeze(1)
    out = weight.flatten(1) @ samples.view(batch, channels * KERNEL**2, height * width)
    return out.view(batch, -1, height, width) + bias.view(1, -1, 1, 1)
