"""Heads: per-cell predictions from the neck's map."""

from __future__ import annotations

import torch
from torch import Tensor, nn

HEATMAP_BIAS = -2.19
"""Start at a probability of 0.1, so that the first steps aren't ruled by the many negatives (original code)."""
LTRB_RANGE = (-5.0, 6.5)
"""Natural logarithm of distances in cells: 1/150 to 665 cells, enough for pages of 5,000 pixels."""


def separable(in_channels: int, out_channels: int) -> nn.Sequential:
    """Return a depthwise 3x3 and a pointwise convolution: a tenth of the arithmetic of a full 3x3 at 64 channels."""
    return nn.Sequential(
        nn.Conv2d(in_channels, in_channels, 3, padding=1, groups=in_channels, bias=False),
        nn.Conv2d(in_channels, out_channels, 1, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(inplace=True),
    )


def full(in_channels: int, out_channels: int) -> nn.Sequential:
    """Return a 3x3 convolution with normalisation."""
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 3, padding=1, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(inplace=True),
    )


class Heads(nn.Module):
    """Hidden 3x3 convolutions (shared, or each head its own), then a 1x1 convolution a head.

    Args:
        in_channels: Of the neck.
        hidden: Channels between the two convolutions.
        outputs: Channels of each head: `heatmap`, then `ltrb` or `size` and `offset`.
        shared: Whether the heads share the hidden convolutions, which at stride 4 are what costs time.
        light: Two depthwise-separable convolutions instead of one full 3x3.
    """

    def __init__(self, in_channels: int, hidden: int, outputs: dict[str, int], *, shared: bool, light: bool) -> None:
        super().__init__()
        names = list(outputs)
        self.shared = shared
        self.hidden = nn.ModuleDict(
            {
                name: nn.Sequential(separable(in_channels, hidden), separable(hidden, hidden))
                if light
                else full(in_channels, hidden)
                for name in (["all"] if shared else names)
            }
        )
        self.final = nn.ModuleDict({name: nn.Conv2d(hidden, channels, 1) for name, channels in outputs.items()})
        for name in names:
            final = self.final[name]
            assert isinstance(final, nn.Conv2d)
            nn.init.normal_(final.weight, std=0.01)
            assert final.bias is not None
            nn.init.constant_(final.bias, {"heatmap": HEATMAP_BIAS, "ltrb": 1.0}.get(name, 0.0))

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """Map `(B, C, h, w)` to one map a head; `ltrb` comes as positive distances in cells."""
        hidden = {name: layers(x) for name, layers in self.hidden.items()}
        # Distances are predicted as logarithms: half precision would round a long line's ends by many pixels.
        with torch.autocast(x.device.type, enabled=False):
            out: dict[str, Tensor] = {
                name: final(hidden["all" if self.shared else name].float()) for name, final in self.final.items()
            }
        if "ltrb" in out:
            out["ltrb"] = torch.exp(out["ltrb"].clamp(*LTRB_RANGE))
        return out
