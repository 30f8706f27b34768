from __future__ import annotations

from itertools import product

import pytest
import torch

from centernet_cli.core.recipe import ModelSection
from centernet_cli.models import centernet
from centernet_cli.models.backbones import BACKBONES, build_backbone
from centernet_cli.models.centernet import CenterNet
from centernet_cli.models.heads import LTRB_RANGE, Heads
from centernet_cli.models.necks import FPN, ContextBlock, DeconvNeck


def section(**values) -> ModelSection:
    tiny = {"backbone": "mobilenet_v3_small", "neck_channels": 8, "head_channels": 8, "context_blocks": 1}
    return ModelSection.model_validate({**tiny, **values})


@pytest.mark.parametrize("name", BACKBONES)
def test_every_combination_can_be_built(name, monkeypatch):
    with torch.device("meta"):  # shapes without arithmetic
        backbone = build_backbone(name)
    # The same one for all: the large ones take a second.
    monkeypatch.setattr(centernet, "build_backbone", lambda *_, **__: backbone)
    for neck, box in product(["fpn", "deconv"], ["ltrb", "size_offset"]):
        with torch.device("meta"):
            network = CenterNet(section(backbone=name, neck=neck, box=box), 3)
            assert network.neck is not None
            assert isinstance(network.heads, Heads)
            out = network.neck(network.backbone(torch.zeros(1, 3, 64, 96)))
        assert out.shape == (1, network.neck.channels, 16, 24)
        final = {name: layer.out_channels for name, layer in network.heads.final.items()}
        assert final == {"heatmap": 3, **({"ltrb": 4} if box == "ltrb" else {"size": 2, "offset": 2})}


@pytest.mark.parametrize(
    ("neck", "box", "shared", "light"),
    [
        ("fpn", "ltrb", True, True),
        ("fpn", "ltrb", False, True),
        ("fpn", "size_offset", True, False),
        ("fpn", "size_offset", False, False),
        ("deconv", "size_offset", False, False),
        ("deconv", "ltrb", True, True),
    ],
)
def test_maps_at_stride_4(neck, box, shared, light):
    torch.manual_seed(0)
    network = CenterNet(section(neck=neck, box=box, shared_head=shared, light_head=light), 2).eval()
    with torch.no_grad():
        out = network(torch.rand(2, 3, 64, 96))
    assert {name: tuple(maps.shape) for name, maps in out.items()} == (
        {"heatmap": (2, 2, 16, 24), "ltrb": (2, 4, 16, 24)}
        if box == "ltrb"
        else {"heatmap": (2, 2, 16, 24), "size": (2, 2, 16, 24), "offset": (2, 2, 16, 24)}
    )
    assert all(maps.dtype == torch.float32 for maps in out.values())
    if box == "ltrb":
        assert (out["ltrb"] > 0).all()
    # So few centres among so many cells: a network that starts at a half would first unlearn that.
    assert out["heatmap"].sigmoid().mean().item() == pytest.approx(0.1, abs=0.03)


def test_everything_gets_a_gradient():
    torch.manual_seed(0)
    network = CenterNet(section(), 2).train()
    out = network(torch.rand(2, 3, 64, 64))
    sum(maps.log1p().mean() if name == "ltrb" else maps.square().mean() for name, maps in out.items()).backward()
    assert [name for name, parameter in network.named_parameters() if parameter.grad is None] == []


def test_frozen_stages_of_a_recipe():
    network = CenterNet(section(frozen_stages=2), 2)
    frozen = {name.split(".")[2] for name, parameter in network.named_parameters() if not parameter.requires_grad}
    assert frozen == {"0", "1"}


def test_distances_are_finite_whatever_the_features():
    heads = Heads(4, 4, {"heatmap": 1, "ltrb": 4}, shared=True, light=False).eval()
    for size in (1e6, -1e6):
        torch.nn.init.constant_(heads.final["ltrb"].get_parameter("bias"), size)
        ltrb = heads(torch.zeros(1, 4, 2, 2))["ltrb"]
        assert torch.isfinite(ltrb).all()
        assert ltrb.log().max().item() == pytest.approx(LTRB_RANGE[size > 0], rel=1e-3)


def test_half_precision_gives_float32_distances():
    network = CenterNet(section(), 2).eval()
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        out = network(torch.rand(1, 3, 64, 64))
    assert out["ltrb"].dtype == torch.float32


def test_the_context_block_sees_far_along_rows_and_columns():
    torch.manual_seed(0)
    block = ContextBlock(4).eval()
    image = torch.zeros(1, 4, 21, 21, requires_grad=True)
    with torch.no_grad():
        block.page.weight.zero_()  # what the page's mean adds reaches everywhere
    block(image)[0, :, 10, 10].sum().backward()
    assert image.grad is not None
    seen = image.grad.abs().sum((0, 1)) > 0
    assert seen[10, 3:18].all()
    assert seen[3:18, 10].all()
    assert not seen[0, 0]
    assert seen.sum() == 15 + 15 - 1 + 4


def test_necks_take_features_of_any_page():
    features = [torch.rand(1, channels, 64 // stride, 96 // stride) for channels, stride in ((4, 4), (6, 8), (8, 16))]
    features.append(torch.rand(1, 10, 2, 3))
    assert FPN((4, 6, 8, 10), 8, 0).eval()(features).shape == (1, 8, 16, 24)
    assert DeconvNeck(10, (12, 12, 6)).eval()(features).shape == (1, 6, 16, 24)
