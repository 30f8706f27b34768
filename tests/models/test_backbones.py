from __future__ import annotations

import pickle
from pathlib import Path
from urllib.error import URLError

import pytest
import torch
from torchvision import models

from centernet_cli.core.errors import ExitCode, MissingRequirementError, ModelError
from centernet_cli.models import backbones
from centernet_cli.models.backbones import BACKBONES, build_backbone

SMALL = "mobilenet_v3_small"


class Bomb:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


@pytest.mark.parametrize("name", BACKBONES)
def test_features_at_four_strides(name):
    with torch.device("meta"):  # shapes without arithmetic
        backbone = build_backbone(name)
        features = backbone(torch.zeros(2, 3, 96, 160))
    assert [tuple(f.shape) for f in features] == [
        (2, channels, 96 // stride, 160 // stride)
        for channels, stride in zip(backbone.channels, (4, 8, 16, 32), strict=True)
    ]


def test_features_are_those_of_torchvision():
    torch.manual_seed(0)
    whole = models.mobilenet_v3_small().eval()
    backbone = build_backbone(SMALL).eval()
    backbone.load_state_dict(dict(zip(backbone.state_dict(), list(whole.features.state_dict().values()), strict=False)))
    images = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        assert torch.equal(backbone(images)[-1], whole.features[:-1](images))


@pytest.mark.parametrize("frozen", [0, 1, 3, 4])
def test_frozen_stages_do_not_change(frozen):
    torch.manual_seed(0)
    backbone = build_backbone(SMALL, frozen=frozen).train()
    before = [{name: value.clone() for name, value in stage.state_dict().items()} for stage in backbone.stages]
    trained = [parameter for parameter in backbone.parameters() if parameter.requires_grad]
    features = backbone(torch.rand(2, 3, 64, 64))
    if frozen < 4:
        optimizer = torch.optim.SGD(trained, lr=0.1)
        sum(feature.square().mean() for feature in features).backward()
        optimizer.step()
    else:
        assert trained == []
        assert not features[-1].requires_grad
    for i, (stage, old) in enumerate(zip(backbone.stages, before, strict=True)):
        changed = {name for name, value in stage.state_dict().items() if not torch.equal(value, old[name])}
        assert bool(changed) == (i >= frozen)
        if i >= frozen:
            assert any(name.endswith("weight") for name in changed)
            assert any(name.endswith("running_mean") for name in changed)


def test_frozen_stages_stay_in_evaluation_mode():
    backbone = build_backbone(SMALL, frozen=2)
    for mode in (True, False, True):
        backbone.train(mode)
        assert [stage.training for stage in backbone.stages] == [False, False, mode, mode]


def test_pretrained_weights_from_a_file(tmp_path):
    torch.manual_seed(1)
    whole = models.mobilenet_v3_small()
    torch.save(whole.state_dict(), tmp_path / "weights.pth")
    backbone = build_backbone(SMALL, pretrained=str(tmp_path / "weights.pth"))
    found = next(iter(backbone.state_dict().values()))
    assert torch.equal(found, next(iter(whole.features.state_dict().values())))


def bad_files(folder: Path) -> dict[str, bytes]:
    torch.save(models.squeezenet1_0().state_dict(), folder / "other")
    other = (folder / "other").read_bytes()
    torch.save([1, 2], folder / "list")
    return {
        "empty": b"",
        "text": b"no weights at all",
        "truncated": other[: len(other) // 2],
        "another network": other,
        "no mapping": (folder / "list").read_bytes(),
        "pickle": pickle.dumps(Bomb(folder / "exploded")),
    }


@pytest.mark.parametrize("kind", ["empty", "text", "truncated", "another network", "no mapping", "pickle"])
def test_pretrained_files_that_are_none(tmp_path, kind):
    path = tmp_path / "weights.pth"
    path.write_bytes(bad_files(tmp_path)[kind])
    with pytest.raises(ModelError) as caught:
        build_backbone(SMALL, pretrained=str(path))
    assert (caught.value.code, caught.value.exit_code) == ("M504", ExitCode.MODEL)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "exploded").exists()


def test_pretrained_file_that_is_missing(tmp_path):
    with pytest.raises(ModelError, match="M503 no such file"):
        build_backbone(SMALL, pretrained=str(tmp_path / "nowhere.pth"))


def test_imagenet_weights_without_a_network(monkeypatch):
    def build(weights: str | None = None) -> torch.nn.Module:
        raise URLError("no route to host")

    monkeypatch.setitem(backbones.RESNETS, "resnet18", build)
    with pytest.raises(MissingRequirementError, match=r"E703 .*no route to host.*model\.pretrained"):
        build_backbone("resnet18", pretrained="imagenet")


def test_no_advice_to_run_the_code_of_a_file(tmp_path):
    path = tmp_path / "code.pth"
    path.write_bytes(pickle.dumps(Path))
    with pytest.raises(ModelError, match="M504 not weights of resnet18: it is no file of tensors") as caught:
        build_backbone("resnet18", pretrained=str(path))
    assert "weights_only" not in str(caught.value)
