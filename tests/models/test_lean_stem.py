from __future__ import annotations

import torch
from torchvision import models

from centernet_cli.models.backbones import build_backbone
from centernet_cli.models.lean_stem import LeanStem


def test_all_but_the_stem_is_mobilenet_v2(tmp_path):
    whole = models.mobilenet_v2()
    torch.save(whole.state_dict(), tmp_path / "weights.pth")
    own = build_backbone("mobilenet_v2", pretrained=str(tmp_path / "weights.pth"))
    lean = build_backbone("mobilenet_v2_lean", pretrained=str(tmp_path / "weights.pth"))
    assert isinstance(lean.stages[0], LeanStem)
    assert lean.channels == own.channels
    for mine, theirs in zip(lean.stages[1:], own.stages[1:], strict=True):
        assert all(torch.equal(a, b) for a, b in zip(mine.parameters(), theirs.parameters(), strict=True))


def test_features_may_be_negative():
    """What stands behind the stem was trained on features without an activation."""
    torch.manual_seed(0)
    features = LeanStem(24).eval()(torch.randn(1, 3, 64, 96))
    assert features.shape == (1, 24, 16, 24)
    assert (features < 0).any()


def test_a_cell_sees_more_than_its_own_pixels():
    stem = LeanStem(4).eval()
    images = torch.randn(1, 3, 96, 96, requires_grad=True)
    stem(images)[0, :, 12, 12].sum().backward()
    assert images.grad is not None
    seen = images.grad.abs().sum((0, 1)).nonzero()
    assert seen.min(0).values.tolist() == [37, 37]
    assert seen.max(0).values.tolist() == [59, 59]
