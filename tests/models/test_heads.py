from __future__ import annotations

import pytest
import torch

from centernet_cli.core.recipe import ModelSection
from centernet_cli.models.centernet import CenterNet
from centernet_cli.models.heads import HEATMAP_BIAS, Heads, OriginalHeads


def original(arch: str, **values) -> CenterNet:
    """Build an architecture on the smallest backbone: only its neck and heads matter here."""
    tiny = {"backbone": "mobilenet_v3_small"} if arch != "hourglass_104" else {}
    section = ModelSection.model_validate({"arch": arch, **tiny, **values})
    if tiny:
        return CenterNet(section, 3)
    with torch.device("meta"):
        return CenterNet(section, 3)


def layers(network: CenterNet, name: str) -> tuple[torch.nn.Conv2d, torch.nn.Conv2d]:
    assert isinstance(network.heads, OriginalHeads)
    branches = network.heads[name]
    assert isinstance(branches, torch.nn.ModuleList)
    branch = branches[0]
    assert isinstance(branch, torch.nn.Sequential)
    first, _, last = branch
    assert isinstance(first, torch.nn.Conv2d)
    assert isinstance(last, torch.nn.Conv2d)
    return first, last


@pytest.mark.parametrize(
    ("arch", "hidden_std", "final_std", "zero_hidden", "zero_final"),
    [
        ("res_18", None, 0.001, False, True),
        ("resdcn_18", 0.001, 0.001, True, True),
        ("dla_34", None, None, True, True),
        ("dlav0_34", 0.001, 0.001, True, True),
    ],
)
def test_boxes_start_as_in_the_original(arch, hidden_std, final_std, zero_hidden, zero_final):
    torch.manual_seed(0)
    first, last = layers(original(arch), "size")
    for layer, std, zero in ((first, hidden_std, zero_hidden), (last, final_std, zero_final)):
        # torch's own: uniform of variance 1 / (3 fan-in).
        expected = std or (3 * layer.weight[0].numel()) ** -0.5
        assert layer.weight.std().item() == pytest.approx(expected, rel=0.15)
        assert layer.bias is not None
        assert (layer.bias == 0).all().item() == zero


@pytest.mark.parametrize("arch", ["res_18", "resdcn_18", "dla_34", "dlav0_34"])
def test_heatmaps_start_at_a_tenth(arch):
    _, last = layers(original(arch), "heatmap")
    assert last.bias is not None
    assert last.bias.tolist() == pytest.approx([HEATMAP_BIAS] * 3)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, {"heatmap": 3, "size": 2, "offset": 2}),
        ({"box": "size"}, {"heatmap": 3, "size": 2}),
        ({"class_sizes": True}, {"heatmap": 3, "size": 6, "offset": 2}),
        ({"box": "size", "class_sizes": True}, {"heatmap": 3, "size": 6}),
        ({"box": "ltrb"}, {"heatmap": 3, "ltrb": 4}),
    ],
)
@pytest.mark.parametrize("arch", ["res_18", "resdcn_18", "dlav0_34"])
def test_heads_of_a_recipe(arch, values, expected):
    network = original(arch, **values).eval()
    with torch.no_grad():
        out = network(torch.rand(1, 3, 64, 64))
    assert {name: maps.shape[1] for name, maps in out.items()} == expected
    if "ltrb" in out:
        assert (out["ltrb"] > 0).all()


@pytest.mark.parametrize(
    ("values", "rows"),
    [
        ({"arch": "resdcn_18"}, {"heads.heatmap.0.2.weight": 1, "heads.heatmap.0.2.bias": 1}),
        (
            {"arch": "res_18", "class_sizes": True, "head_channels": 8},
            {f"heads.{head}.0.2.{part}": n for head, n in (("heatmap", 1), ("size", 2)) for part in ("weight", "bias")},
        ),
        ({}, {"heads.final.heatmap.weight": 1, "heads.final.heatmap.bias": 1}),
    ],
)
def test_rows_of_classes(values, rows):
    with torch.device("meta"):
        network = CenterNet(ModelSection.model_validate({"backbone": "mobilenet_v3_small", **values}), 5)
    found = network.class_rows()
    assert found == rows
    state = network.state_dict()
    assert all(state[name].shape[0] == 5 * count for name, count in found.items())


def test_shared_heads_without_normalisation():
    heads = Heads(4, 6, {"heatmap": 2, "ltrb": 4}, shared=True, light=False, norm=False)
    assert not any(isinstance(module, torch.nn.BatchNorm2d) for module in heads.modules())
    out = heads(torch.rand(1, 4, 3, 5))
    assert out["heatmap"].shape == (1, 2, 3, 5)
    assert (out["ltrb"] > 0).all()
