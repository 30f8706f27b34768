from __future__ import annotations

import torch

from centernet_cli.core.recipe import DecodeSection, ModelSection, Recipe
from centernet_cli.models.centernet import CenterNet
from centernet_cli.models.meta import ModelMeta
from centernet_cli.models.zoo import save_model
from centernet_cli.training.trainer import start_from

SECTION: dict[str, object] = {
    "arch": "res_18",
    "backbone": "mobilenet_v3_small",
    "head_channels": 8,
    "class_sizes": True,
}


def recipe_of(classes, model, init) -> Recipe:
    return Recipe.model_validate(
        {"data": {"classes": classes, "train": ({"path": "x"},)}, "model": {**model, "init": str(init)}}
    )


def test_heatmaps_and_sizes_are_matched_by_class_name(tmp_path):
    torch.manual_seed(0)
    section = ModelSection.model_validate(SECTION)
    old = CenterNet(section, 3)
    meta = ModelMeta(name="old", classes=("a", "b", "c"), page_size=64, model=section, decode=DecodeSection())
    save_model(old.state_dict(), meta, tmp_path / "weights.safetensors")
    network = CenterNet(section, 2)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    fresh = start_from(network, recipe_of(("c", "d"), SECTION, tmp_path))
    heatmap, size = "heads.heatmap.0.2.weight", "heads.size.0.2.weight"
    new, was = network.state_dict(), old.state_dict()
    assert torch.equal(new[heatmap][0], was[heatmap][2])
    assert torch.equal(new[size][:2], was[size][4:])
    assert torch.equal(new[heatmap][1], before[heatmap][1])
    assert torch.equal(new[size][2:], before[size][2:])
    assert torch.equal(new["neck.layers.0.weight"], was["neck.layers.0.weight"])
    assert {name for name in fresh if not name.endswith("num_batches_tracked")} == {
        f"heads.{head}.0.2.{part}[d]" for head in ("heatmap", "size") for part in ("weight", "bias")
    }


def test_heads_of_another_kind_start_afresh(tmp_path):
    section = ModelSection.model_validate({"backbone": "mobilenet_v3_small"})
    old = CenterNet(section, 1)
    meta = ModelMeta(name="old", classes=("a",), page_size=64, model=section, decode=DecodeSection())
    save_model(old.state_dict(), meta, tmp_path / "weights.safetensors")
    network = CenterNet(ModelSection.model_validate(SECTION), 1)
    fresh = start_from(network, recipe_of(("a",), SECTION, tmp_path))
    assert "heads.heatmap.0.2.weight[a]" in fresh
    assert torch.equal(
        network.state_dict()["backbone.stages.0.0.0.weight"], old.state_dict()["backbone.stages.0.0.0.weight"]
    )
