"""Heads: per-cell predictions from the neck's map."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from centernet_cli.models.precision import single_precision

HEATMAP_BIAS = -2.19
"""Start at a probability of 0.1, so that the first steps aren't ruled by the many negatives (original code)."""
LTRB_BIAS = 1.0
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


def biased(in_channels: int, out_channels: int) -> nn.Sequential:
    """Return a 3x3 convolution with a bias."""
    return nn.Sequential(nn.Conv2d(in_channels, out_channels, 3, padding=1), nn.ReLU(inplace=True))


class Heads(nn.Module):
    """Hidden 3x3 convolutions (shared, or each head its own), then a 1x1 convolution a head.

    Args:
        in_channels: Of the neck.
        hidden: Channels between the two convolutions.
        outputs: Channels of each head: `heatmap`, then `ltrb` or `size` and `offset`.
        shared: Whether the heads share the hidden convolutions, which at stride 4 are what costs time.
        light: Two depthwise-separable convolutions instead of one full 3x3.
        norm: Whether a full 3x3 is normalised; it has a bias otherwise.
    """

    def __init__(
        self, in_channels: int, hidden: int, outputs: dict[str, int], *, shared: bool, light: bool, norm: bool = True
    ) -> None:
        super().__init__()
        names = list(outputs)
        self.shared = shared
        one = full if norm else biased
        self.hidden = nn.ModuleDict(
            {
                name: nn.Sequential(separable(in_channels, hidden), separable(hidden, hidden))
                if light
                else one(in_channels, hidden)
                for name in (["all"] if shared else names)
            }
        )
        self.final = nn.ModuleDict({name: nn.Conv2d(hidden, channels, 1) for name, channels in outputs.items()})
        for name in names:
            final = self.final[name]
            assert isinstance(final, nn.Conv2d)
            nn.init.normal_(final.weight, std=0.01)
            assert final.bias is not None
            nn.init.constant_(final.bias, {"heatmap": HEATMAP_BIAS, "ltrb": LTRB_BIAS}.get(name, 0.0))

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """Map `(B, C, h, w)` to one map a head; `ltrb` comes as positive distances in cells."""
        hidden = {name: layers(x) for name, layers in self.hidden.items()}
        # Distances are predicted as logarithms: half precision would round a long line's ends by many pixels.
        with single_precision(x.device):
            out: dict[str, Tensor] = {
                name: final(hidden["all" if self.shared else name].float()) for name, final in self.final.items()
            }
        return _distances(out)


class Start(NamedTuple):
    """How the box heads of the original start; None leaves torch's own initialisation.

    Attributes:
        hidden: Standard deviation of the hidden convolution's weights; its bias is then zero.
        final: Of the last convolution's.
        zero_hidden: Whether the hidden convolution's bias is zero.
        zero_final: Likewise.
    """

    hidden: float | None = None
    final: float | None = None
    zero_hidden: bool = False
    zero_final: bool = False


RESNET_START = Start(final=0.001, zero_final=True)
SMALL_START = Start(hidden=0.001, final=0.001, zero_hidden=True, zero_final=True)
DLA_START = Start(zero_hidden=True, zero_final=True)
HOURGLASS_START = Start()


class OriginalHeads(nn.ModuleDict):
    """The original's heads: for each a 3x3 convolution with a bias, ReLU and a 1x1 convolution.

    Args:
        in_channels: Of the neck.
        hidden: Channels between the two convolutions.
        outputs: Channels of each head.
        stacks: Heads of each kind, one for each hourglass.
        start: Of the box heads.
    """

    def __init__(
        self, in_channels: int, hidden: int, outputs: dict[str, int], *, stacks: int = 1, start: Start = RESNET_START
    ) -> None:
        super().__init__()
        for name, channels in outputs.items():
            self[name] = nn.ModuleList(_branch(name, in_channels, hidden, channels, start) for _ in range(stacks))

    def forward(self, x: Tensor, stack: int = 0) -> dict[str, Tensor]:
        """Map `(B, C, h, w)` of a stack to one map a head; `ltrb` comes as positive distances in cells."""
        out: dict[str, Tensor] = {}
        for name, branches in self.items():
            assert isinstance(branches, nn.ModuleList)
            branch = branches[stack]
            assert isinstance(branch, nn.Sequential)
            hidden = branch[:-1](x)
            with single_precision(x.device):
                out[name] = branch[-1](hidden.float())
        return _distances(out)


def _branch(name: str, in_channels: int, hidden: int, channels: int, start: Start) -> nn.Sequential:
    first, last = nn.Conv2d(in_channels, hidden, 3, padding=1), nn.Conv2d(hidden, channels, 1)
    assert first.bias is not None
    assert last.bias is not None
    if name == "heatmap":
        nn.init.constant_(last.bias, HEATMAP_BIAS)
    else:
        for layer, std, zero in ((first, start.hidden, start.zero_hidden), (last, start.final, start.zero_final)):
            if std is not None:
                nn.init.normal_(layer.weight, std=std)
            if zero:
                nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
        if name == "ltrb":
            nn.init.constant_(last.bias, LTRB_BIAS)
    return nn.Sequential(first, nn.ReLU(inplace=True), last)


def _distances(out: dict[str, Tensor]) -> dict[str, Tensor]:
    if "ltrb" in out:
        out["ltrb"] = torch.exp(out["ltrb"].clamp(*LTRB_RANGE))
    return out
