from __future__ import annotations

import pytest
import torch

from centernet_cli.core.errors import MissingRequirementError, ModelError
from centernet_cli.models.backbones import build_backbone
from centernet_cli.models.dla import DLA34, Root, Tree


@pytest.fixture(scope="module")
def published():
    """A state dict as its authors publish it: with a classifier, from before counters of batches."""
    torch.manual_seed(0)
    state = {name: value for name, value in DLA34().state_dict().items() if not name.endswith("num_batches_tracked")}
    state["fc.weight"] = torch.rand(1000, 512, 1, 1)
    state["fc.bias"] = torch.rand(1000)
    return state


def test_published_weights_are_loaded(published, tmp_path):
    torch.save(published, tmp_path / "dla34.pth")
    backbone = build_backbone("dla34", pretrained=str(tmp_path / "dla34.pth"))
    loaded = list(backbone.state_dict().items())
    first, last = published["base_layer.0.weight"], published["level5.tree2.conv2.weight"]
    assert torch.equal(loaded[0][1], first)
    assert any(torch.equal(value, last) for _, value in loaded if value.shape == last.shape)


@pytest.mark.parametrize(
    "change",
    [
        lambda s: s.pop("level3.root.conv.weight", s.pop("level5.root.conv.weight")),
        lambda s: s.update({"level6.weight": torch.zeros(1)}),
        lambda s: s.update({"level0.0.weight": torch.zeros(1)}),
    ],
)
def test_weights_that_do_not_fit(published, change, tmp_path):
    state = dict(published)
    change(state)
    torch.save(state, tmp_path / "dla34.pth")
    with pytest.raises(ModelError, match="M504 not weights of dla34"):
        build_backbone("dla34", pretrained=str(tmp_path / "dla34.pth"))


def test_there_is_no_download():
    with pytest.raises(MissingRequirementError, match=r"E703 dla34 has no download .*dla34-ba72cf86"):
        build_backbone("dla34", pretrained="imagenet")


def test_roots_see_what_the_paper_draws():
    """Two leaves each, the pooled input from the third level on, and the first tree of a pair."""
    network = DLA34()
    seen = {name: module.conv.in_channels for name, module in network.named_modules() if isinstance(module, Root)}
    assert seen == {
        "level2.root": 64 + 64,
        "level3.tree1.root": 128 + 128,
        "level3.tree2.root": 128 + 128 + 64 + 128,
        "level4.tree1.root": 256 + 256,
        "level4.tree2.root": 256 + 256 + 128 + 256,
        "level5.root": 512 + 512 + 256,
    }


def test_what_nothing_reads_is_not_trained():
    tree = Tree(2, 4, 8, 2, sees_input=True)
    out = tree(torch.rand(2, 4, 16, 16))
    out.sum().backward()
    idle = {name for name, parameter in tree.named_parameters() if parameter.grad is None}
    assert idle == {name for name, parameter in tree.named_parameters() if not parameter.requires_grad}
    assert {name.split(".")[0] for name in idle} == {"project"}
