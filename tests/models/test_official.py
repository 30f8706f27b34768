from __future__ import annotations

import pytest
import torch

from centernet_cli.core.architectures import ARCHITECTURES
from centernet_cli.core.errors import ModelError
from centernet_cli.core.recipe import ModelSection
from centernet_cli.models.centernet import CenterNet
from centernet_cli.models.official import guess_arch, read_checkpoint, save_checkpoint_as_model
from centernet_cli.models.original_classes import class_names
from centernet_cli.models.original_names import original_names
from centernet_cli.models.zoo import load_model


def checkpoint(arch: str, classes: int = 3, **values) -> dict[str, torch.Tensor]:
    """Return a state dict as the original writes it, all tensors random."""
    section = ModelSection.model_validate({"arch": arch, **values})
    with torch.device("meta"):
        state = CenterNet(section, classes).state_dict()
    names = original_names(state, section)
    generator = torch.Generator().manual_seed(0)
    made = {
        names[name]: torch.rand(value.shape, generator=generator) if value.ndim else torch.tensor(9)
        for name, value in state.items()
    }
    if arch.startswith("dla"):
        made["base.fc.weight"] = torch.rand(1000, 512, 1, 1)
        made["base.fc.bias"] = torch.rand(1000)
    return made


def shapes(arch: str, **values) -> dict[str, torch.Tensor]:
    section = ModelSection.model_validate({"arch": arch, **values})
    with torch.device("meta"):
        state = CenterNet(section, 2).state_dict()
    names = original_names(state, section)
    return {names[name]: value for name, value in state.items()}


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_architectures_tell_themselves(arch):
    assert guess_arch(shapes(arch)) == arch


def test_an_architecture_that_cannot_be_told(tmp_path):
    assert guess_arch({"weight": torch.zeros(1)}) is None
    torch.save({"weight": torch.zeros(1)}, tmp_path / "x.pth")
    with pytest.raises(ModelError, match=r"M514 no known architecture .*\(--arch"):
        read_checkpoint(tmp_path / "x.pth")


@pytest.mark.parametrize("arch", ["res_18", "resdcn_18", "dla_34", "dlav0_34"])
def test_every_tensor_arrives(tmp_path, arch):
    state = checkpoint(arch)
    torch.save({"epoch": 1, "state_dict": {f"module.{name}": value for name, value in state.items()}}, tmp_path / "x")
    read = read_checkpoint(tmp_path / "x")
    assert (read.section.arch, read.num_classes, read.section.box) == (arch, 3, "size_offset")
    meta = save_checkpoint_as_model(read, class_names("a,b,c", 3), "mine", tmp_path / "out" / "weights.safetensors")
    loaded = load_model(str(tmp_path / "out"))
    assert loaded.meta == meta
    names = original_names(loaded.network.state_dict(), read.section)
    for name, value in loaded.network.state_dict().items():
        if value.ndim:
            assert value.dtype == torch.float32
            assert torch.equal(value, state[names[name]]), name


def test_what_the_model_says_of_itself(tmp_path):
    torch.save(checkpoint("res_18", classes=20), tmp_path / "x.pth")
    read = read_checkpoint(tmp_path / "x.pth")
    meta = save_checkpoint_as_model(read, class_names(None, 20), "voc", tmp_path / "weights.safetensors")
    assert (meta.classes[0], meta.model.pixels, meta.bgr) == ("aeroplane", "voc_bgr", True)
    assert (meta.decode.top_k, meta.decode.peak_window, meta.decode.nms_iou) == (100, (3, 3), None)
    assert (meta.threshold, meta.test.resize, meta.test.flip, meta.test.scales) == (0.3, "keep", False, (1.0,))
    assert 0 < meta.decode.min_score <= 0.001
    own = class_names(",".join(f"c{i}" for i in range(20)), 20)
    meta = save_checkpoint_as_model(read, own, "own", tmp_path / "weights.safetensors")
    assert meta.model.pixels == "coco_bgr"
    assert meta.mean[0] == pytest.approx(0.40789654)
    assert meta.facts["imported_from"] == "x.pth"


@pytest.mark.parametrize(
    "values",
    [
        {"box": "size"},
        {"class_sizes": True},
        {"head_channels": 128},
        {"box": "size", "class_sizes": True, "head_channels": 16},
    ],
)
def test_options_are_read_from_the_tensors(tmp_path, values):
    torch.save(checkpoint("resdcn_18", classes=5, **values), tmp_path / "x.pth")
    section = read_checkpoint(tmp_path / "x.pth").section
    assert section == ModelSection.model_validate({"arch": "resdcn_18", **values})


def test_one_class_has_no_sizes_of_its_own(tmp_path):
    torch.save(checkpoint("res_18", classes=1), tmp_path / "x.pth")
    assert not read_checkpoint(tmp_path / "x.pth").section.class_sizes


def test_stacks_are_counted():
    # Without arithmetic and memory: an hourglass has 95 million weights.
    names = shapes("hourglass_104", stacks=1)
    assert guess_arch(names) == "hourglass_104"
    assert {name.split(".")[1] for name in names if name.startswith("kps.")} == {"0"}


def test_half_precision_is_widened_and_counters_may_be_missing(tmp_path):
    state = {name: value.half() for name, value in checkpoint("res_18").items() if value.ndim}
    torch.save(state, tmp_path / "x.pth")
    read = read_checkpoint(tmp_path / "x.pth")
    assert {value.dtype for value in read.state.values()} == {torch.float32}


NAME = "layer4.1.conv2.weight"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.pop(NAME), f"1 missing, 0 unknown, 0 of another shape (first: {NAME} is missing)"),
        (
            lambda s: s.update(hm_hp=torch.zeros(1)),
            "0 missing, 1 unknown, 0 of another shape (first: hm_hp is unknown)",
        ),
        (
            lambda s: s.update({NAME: torch.zeros(512, 512, 3)}),
            f"{NAME} is float32 [512, 512, 3] instead of [512, 512, 3, 3]",
        ),
        (lambda s: s.update({"wh.2.weight": torch.zeros(4, 64, 1, 1)}), "wh.2.weight is float32 [4, 64, 1, 1]"),
        (lambda s: s.update({NAME: s[NAME].to(torch.complex64)}), f"{NAME} is complex64"),
        (lambda s: s.update({NAME: s[NAME] * float("nan")}), f"{NAME} holds NaN or infinite values"),
        (lambda s: s.update({"reg.0.bias": s["reg.0.bias"] / 0}), "reg.0.bias holds NaN or infinite values"),
        (lambda s: s.pop("hm.2.weight"), "does not fit res_18: hm.2.weight is missing or no convolution"),
        (lambda s: s.update({"hm.2.weight": torch.zeros(0, 64, 1, 1)}), "hm.2.weight is missing or no convolution"),
        (lambda s: s.pop("reg.2.weight"), "(first: reg.2.weight is missing)"),
    ],
)
def test_a_tensor_that_does_not_fit(tmp_path, change, message):
    state = checkpoint("res_18")
    change(state)
    torch.save(state, tmp_path / "x.pth")
    with pytest.raises(ModelError) as caught:
        read_checkpoint(tmp_path / "x.pth")
    assert caught.value.code == "M513"
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_another_architecture_than_said(tmp_path):
    torch.save(checkpoint("resdcn_18"), tmp_path / "x.pth")
    with pytest.raises(ModelError, match=r"M513 does not fit res_18: .*\(by its tensors it is resdcn_18\)"):
        read_checkpoint(tmp_path / "x.pth", "res_18")
    assert read_checkpoint(tmp_path / "x.pth", "resdcn_18").section.arch == "resdcn_18"
