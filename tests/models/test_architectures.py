"""Every backbone with every neck, and every published architecture: shapes, gradients, files, half precision."""

from __future__ import annotations

import pytest
import torch

from centernet_cli.core.architectures import ARCHITECTURES
from centernet_cli.core.recipe import DecodeSection, ModelSection
from centernet_cli.models.backbones import BACKBONES
from centernet_cli.models.centernet import CenterNet
from centernet_cli.models.meta import ModelMeta
from centernet_cli.models.zoo import load_model, save_model

NECKS: dict[str, dict[str, object]] = {
    "fpn": {"neck": "fpn"},
    "deconv": {"neck": "deconv"},
    "deconv deformable": {"neck": "deconv", "deformable": True},
    "dla_up": {"neck": "dla_up"},
    "dla_up deformable": {"neck": "dla_up", "deformable": True},
}
LARGE = {"resnet34", "resnet50", "resnet101", "resnet152"}
SIDE = 128


def combinations() -> dict[str, dict[str, object]]:
    mixed = {
        f"{backbone}, {neck}": {"backbone": backbone, "head_channels": 16, **values}
        for backbone in BACKBONES
        for neck, values in NECKS.items()
    }
    return {**mixed, **{arch: {"arch": arch} for arch in ARCHITECTURES}}


def weighty(values: dict[str, object]) -> bool:
    section = ModelSection.model_validate(values)
    return section.backbone in LARGE or section.neck == "none"


CASES = [
    pytest.param(values, id=name, marks=pytest.mark.slow if weighty(values) else ())
    for name, values in combinations().items()
]


@pytest.mark.parametrize("values", [pytest.param(values, id=name) for name, values in combinations().items()])
def test_shapes(values):
    section = ModelSection.model_validate(values)
    with torch.device("meta"):
        network = CenterNet(section, 3).eval()
        images = torch.zeros(2, 3, SIDE, 2 * SIDE)
        outputs = network.every_stack(images)
        last = network(images)
    assert len(outputs) == (2 if section.neck == "none" else 1)
    boxes = {"ltrb": 4} if section.box == "ltrb" else {"size": 2, "offset": 2}
    for out in [*outputs, last]:
        assert {name: tuple(maps.shape) for name, maps in out.items()} == {
            name: (2, channels, SIDE // 4, SIDE // 2) for name, channels in {"heatmap": 3, **boxes}.items()
        }


@pytest.mark.parametrize("values", CASES)
def test_trains_and_is_saved(values, tmp_path):
    torch.manual_seed(0)
    section = ModelSection.model_validate(values)
    network = CenterNet(section, 2).train()
    images = torch.rand(2, 3, SIDE, SIDE)
    outputs = network.every_stack(images)
    assert all(bool(torch.isfinite(maps).all()) for out in outputs for maps in out.values())
    torch.stack([maps.square().mean() for out in outputs for maps in out.values()]).sum().backward()
    for name, parameter in network.named_parameters():
        assert (parameter.grad is not None) == parameter.requires_grad, name
        assert parameter.grad is None or bool(torch.isfinite(parameter.grad).all()), name
    network.zero_grad()

    network.eval()
    meta = ModelMeta(name="x", classes=("a", "b"), page_size=SIDE, model=section, decode=DecodeSection())
    save_model(network.state_dict(), meta, tmp_path / "x.safetensors")
    loaded = load_model(str(tmp_path / "x.safetensors")).network
    assert {name: p.requires_grad for name, p in loaded.named_parameters()} == {
        name: p.requires_grad for name, p in network.named_parameters()
    }
    with torch.no_grad():
        before, after = network(images[:1]), loaded(images[:1])
        assert all(torch.equal(before[name], after[name]) for name in before)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            half = network(images[:1])
    for name, maps in half.items():
        assert maps.dtype == torch.float32
        # bfloat16 has three digits; what is left after a hundred layers is about one.
        assert (maps - before[name]).abs().max() <= 0.1 * before[name].abs().max() + 0.1, name


@pytest.mark.parametrize("frozen", [1, 3])
@pytest.mark.parametrize("backbone", ["resnet18", "dla34"])
def test_frozen_stages(backbone, frozen):
    network = CenterNet(ModelSection.model_validate({"backbone": backbone, "frozen_stages": frozen}), 2).train()
    images = torch.rand(2, 3, 64, 64)
    torch.stack([maps.mean() for maps in network(images).values()]).sum().backward()
    for name, parameter in network.backbone.named_parameters():
        stage = int(name.split(".")[1])
        assert (parameter.grad is not None) == parameter.requires_grad
        assert not (parameter.requires_grad and stage < frozen)
    assert any(parameter.requires_grad for parameter in network.backbone.parameters())
