"""CenterNet (arXiv 1904.07850): backbone, neck, heads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor, nn

from centernet_cli.models.backbones import build_backbone
from centernet_cli.models.heads import Heads
from centernet_cli.models.necks import FPN, DeconvNeck

if TYPE_CHECKING:
    from centernet_cli.core.recipe import ModelSection


class CenterNet(nn.Module):
    """The network that a recipe's `model` section describes.

    Args:
        section: Architecture.
        num_classes: K.
        pretrained: Overrides `section.pretrained`; models that are loaded from weights pass None.
    """

    def __init__(self, section: ModelSection, num_classes: int, *, pretrained: str | None = None) -> None:
        super().__init__()
        self.backbone = build_backbone(section.backbone, pretrained=pretrained, frozen=section.frozen_stages)
        self.neck: FPN | DeconvNeck
        if section.neck == "fpn":
            self.neck = FPN(self.backbone.channels, section.neck_channels, section.context_blocks)
        else:
            self.neck = DeconvNeck(self.backbone.channels[-1])
        boxes = {"ltrb": 4} if section.box == "ltrb" else {"size": 2, "offset": 2}
        outputs = {"heatmap": num_classes, **boxes}
        self.heads = Heads(
            self.neck.channels,
            section.head_channels,
            outputs,
            shared=section.shared_head,
            light=section.light_head,
        )

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """Map normalised `images (B, 3, H, W)`, sides multiples of 32, to maps at stride 4.

        Returns:
            `heatmap (B, K, h, w)` logits; `ltrb (B, 4, h, w)` distances in cells, or `size (B, 2, h, w)` and
            `offset (B, 2, h, w)` in cells.
        """
        out: dict[str, Tensor] = self.heads(self.neck(self.backbone(images)))
        return out
