"""CenterNet (arXiv 1904.07850): backbone, neck, heads."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from torch import Tensor, nn

from centernet_cli.core.errors import ModelError
from centernet_cli.models.backbones import Backbone, build_backbone
from centernet_cli.models.heads import (
    DLA_START,
    HOURGLASS_START,
    RESNET_START,
    SMALL_START,
    Heads,
    OriginalHeads,
    Start,
)
from centernet_cli.models.hourglass import StackedHourglass
from centernet_cli.models.meta import HOURGLASS_MULTIPLE, MULTIPLE
from centernet_cli.models.necks import FPN, DeconvNeck, build_neck

if TYPE_CHECKING:
    from collections.abc import Iterable

    from centernet_cli.core.recipe import ModelSection
    from centernet_cli.models.dla_up import DLAUp

LAST_CONV = re.compile(r"heads\.(\d+\.)?final\.(?P<head>\w+)\.|heads\.(?P<original>[a-z]+)\.\d+\.2\.")
"""Tensors of the heads' last convolutions, by the names they have in `Heads` and in `OriginalHeads`."""


def heatmap_biases(names: Iterable[str]) -> list[str]:
    """Return which of the tensors are the biases of the heatmap's last convolutions, one for each stack: `(K,)`."""
    found = [(name, LAST_CONV.match(name)) for name in names if name.endswith(".bias")]
    return [name for name, match in found if match and "heatmap" in (match["head"], match["original"])]


class CenterNet(nn.Module):
    """The network that a recipe's `model` section describes.

    Args:
        section: Architecture.
        num_classes: K.
        pretrained: Overrides `section.pretrained`; models that are loaded from weights pass None.

    Raises:
        ModelError: Weights that do not fit, or an hourglass with frozen stages or pretrained weights.
        MissingRequirementError: Weights that cannot be downloaded.
    """

    def __init__(self, section: ModelSection, num_classes: int, *, pretrained: str | None = None) -> None:
        super().__init__()
        self.backbone: Backbone | StackedHourglass
        self.neck: FPN | DeconvNeck | DLAUp | None = None
        if section.backbone == "hourglass104":
            self.backbone = _hourglass(section, pretrained)
            width, stacks = self.backbone.channels, section.stacks
        else:
            self.backbone = build_backbone(section.backbone, pretrained=pretrained, frozen=section.frozen_stages)
            self.neck = build_neck(section, self.backbone.channels)
            width, stacks = self.neck.channels, 1
        self._class_sizes = section.class_sizes
        self.heads = _heads(section, width, head_outputs(section, num_classes), stacks)

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """Map normalised `images (B, 3, H, W)`, sides multiples of `multiple`, to maps at stride 4.

        Returns:
            `heatmap (B, K, h, w)` logits; `ltrb (B, 4, h, w)` distances in cells, or `size (B, 2, h, w)` and
            `offset (B, 2, h, w)` in cells. With `class_sizes` there are 2K sizes: width and height of each class in
            turn. With `box: size` there is no offset.
        """
        maps = self._maps(images)
        return self._predict(maps[-1], len(maps) - 1)

    def every_stack(self, images: Tensor) -> list[dict[str, Tensor]]:
        """Return what `forward` does for each hourglass, the last one last; other networks have one."""
        return [self._predict(x, stack) for stack, x in enumerate(self._maps(images))]

    @property
    def multiple(self) -> int:
        """Both sides of the input are multiples of this many pixels."""
        return HOURGLASS_MULTIPLE if isinstance(self.backbone, StackedHourglass) else MULTIPLE

    def class_rows(self) -> dict[str, int]:
        """Return the entries of `state_dict` whose first axis is the classes, and how many rows each class has."""
        found = {name: LAST_CONV.match(name) for name in self.state_dict()}
        rows = {"heatmap": 1, "size": 2} if self._class_sizes else {"heatmap": 1}
        heads = {name: match["head"] or match["original"] for name, match in found.items() if match}
        return {name: rows[head] for name, head in heads.items() if head in rows}

    def _maps(self, images: Tensor) -> list[Tensor]:
        if isinstance(self.backbone, StackedHourglass):
            maps: list[Tensor] = self.backbone(images)
            return maps
        assert self.neck is not None
        return [self.neck(self.backbone(images))]

    def _predict(self, x: Tensor, stack: int) -> dict[str, Tensor]:
        if isinstance(self.heads, OriginalHeads):
            out: dict[str, Tensor] = self.heads(x, stack)
        elif isinstance(self.heads, nn.ModuleList):
            out = self.heads[stack](x)
        else:
            out = self.heads(x)
        return out


def head_outputs(section: ModelSection, num_classes: int) -> dict[str, int]:
    """Return the channels of each head, in the order that their weights are kept in."""
    if section.box == "ltrb":
        return {"heatmap": num_classes, "ltrb": 4}
    size = 2 * num_classes if section.class_sizes else 2
    if section.box == "size":
        return {"heatmap": num_classes, "size": size}
    if section.neck == "deconv" and not section.deformable:
        # The original's plain ResNets sort their heads.
        return {"heatmap": num_classes, "offset": 2, "size": size}
    return {"heatmap": num_classes, "size": size, "offset": 2}


def _heads(
    section: ModelSection, width: int, outputs: dict[str, int], stacks: int
) -> Heads | OriginalHeads | nn.ModuleList:
    hidden = section.head_channels
    if not section.head_norm and not section.shared_head:
        return OriginalHeads(width, hidden, outputs, stacks=stacks, start=_start(section))
    every = [
        Heads(
            width,
            hidden,
            outputs,
            shared=section.shared_head,
            light=section.light_head,
            norm=section.head_norm,
        )
        for _ in range(stacks)
    ]
    return nn.ModuleList(every) if section.backbone == "hourglass104" else every[0]


def _start(section: ModelSection) -> Start:
    if section.neck == "none":
        return HOURGLASS_START
    if section.neck == "dla_up":
        return DLA_START if section.deformable else SMALL_START
    return SMALL_START if section.deformable else RESNET_START


def _hourglass(section: ModelSection, pretrained: str | None) -> StackedHourglass:
    if section.frozen_stages:
        raise ModelError("M516", "hourglass104 has no stages to freeze", path="model.frozen_stages", hint="set it to 0")
    if pretrained is not None:
        raise ModelError(
            "M516",
            "there are no ImageNet weights of hourglass104",
            path="model.pretrained",
            hint="model.init takes a whole model, such as one of `models import`",
        )
    return StackedHourglass(section.stacks)
