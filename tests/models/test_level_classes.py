"""Scores of classes on one scale: what gets the model's threshold."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from centernet_cli.core.errors import UsageError
from centernet_cli.core.recipe import DecodeSection, ModelSection
from centernet_cli.models.centernet import CenterNet
from centernet_cli.models.level_classes import level_classes
from centernet_cli.models.meta import ModelMeta
from centernet_cli.models.pack import pack_model
from centernet_cli.models.zoo import load_model, save_model

META = ModelMeta(
    name="probe",
    classes=("text", "caption", "table"),
    page_size=256,
    model=ModelSection(),
    decode=DecodeSection(),
    threshold=0.4,
)


def scores(network: CenterNet, images: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        heatmap = network(images)["heatmap"]
    assert isinstance(heatmap, torch.Tensor)
    return heatmap.sigmoid()


ORIGINAL = ModelSection(light_head=False, head_norm=False, shared_head=False)


@pytest.mark.parametrize("section", [ModelSection(), ORIGINAL])
def test_a_class_gets_the_threshold_where_it_had_its_own(section):
    torch.manual_seed(0)
    network = CenterNet(section, 3).eval()
    images = torch.rand(1, 3, 64, 64)
    before = scores(network, images)
    own = float(before[0, 1, 4, 7])
    network.load_state_dict(level_classes(network.state_dict(), replace(META, model=section), {"caption": own}))
    after = scores(network, images)
    assert float(after[0, 1, 4, 7]) == pytest.approx(0.4, abs=1e-5)
    assert torch.equal(after[:, [0, 2]], before[:, [0, 2]])
    in_order = after[0, 1].flatten()[before[0, 1].flatten().argsort()]
    assert (in_order.diff() > -1e-6).all()


@pytest.mark.parametrize("thresholds", [{"figure": 0.3}, {"text": 0.0}, {"text": 1.0}])
def test_what_cannot_be(thresholds):
    with pytest.raises(UsageError, match="U310"):
        level_classes(CenterNet(META.model, 3).state_dict(), META, thresholds)


def test_packed_with_a_new_threshold(tmp_path):
    source = tmp_path / "a.safetensors"
    save_model(CenterNet(META.model, 3).state_dict(), META, source)
    out = tmp_path / "b.safetensors"
    meta = pack_model(str(source), out, threshold=0.5, class_thresholds={"table": 0.2})
    assert meta.threshold == 0.5
    bias = [load_model(str(path)).network.state_dict()["heads.final.heatmap.bias"] for path in (source, out)]
    # Logits: 0 for 0.5, -ln 4 for 0.2.
    assert (bias[1] - bias[0]).tolist() == pytest.approx([0, 0, 1.3863], abs=1e-4)
