"""Untrained networks that find something: clear peaks and boxes of all sizes, so that comparing them says something."""

from __future__ import annotations

import torch

from centernet_cli.core.model_sections import DecodeSection, ModelSection, TestSection
from centernet_cli.models.centernet import LAST_CONV, CenterNet
from centernet_cli.models.meta import ModelMeta
from centernet_cli.models.pixels import pixel_statistics
from centernet_cli.models.zoo import LoadedModel

SPREAD = {"heatmap": (0.25, -2.0), "size": (3.0, 10.0), "offset": (0.2, 0.5), "ltrb": (0.5, 1.5)}
"""Standard deviation and mean of what each head's last convolution gives."""


@torch.no_grad()
def lively_model(section: ModelSection, *, flip: bool = False, page_size: int = 256) -> LoadedModel:
    """Return a network of two classes with random weights from a fixed seed.

    Statistics of normalisation are those of the pictures that it is tried on (noise in squares), offsets of deformable
    convolutions are a good cell, and the heads' last convolutions are scaled, not so far that rounding would show.
    """
    torch.manual_seed(0)
    statistics = pixel_statistics(section.pixels)
    meta = ModelMeta(
        name="lively",
        classes=("a", "b"),
        page_size=page_size,
        model=section,
        decode=DecodeSection(top_k=200),
        mean=statistics.mean,
        std=statistics.std,
        test=TestSection(flip=flip),
        sha256="0123456789abcdef" * 4,
    )
    network = CenterNet(section, len(meta.classes))
    for name, module in network.named_modules():
        if name.endswith("conv_offset_mask"):
            assert isinstance(module, torch.nn.Conv2d)
            assert module.bias is not None
            torch.nn.init.normal_(module.weight, std=0.005)
            torch.nn.init.normal_(module.bias, std=1.0)
        elif isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = None  # the statistics are those of what it sees here
            if name.endswith(".bn3"):
                # A hundred layers of full strength on top of each other make noise of rounding, as no trained ones do.
                torch.nn.init.constant_(module.weight, 0.3)
    pictures = torch.rand(2, 3, 32, 32).repeat_interleave(8, 2).repeat_interleave(8, 3)
    pictures = (pictures - torch.tensor(meta.mean).view(3, 1, 1)) / torch.tensor(meta.std).view(3, 1, 1)
    network.train()
    network(pictures)
    network.eval()
    found = network(pictures)
    state = network.state_dict()
    for name, tensor in state.items():
        match = LAST_CONV.match(name)
        if match is None:
            continue
        head = match["head"] or match["original"]
        values = found[head].log() if head == "ltrb" else found[head]
        spread, middle = SPREAD[head]
        factor = spread / values.std((0, 2, 3)).clamp(min=1e-6)
        if name.endswith("weight"):
            tensor.mul_(factor.view(-1, 1, 1, 1))
        else:
            tensor.copy_(middle - factor * (values.mean((0, 2, 3)) - tensor))
    return LoadedModel(network, meta)
