"""What a network costs: parameters and multiply-adds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch.utils.flop_counter import FlopCounterMode

from centernet_cli.models.centernet import CenterNet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from centernet_cli.core.recipe import ModelSection


class Cost(NamedTuple):
    """Of one image.

    Attributes:
        parameters: Of the network, trained or not.
        multiply_adds: Of its convolutions; everything else is small beside them.
    """

    parameters: int
    multiply_adds: int


def cost(
    section: ModelSection, num_classes: int, size: tuple[int, int] = (512, 512), *, every_stack: bool = False
) -> Cost:
    """Count without computing anything.

    A deformable convolution counts as a convolution and the one that places it.

    Args:
        section: Architecture.
        num_classes: K.
        size: Width and height in pixels, multiples of what the network asks for.
        every_stack: Whether the heads of all hourglasses are asked, as in training, or those of the last one.

    Raises:
        ModelError: The architecture cannot be built.
    """
    with torch.device("meta"):
        network = CenterNet(section, num_classes).eval()
        image = torch.zeros(1, 3, size[1], size[0])
    formulas = {torch.ops.torchvision.deform_conv2d: _deformable_flops}
    with torch.no_grad(), FlopCounterMode(display=False, custom_mapping=formulas) as counter:
        if every_stack:
            network.every_stack(image)
        else:
            network(image)
    parameters = sum(parameter.numel() for parameter in network.parameters())
    return Cost(parameters, counter.get_total_flops() // 2)


def _deformable_flops(_input: Any, weight: Sequence[int], *_: Any, out_shape: Sequence[int], **__: Any) -> int:
    """Return twice the multiply-adds of `deform_conv2d`, from shapes."""
    batch, _channels, height, width = out_shape
    out_channels, in_channels, rows, columns = weight
    return 2 * batch * height * width * out_channels * in_channels * rows * columns
