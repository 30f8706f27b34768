from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torchvision.ops import deform_conv2d

from centernet_cli.models.deform import DeformableConv, deform_conv2d_of_samples


def test_starts_as_an_ordinary_convolution_at_half_strength():
    torch.manual_seed(0)
    layer = DeformableConv(4, 6)
    x = torch.rand(2, 4, 9, 7)
    expected = F.conv2d(x, layer.weight, padding=1) / 2
    assert torch.allclose(layer(x), expected, atol=1e-6)


def test_offsets_are_pairs_of_y_and_x():
    layer = DeformableConv(1, 1)
    x = torch.arange(63.0).reshape(1, 1, 9, 7)
    with torch.no_grad():
        layer.weight.zero_()[0, 0, 1, 1] = 1  # reads the cell it is on, tap 4 of nine
        layer.conv_offset_mask.bias[2 * 4] = 2.0  # type: ignore[index]
        layer.conv_offset_mask.bias[2 * 4 + 1] = -1.0  # type: ignore[index]
        layer.conv_offset_mask.bias[18 + 4] = 50.0  # type: ignore[index]
        out = layer(x)
    # Two rows further down and one cell to the left.
    assert torch.equal(out[0, 0, :7, 1:], x[0, 0, 2:, :6])


def test_everything_gets_a_gradient():
    torch.manual_seed(0)
    layer = DeformableConv(3, 5)
    layer(torch.rand(1, 3, 6, 6)).square().mean().backward()
    assert all(parameter.grad is not None for parameter in layer.parameters())
    assert layer.conv_offset_mask.weight.grad is not None
    assert layer.conv_offset_mask.weight.grad.abs().max() > 0


def test_half_precision_reads_the_same_places():
    torch.manual_seed(0)
    layer = DeformableConv(2, 3).eval()
    x = torch.rand(1, 2, 8, 300)
    with torch.no_grad():
        torch.nn.init.normal_(layer.conv_offset_mask.weight)
        full = layer(x)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            half = layer(x)
    assert half.dtype == torch.float32
    assert torch.equal(full, half)


def test_shapes_without_arithmetic():
    with torch.device("meta"):
        assert DeformableConv(2, 3)(torch.zeros(1, 2, 8, 6)).shape == (1, 3, 8, 6)


def test_what_is_exported_computes_the_same_also_beyond_the_borders():
    torch.manual_seed(0)
    for height, width in ((7, 5), (16, 24), (1, 1)):
        x, weight, bias = torch.randn(2, 6, height, width), torch.randn(4, 6, 3, 3), torch.randn(4)
        offset, mask = 3 * torch.randn(2, 18, height, width), torch.rand(2, 9, height, width)
        expected = deform_conv2d(x, offset, weight, bias, padding=1, mask=mask)
        torch.testing.assert_close(
            deform_conv2d_of_samples(x, offset, mask, weight, bias), expected, atol=1e-4, rtol=1e-4
        )
