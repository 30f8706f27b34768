from __future__ import annotations

import pytest
import torch

from centernet_cli.core.errors import ModelError
from centernet_cli.core.recipe import ModelSection
from centernet_cli.models.centernet import CenterNet
from centernet_cli.models.hourglass import Hourglass, StackedHourglass


def test_an_hourglass_keeps_the_size_and_sees_the_coarsest():
    torch.manual_seed(0)
    x = torch.rand(2, 4, 16, 16, requires_grad=True)
    hourglass = Hourglass((4, 6, 8), (1, 1, 2)).eval()
    out = hourglass(x)
    assert out.shape == x.shape
    out[0, :, 8, 8].sum().backward()
    assert x.grad is not None
    assert (x.grad[0] != 0).any(0).all(), "one cell sees the whole map"
    assert (x.grad[1] == 0).all()


@pytest.mark.parametrize("stacks", [1, 2, 3])
def test_one_map_a_stack(stacks):
    with torch.device("meta"):
        maps = StackedHourglass(stacks)(torch.zeros(1, 3, 128, 256))
    assert [tuple(x.shape) for x in maps] == [(1, 256, 32, 64)] * stacks


@pytest.mark.parametrize("size", [(96, 128), (128, 64), (544, 544)])
def test_other_sizes_are_refused(size):
    with torch.device("meta"):
        network = StackedHourglass(1)
        with pytest.raises(ModelError, match=r"M517 an input of .* multiples of 128 \(train\.input\)"):
            network(torch.zeros(1, 3, *size))


def test_multiples():
    with torch.device("meta"):
        assert CenterNet(ModelSection.model_validate({"arch": "hourglass_104", "stacks": 1}), 1).multiple == 128
        assert CenterNet(ModelSection(), 1).multiple == 32


@pytest.mark.parametrize("values", [{"frozen_stages": 1}, {"pretrained": "imagenet"}, {"pretrained": "file.pth"}])
def test_what_an_hourglass_does_not_take(values):
    section = ModelSection.model_validate({"arch": "hourglass_104", **values})
    with pytest.raises(ModelError, match=r"model\.\w+: M516 .*hourglass104"):
        CenterNet(section, 1, pretrained=section.pretrained)


@pytest.mark.parametrize(("norm", "light", "shared", "box"), [(True, True, True, "ltrb"), (False, False, True, "size")])
def test_any_heads_on_every_stack(norm, light, shared, box):
    section = ModelSection.model_validate(
        {"backbone": "hourglass104", "neck": "none", "box": box}
        | {"head_norm": norm, "light_head": light, "shared_head": shared}
    )
    with torch.device("meta"):
        network = CenterNet(section, 3).eval()
        outputs = network.every_stack(torch.zeros(1, 3, 128, 128))
    assert len(outputs) == 2
    assert all(set(out) == {"heatmap", "ltrb" if box == "ltrb" else "size"} for out in outputs)
    assert len(network.class_rows()) == 4, "weights and biases of two heatmaps"
