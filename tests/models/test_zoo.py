from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from centernet_cli.core.errors import ExitCode, ModelError
from centernet_cli.core.recipe import DecodeSection, ModelSection
from centernet_cli.core.safe_io import sha256_file
from centernet_cli.models import shelf
from centernet_cli.models.centernet import CenterNet
from centernet_cli.models.meta import KEY, ModelMeta, read_meta
from centernet_cli.models.zoo import load_model, save_model

SECTION = ModelSection(backbone="mobilenet_v3_small", neck_channels=8, head_channels=8, context_blocks=0)
META = ModelMeta(
    name="probe",
    classes=("text", "table"),
    page_size=320,
    model=SECTION,
    decode=DecodeSection(top_k=7, peak_window=(5, 3)),
    threshold=0.42,
    mean=(0.1, 0.2, 0.3),
    std=(0.4, 0.5, 0.6),
    facts={"licence": "CC0", "scores": {"f1": 0.5}},
)


class Bomb:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    network = CenterNet(SECTION, 2)
    network.train()(torch.rand(2, 3, 64, 64))  # statistics of its own
    return network.eval()


@pytest.fixture
def saved(network, tmp_path):
    path = tmp_path / "probe.safetensors"
    save_model(network.state_dict(), META, path)
    return path


def rewrite(path: Path, change) -> None:
    """Change the tensors of a weights file, keeping what it says of itself."""
    tensors = load_file(path)
    change(tensors)
    save_file(tensors, path, META.to_metadata())


def fails(path: Path) -> ModelError:
    with pytest.raises(ModelError) as caught:
        load_model(str(path))
    assert caught.value.exit_code == ExitCode.MODEL
    assert str(path) in str(caught.value)
    return caught.value


def test_what_is_loaded_is_what_was_saved(network, saved):
    loaded = load_model(str(saved))
    images = torch.rand(1, 3, 64, 96)
    with torch.no_grad():
        before, after = network(images), loaded.network(images)
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert not loaded.network.training
    assert loaded.meta.sha256 == sha256_file(saved)
    for name in META.__dataclass_fields__:
        if name != "sha256":
            assert getattr(loaded.meta, name) == getattr(META, name)


def test_saving_says_the_hash(network, tmp_path):
    meta = save_model(network.state_dict(), META, tmp_path / "out" / "a.safetensors")
    assert meta.sha256 == sha256_file(tmp_path / "out" / "a.safetensors")


def test_half_precision_is_widened(network, saved):
    rewrite(saved, lambda tensors: tensors.update({name: value.half() for name, value in tensors.items()}))
    loaded = load_model(str(saved)).network
    assert {value.dtype for value in loaded.state_dict().values()} == {torch.float32, torch.int64}
    name = "heads.final.heatmap.weight"
    assert torch.allclose(loaded.state_dict()[name], network.state_dict()[name], atol=1e-3)


def test_run_folders_and_shipped_names(saved, tmp_path, monkeypatch):
    run = tmp_path / "run"
    run.mkdir()
    with pytest.raises(ModelError, match="M501"):
        load_model(str(run))
    (run / "weights.safetensors").write_bytes(saved.read_bytes())
    assert load_model(str(run)).meta.name == "probe"
    monkeypatch.setattr(shelf, "WEIGHTS_FOLDER", tmp_path)
    assert load_model("weights").meta.name == "probe"
    with pytest.raises(ModelError, match="did you mean 'weights'"):
        load_model("weigths")


def test_missing_foreign_and_misshapen_tensors_are_counted(saved):
    def change(tensors):
        del tensors["heads.final.heatmap.bias"]
        tensors["extra.one"] = tensors["extra.two"] = torch.zeros(1)
        tensors["heads.final.ltrb.bias"] = torch.zeros(5)

    rewrite(saved, lambda tensors: (change(tensors), tensors.update({"extra.two": torch.ones(1)})))
    error = fails(saved)
    assert error.code == "M508"
    assert "1 missing, 2 unknown, 1 of another shape (first: heads.final.heatmap.bias)" in error.message


@pytest.mark.parametrize(
    "change",
    [
        lambda tensors: tensors.pop("heads.final.ltrb.weight"),
        lambda tensors: tensors.update({"foreign": torch.zeros(1)}),
        lambda tensors: tensors.update({"heads.final.heatmap.weight": torch.zeros(3, 8, 1, 1)}),
    ],
)
def test_any_of_them_is_an_error(saved, change):
    rewrite(saved, change)
    assert fails(saved).code == "M508"


@pytest.mark.parametrize("share", [0.0, 0.0001, 0.01, 0.5, 0.999])
def test_truncated_files(saved, share):
    data = saved.read_bytes()
    saved.write_bytes(data[: int(share * len(data))])
    assert fails(saved).code == "M505"


@pytest.mark.parametrize("content", [b"\0" * 64, b"\xff" * 64, b"PK\x03\x04 and more", b"{}"])
def test_files_of_another_kind(tmp_path, content):
    path = tmp_path / "weights.safetensors"
    path.write_bytes(content)
    assert fails(path).code == "M505"


@pytest.mark.parametrize("protocol", [2, 5])
def test_pickles_are_not_unpickled(tmp_path, protocol):
    path = tmp_path / "weights.pt"
    path.write_bytes(pickle.dumps(Bomb(tmp_path / "exploded"), protocol=protocol))
    assert fails(path).code == "M505"
    torch.save({"model": Bomb(tmp_path / "exploded")}, path)
    assert fails(path).code == "M505"
    assert not (tmp_path / "exploded").exists()


@pytest.mark.parametrize("metadata", [None, {}, {"format": "pt"}])
def test_safetensors_of_other_programs(tmp_path, metadata):
    path = tmp_path / "weights.safetensors"
    save_file({"x": torch.zeros(3)}, path, metadata)
    assert fails(path).code == "M506"


@pytest.mark.parametrize(
    "change",
    [
        lambda value: value.pop("classes"),
        lambda value: value.update(page_size="large"),
        lambda value: value.update(mean=[0, 1]),
        lambda value: value["model"].update(backbone="vgg16"),
        lambda value: value["decode"].update(unheard_of=1),
        lambda value: value.update(facts=3),
    ],
)
def test_metadata_of_another_version(tmp_path, change):
    value = json.loads(META.to_metadata()[KEY])
    change(value)
    path = tmp_path / "weights.safetensors"
    save_file({"x": torch.zeros(3)}, path, {KEY: json.dumps(value)})
    error = fails(path)
    assert error.code == "M507"
    assert "\n" not in str(error)


@pytest.mark.parametrize("text", ["", "no json", "[]", "null", "[" * 100_000])
def test_metadata_that_is_no_json_object(tmp_path, text):
    path = tmp_path / "weights.safetensors"
    save_file({"x": torch.zeros(3)}, path, {KEY: text})
    assert fails(path).code == "M507"


def test_metadata_can_be_read_without_the_tensors(saved):
    meta = read_meta(saved)
    assert (meta.name, meta.classes, meta.stride) == ("probe", ("text", "table"), 4)
