from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F  # noqa: N812

from centernet_cli.models.dla_up import DLAUp, PlainAggregation, bilinear_kernel, upsampling


@pytest.mark.parametrize("factor", [2, 4])
def test_upsampling_starts_as_bilinear_interpolation(factor):
    torch.manual_seed(0)
    x = torch.rand(1, 3, 6, 7)
    expected = F.interpolate(x, scale_factor=factor, mode="bilinear", align_corners=False)
    with torch.no_grad():
        out = upsampling(3, factor)(x)
    # At the borders a transposed convolution has nothing to repeat.
    inner = (..., slice(factor, -factor), slice(factor, -factor))
    assert torch.allclose(out[inner], expected[inner], atol=1e-6)


def test_the_kernel_of_doubling():
    assert bilinear_kernel(4)[1].tolist() == pytest.approx([0.75 * v for v in (0.25, 0.75, 0.75, 0.25)])


@pytest.mark.parametrize("deformable", [True, False])
def test_all_levels_are_merged(deformable):
    torch.manual_seed(0)
    neck = DLAUp((4, 6, 8, 10), deformable=deformable).eval()
    features = [
        torch.rand(1, channels, 64 // stride, 96 // stride, requires_grad=True)
        for channels, stride in zip((4, 6, 8, 10), (4, 8, 16, 32), strict=True)
    ]
    out = neck(features)
    assert out.shape == (1, neck.channels, 16, 24) == (1, 4, 16, 24)
    out.square().sum().backward()
    assert all(feature.grad is not None and feature.grad.abs().max() > 0 for feature in features)
    # Three rounds: the coarsest pair, the three coarsest, all four.
    rounds = [next(iter(aggregation.children())) for aggregation in neck.pyramid]
    assert [len(steps) for steps in rounds if isinstance(steps, torch.nn.ModuleList)] == [1, 2, 3]


def test_levels_of_equal_width_need_no_projection():
    aggregation = PlainAggregation((4, 4, 8), (2, 2))
    projected = {name.split(".")[1] for name, _ in aggregation.named_parameters() if ".project." in name}
    assert projected == {"1"}
