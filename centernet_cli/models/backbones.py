"""Backbones cut into four stages: those of torchvision, MobileNetV2 with a leaner stem, and DLA-34.

A backbone maps images `(B, 3, H, W)` to four feature maps at strides 4, 8, 16 and 32.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torchvision import models

from centernet_cli.core.errors import MissingRequirementError, ModelError
from centernet_cli.models import dla
from centernet_cli.models.checkpoint_file import why_unreadable
from centernet_cli.models.lean_stem import LeanStem

if TYPE_CHECKING:
    from collections.abc import Callable

RESNETS: dict[str, Callable[..., models.ResNet]] = {
    "resnet18": models.resnet18,
    "resnet34": models.resnet34,
    "resnet50": models.resnet50,
    "resnet101": models.resnet101,
    "resnet152": models.resnet152,
}
MOBILENETS: dict[str, tuple[Callable[..., nn.Module], tuple[int, int, int, int]]] = {
    # Where the features are cut: the last block before each halving of the resolution.
    "mobilenet_v2": (models.mobilenet_v2, (4, 7, 14, 18)),
    "mobilenet_v3_small": (models.mobilenet_v3_small, (2, 4, 9, 12)),
    "mobilenet_v3_large": (models.mobilenet_v3_large, (4, 7, 13, 16)),
}
LEAN = "mobilenet_v2_lean"
BACKBONES = (*RESNETS, *MOBILENETS, LEAN, "dla34")


class Backbone(nn.Module):
    """Four stages; the first `frozen` ones are not trained and keep their normalisation statistics."""

    channels: tuple[int, ...]

    def __init__(self, stages: list[nn.Module], channels: tuple[int, ...], frozen: int = 0) -> None:
        super().__init__()
        self.stages = nn.ModuleList(stages)
        self.channels = channels
        self.frozen = frozen
        for stage in self.stages[:frozen]:
            stage.requires_grad_(requires_grad=False)

    def train(self, mode: bool = True) -> Backbone:
        """Switch to training mode, frozen stages excepted."""
        super().train(mode)
        for stage in self.stages[: self.frozen]:
            stage.eval()
        return self

    def forward(self, images: Tensor) -> list[Tensor]:
        """Return features at strides 4, 8, 16, 32 of `images (B, 3, H, W)`."""
        features = []
        x = images
        for i, stage in enumerate(self.stages):
            with torch.set_grad_enabled(torch.is_grad_enabled() and i >= self.frozen):
                x = stage(x)
            features.append(x)
        return features


def build_backbone(name: str, *, pretrained: str | None = None, frozen: int = 0) -> Backbone:
    """Build one of `BACKBONES`.

    Args:
        name: Key.
        pretrained: None (random), `imagenet` (torchvision's own download) or a file of ImageNet weights: torchvision's,
            or for dla34 those of its authors, `dla34-ba72cf86.pth`. A lean stem has none and stays random.
        frozen: Number of stages that are not trained.

    Raises:
        ModelError: The weights do not fit.
        MissingRequirementError: The weights cannot be downloaded.
    """
    if name == "dla34":
        return Backbone(_dla34(pretrained).stages(), dla.CHANNELS[2:], frozen)
    if name == LEAN:
        own = build_backbone("mobilenet_v2", pretrained=pretrained)
        return Backbone([LeanStem(own.channels[0]), *own.stages[1:]], own.channels, frozen)
    build = RESNETS[name] if name in RESNETS else MOBILENETS[name][0]
    network = _build(build, name, pretrained)
    if isinstance(network, models.ResNet):
        stem = nn.Sequential(network.conv1, network.bn1, network.relu, network.maxpool)
        stages: list[nn.Module] = [
            nn.Sequential(stem, network.layer1),
            network.layer2,
            network.layer3,
            network.layer4,
        ]
    else:
        features = network.features
        assert isinstance(features, nn.Sequential)
        cuts = (0, *MOBILENETS[name][1])
        stages = [features[start:end] for start, end in pairwise(cuts)]
    return Backbone(stages, _channels(stages), frozen)


def _channels(stages: list[nn.Module]) -> tuple[int, ...]:
    channels = []
    x = torch.zeros(1, 3, 64, 64)
    with torch.no_grad():
        for stage in stages:
            was_training = stage.training
            x = stage.eval()(x)
            stage.train(was_training)
            channels.append(x.shape[1])
    return tuple(channels)


def _build(build: Callable[..., nn.Module], name: str, pretrained: str | None) -> nn.Module:
    if pretrained == "imagenet":
        try:
            return build(weights="DEFAULT")
        except OSError as error:
            raise MissingRequirementError(
                "E703", f"cannot download ImageNet weights of {name}: {error}", hint="give a file as model.pretrained"
            ) from error
    network = build()
    if pretrained is not None:
        _load(network, name, pretrained)
    return network


def _dla34(pretrained: str | None) -> dla.DLA34:
    network = dla.DLA34()
    if pretrained == "imagenet":
        raise MissingRequirementError(
            "E703", "dla34 has no download", hint="give its authors' dla34-ba72cf86.pth as model.pretrained"
        )
    if pretrained is not None:
        _load(network, "dla34", pretrained, unused=("fc.weight", "fc.bias"))
    return network


def _load(network: nn.Module, name: str, path: str, unused: tuple[str, ...] = ()) -> None:
    """Load a file of weights, all of which must fit, `unused` ones excepted."""
    try:
        state = torch.load(Path(path), map_location="cpu", weights_only=True)
        network.load_state_dict({key: value for key, value in state.items() if key not in unused})
    except FileNotFoundError as error:
        raise ModelError("M503", "no such file", path=path, hint="model.pretrained") from error
    except Exception as error:
        raise ModelError("M504", f"not weights of {name}: {why_unreadable(error)}", path=path) from error
