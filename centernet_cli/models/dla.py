"""DLA-34, the backbone of deep layer aggregation (arXiv 1707.06484, figure 3)."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

if TYPE_CHECKING:
    from collections.abc import Sequence

CHANNELS = (16, 32, 64, 128, 256, 512)
"""Of the levels at strides 1, 2, 4, 8, 16, 32."""


def conv_norm(in_channels: int, out_channels: int, kernel: int, stride: int = 1) -> nn.Sequential:
    """Return convolution, normalisation and ReLU."""
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, kernel, stride, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(inplace=True),
    )


class Block(nn.Module):
    """Two 3x3 convolutions; what is added to them comes from outside."""

    def __init__(self, in_channels: int, out_channels: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(out_channels)

    def forward(self, x: Tensor, shortcut: Tensor) -> Tensor:
        out = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(out)) + shortcut)


class Root(nn.Module):
    """Joins the nodes of a tree by a 1x1 convolution."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, 1, bias=False)
        self.bn = nn.BatchNorm2d(out_channels)

    def forward(self, *nodes: Tensor) -> Tensor:
        return F.relu(self.bn(self.conv(torch.cat(nodes, 1))))


class Tree(nn.Module):
    """Hierarchical aggregation: two blocks, or two trees one behind the other, and a root that sees them all.

    Args:
        depth: 1 for two blocks, 2 for two trees of them.
        in_channels: Of what comes in.
        out_channels: Of what goes out.
        stride: Of the first block.
        sees_input: Whether the root sees the pooled input as well.
        earlier: Channels of the nodes further up that the root is given.
    """

    def __init__(
        self, depth: int, in_channels: int, out_channels: int, stride: int = 1, *, sees_input: bool, earlier: int = 0
    ) -> None:
        super().__init__()
        self.depth = depth
        self.stride = stride
        self.sees_input = sees_input
        earlier += in_channels if sees_input else 0
        self.tree1: Block | Tree
        self.tree2: Block | Tree
        if depth == 1:
            self.tree1 = Block(in_channels, out_channels, stride)
            self.tree2 = Block(out_channels, out_channels)
            self.root = Root(2 * out_channels + earlier, out_channels)
        else:
            self.tree1 = Tree(depth - 1, in_channels, out_channels, stride, sees_input=False)
            self.tree2 = Tree(depth - 1, out_channels, out_channels, sees_input=False, earlier=earlier + out_channels)
        self.project: nn.Sequential | None = None
        if in_channels != out_channels:
            self.project = nn.Sequential(
                nn.Conv2d(in_channels, out_channels, 1, bias=False), nn.BatchNorm2d(out_channels)
            )
            # A tree of trees has it in published weights, though nothing reads what it gives: kept, never used.
            self.project.requires_grad_(depth == 1)

    def forward(self, x: Tensor, earlier: Sequence[Tensor] = ()) -> Tensor:
        """Map `(B, C, h, w)` to `(B, out_channels, h / stride, w / stride)`."""
        pooled = F.max_pool2d(x, self.stride) if self.stride > 1 else x
        if self.sees_input:
            earlier = [*earlier, pooled]
        if self.depth > 1:
            first: Tensor = self.tree1(x)
            out: Tensor = self.tree2(first, [*earlier, first])
            return out
        first = self.tree1(x, self.project(pooled) if self.project is not None else pooled)
        second = self.tree2(first, first)
        joined: Tensor = self.root(second, first, *earlier)
        return joined


class DLA34(nn.Module):
    """The levels by the names they have in published weights."""

    def __init__(self) -> None:
        super().__init__()
        c = CHANNELS
        self.base_layer = conv_norm(3, c[0], 7)
        self.level0 = conv_norm(c[0], c[0], 3)
        self.level1 = conv_norm(c[0], c[1], 3, stride=2)
        self.level2 = Tree(1, c[1], c[2], 2, sees_input=False)
        self.level3 = Tree(2, c[2], c[3], 2, sees_input=True)
        self.level4 = Tree(2, c[3], c[4], 2, sees_input=True)
        self.level5 = Tree(1, c[4], c[5], 2, sees_input=True)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def stages(self) -> list[nn.Module]:
        """Return what makes the features at strides 4, 8, 16, 32."""
        first = OrderedDict[str, nn.Module](
            base_layer=self.base_layer, level0=self.level0, level1=self.level1, level2=self.level2
        )
        return [nn.Sequential(first), self.level3, self.level4, self.level5]
