"""Exported graphs: the same boxes as torch, at any size, from any of the files, and nothing else accepted as one."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch

from centernet_cli.codec.decode import candidates_of
from centernet_cli.core.errors import ModelError, UsageError
from centernet_cli.core.recipe import DecodeSection, ModelSection, TestSection
from centernet_cli.inference import export as module
from centernet_cli.inference.export import META_FILE, export_model
from centernet_cli.inference.export_onnx import write_onnx
from centernet_cli.inference.graph import PageGraph
from centernet_cli.inference.graph_file import find_or_make_graph
from centernet_cli.inference.open_runtime import open_runtime
from centernet_cli.inference.overrides import Overrides
from centernet_cli.inference.parity import Parity, check_parity
from centernet_cli.inference.runtime import RawBoxes, RuntimeOptions
from centernet_cli.inference.runtimes.torch import TorchRuntime
from centernet_cli.models.centernet import CenterNet
from centernet_cli.models.deform import DeformableConv
from centernet_cli.models.dla import Tree
from centernet_cli.models.graph_meta import WEIGHTS_KEY, read_graph_metadata
from centernet_cli.models.meta import KEY, ModelMeta, read_meta
from centernet_cli.models.zoo import LoadedModel, load_model, save_model

SECTION = ModelSection(
    backbone="mobilenet_v3_small", neck_channels=16, head_channels=16, context_blocks=0, pixels="coco_bgr"
)
META = ModelMeta(
    name="tiny",
    classes=("a", "b"),
    page_size=128,
    model=SECTION,
    decode=DecodeSection(top_k=300, min_score=0.0, nms_iou=0.5),
    threshold=0.05,
    mean=(0.4, 0.45, 0.5),
    sha256="0123456789abcdef" * 4,
)


class Toy(torch.nn.Module):
    """Three convolutions instead of a network: exported in no time. The shipped models' graphs have their own test."""

    multiple = 32

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layers = torch.nn.Sequential(
            torch.nn.Conv2d(3, 16, 3, stride=2, padding=1, bias=False),
            torch.nn.BatchNorm2d(16),
            torch.nn.ReLU(),
            torch.nn.Conv2d(16, 24, 3, stride=2, padding=1, bias=False),
        )
        self.last = torch.nn.Conv2d(24, 6, 1)
        with torch.no_grad():
            self.last.weight.copy_(self.last.weight.half())

    def forward(self, images: torch.Tensor) -> dict[str, torch.Tensor]:
        heatmap, ltrb = self.last(self.layers(images)).split([2, 4], 1)
        return {"heatmap": 4 * heatmap - 1, "ltrb": 1 + 4 * ltrb.sigmoid()}


def toy(**changes: object) -> LoadedModel:
    return LoadedModel(cast("CenterNet", Toy().eval()), replace(META, **changes))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def exported(tmp_path_factory) -> dict[str, Path]:
    """The toy in all the forms there are."""
    folder = tmp_path_factory.mktemp("export")
    page = photograph(90, 120)
    paths = {"onnx": folder / "out.onnx", "openvino": folder / "out.xml", "torchscript": folder / "out.torchscript"}
    for target, path in paths.items():
        parity = export_model(toy(), target, path, page)  # type: ignore[arg-type]
        assert len(parity.sizes) == (3 if target == "torchscript" else 4)
        assert parity.boxes > 50
    assert sorted(path.name for path in folder.iterdir()) == ["out.bin", "out.onnx", "out.torchscript", "out.xml"]
    return paths


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> Path:
    """A small network that nobody has exported."""
    path: Path = tmp_path_factory.mktemp("weights") / "tiny.safetensors"
    save_model(CenterNet(SECTION, 2).state_dict(), META, path)
    return path


def photograph(width: int, height: int) -> np.ndarray:
    small = np.random.default_rng(0).integers(0, 256, (height // 8 + 1, width // 8 + 1, 3), np.uint8)
    return np.ascontiguousarray(small.repeat(8, 0).repeat(8, 1)[:height, :width])


def found(model: Path, runtime: str, batch: np.ndarray, *, flip: bool = False) -> list[RawBoxes]:
    options = RuntimeOptions(runtime=runtime, device="cpu", precision="fp32")  # type: ignore[arg-type]
    return open_runtime(str(model), options, overrides=Overrides(flip=flip)).predict(batch)


@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize(("kind", "runtime"), [("onnx", "openvino"), ("onnx", "onnx"), ("openvino", "openvino")])
def test_any_size_and_number_of_pages(exported: dict[str, Path], kind: str, runtime: str, flip: bool) -> None:
    torch_runtime = TorchRuntime(toy(test=TestSection(flip=flip)), "cpu", "fp32", min_score=META.threshold)
    for count, height, width in ((1, 32, 32), (1, 128, 96), (3, 64, 160)):
        batch = np.stack([photograph(width + 16 * i, height)[:, -width:] for i in range(count)])
        ours, theirs = found(exported[kind], runtime, batch, flip=flip), torch_runtime.predict(batch)
        assert len(ours) == count
        for one, other in zip(ours, theirs, strict=True):
            assert len(one.scores) == len(other.scores) > 0
            assert one.capped == other.capped
            np.testing.assert_allclose(one.scores, other.scores, atol=1e-4)
            np.testing.assert_allclose(np.sort(one.boxes, axis=0), np.sort(other.boxes, axis=0), atol=0.02)


@pytest.mark.parametrize(
    ("target", "name"), [("onnx", "bent.onnx"), ("openvino", "bent.xml"), ("torchscript", "bent.ts")]
)
def test_pooling_and_deformable_convolutions_are_exported(tmp_path: Path, target: Any, name: str) -> None:
    """OpenVINO has no operation for them."""
    network: Any = Toy()
    # Behind a pooling, where torch's exporter once gave up on a number of pictures that was not known yet (dla_34).
    network.layers.append(Tree(1, 24, 24, 2, sees_input=True))
    network.layers.append(torch.nn.Upsample(scale_factor=2.0))
    bent = DeformableConv(24, 24)
    torch.nn.init.normal_(bent.conv_offset_mask.weight, std=0.5)
    network.layers.append(bent)
    model = LoadedModel(cast("CenterNet", network.eval()), META)
    assert export_model(model, target, tmp_path / name, photograph(90, 120)).boxes > 50
    runtimes = {"onnx": ("onnx", "openvino"), "openvino": ("openvino",), "torchscript": ()}
    for runtime in runtimes[target]:
        assert found(tmp_path / name, runtime, photograph(96, 64)[None])[0].boxes.size


def test_graphs_say_what_the_weights_say(exported: dict[str, Path]) -> None:
    assert read_meta(exported["onnx"]) == META
    assert read_meta(exported["openvino"]) == META
    extra = {META_FILE: ""}
    with pytest.warns((FutureWarning, DeprecationWarning), match="deprecated|not supported"):
        torch.jit.load(str(exported["torchscript"]), _extra_files=extra)
    facts = json.loads(extra[META_FILE])
    assert facts[WEIGHTS_KEY] == META.sha256
    assert json.loads(facts[KEY])["classes"] == ["a", "b"]


def test_halves_are_stored_where_they_are_exact(tmp_path: Path) -> None:
    import onnx

    network: Any = Toy().eval()
    with torch.no_grad():
        exact = network.layers[3].weight  # 3,456 numbers; the last layer's are too few to be worth it
        exact.copy_(exact.half())
    write_onnx(LoadedModel(cast("CenterNet", network), META), tmp_path / "out.onnx")
    stored = onnx.load(tmp_path / "out.onnx").graph.initializer
    halves = [item for item in stored if item.data_type == onnx.TensorProto.FLOAT16]
    assert [tuple(item.dims) for item in halves] == [(24, 16, 3, 3)]
    np.testing.assert_array_equal(onnx.numpy_helper.to_array(halves[0]), exact.detach().numpy())


def test_a_graph_that_finds_something_else_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = check_parity

    def other(model: LoadedModel, *rest: Any, **options: Any) -> Parity:
        with torch.no_grad():
            cast("Any", model.network).last.weight.mul_(1.1)
        return original(model, *rest, **options)

    monkeypatch.setattr(module, "check_parity", other)
    for target in ("onnx", "openvino", "torchscript"):
        with pytest.raises(ModelError) as caught:
            export_model(toy(), target, tmp_path / "out.xml", photograph(90, 120))
        assert caught.value.code == "M521"
        assert list(tmp_path.iterdir()) == []


class Flat(Toy):
    """Learned next to nothing: all cells of a map say nearly the same."""

    def forward(self, images: torch.Tensor) -> dict[str, torch.Tensor]:
        maps = super().forward(images)
        return {"heatmap": 1e-6 * maps["heatmap"], "ltrb": maps["ltrb"]}


@pytest.mark.parametrize("top_k", [20, 5000])
def test_which_of_equal_cells_is_the_peak_is_a_matter_of_rounding(top_k: int) -> None:
    model = LoadedModel(cast("CenterNet", Flat().eval()), replace(META, decode=DecodeSection(top_k=top_k)))
    graph = PageGraph(model.network, model.meta)
    noise = torch.Generator().manual_seed(0)

    def rounded(batch: np.ndarray, _: bool) -> list[np.ndarray]:
        maps = graph.maps(torch.from_numpy(batch), mirror=False)
        maps["heatmap"] += 1e-5 * torch.rand(maps["heatmap"].shape, generator=noise)
        return [value.numpy() for value in candidates_of(maps, model.meta.decode)]

    with torch.inference_mode():
        parity = check_parity(model, rounded, photograph(90, 120), "graph")
    assert parity.boxes > 50
    assert 0 < parity.score < 1e-4
    assert parity.pixels < 1e-3


@pytest.mark.parametrize("fault", ["missing", "added", "moved", "class", "score", "not a number"])
def test_what_parity_notices(fault: str) -> None:
    model = toy()
    graph = PageGraph(model.network, model.meta)

    def wrong(batch: np.ndarray, _: bool) -> list[np.ndarray]:
        found = [value.numpy().copy() for value in graph.run(torch.from_numpy(batch), mirror=False)]
        boxes, scores, classes = (value[0] for value in found)
        if fault == "missing":
            scores[0] = scores[1]
            boxes[0] = boxes[1]
            classes[0] = classes[1]
        elif fault == "added":
            boxes[-1], scores[-1] = (0, 0, 500, 500), scores[0]
        elif fault == "moved":
            boxes[3, 2] += 1
        elif fault == "class":
            classes[3] = 1 - classes[3]
        elif fault == "score":
            scores[3] += 0.01
        else:
            scores[:] = np.nan
        return found

    with torch.inference_mode(), pytest.raises(ModelError) as caught:
        check_parity(model, wrong, photograph(90, 120), "graph")
    assert caught.value.code == "M521"


def test_networks_without_a_graph_say_so_and_auto_takes_torch(
    tmp_path: Path, weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> object:
        raise RuntimeError("no such operation\nin ONNX")

    monkeypatch.setattr(torch.onnx, "export", refuse)
    monkeypatch.setenv("CENTERNET_CACHE", str(tmp_path))
    with pytest.raises(ModelError, match="no such operation") as caught:
        open_runtime(str(weights), RuntimeOptions(runtime="onnx"))
    assert caught.value.code == "M520"
    told: list[str] = []
    assert open_runtime(str(weights), RuntimeOptions(device="cpu"), tell=told.append).name == "torch"
    assert "torch" in told[-1]


def test_a_model_without_a_graph_gets_one_in_the_cache(
    tmp_path: Path, weights: Path, exported: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CENTERNET_CACHE", str(tmp_path / "cache"))
    meta = read_meta(weights)
    calls = []

    def copy(_model, path: Path) -> None:
        calls.append(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(exported["onnx"].read_bytes().replace(META.sha256.encode(), meta.sha256.encode()))

    monkeypatch.setattr("centernet_cli.inference.export_onnx.write_onnx", copy)
    told: list[str] = []
    graph = find_or_make_graph(weights, meta, told.append)
    assert graph.is_relative_to(tmp_path / "cache")
    assert meta.sha256 in graph.name
    assert "torch" in told[0]
    assert find_or_make_graph(weights, meta, told.append) == graph
    assert len(calls) == len(told) == 1
    # One that was damaged, or is of other weights, is made again.
    graph.write_bytes(graph.read_bytes()[:1000])
    assert find_or_make_graph(weights, meta, told.append) == graph
    assert len(calls) == 2


def test_compiled_models_are_kept_and_damaged_ones_made_again(
    tmp_path: Path, exported: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CENTERNET_CACHE", str(tmp_path))
    batch = photograph(96, 64)[None]
    (first,) = found(exported["onnx"], "openvino", batch)
    (blob,) = (tmp_path / "openvino").iterdir()
    written = blob.stat().st_mtime_ns
    (second,) = found(exported["onnx"], "openvino", batch)
    assert blob.stat().st_mtime_ns == written
    content = bytearray(blob.read_bytes())
    content[len(content) // 2] ^= 0xFF
    for damaged in (bytes(content), b"", content[: len(content) // 2]):
        blob.write_bytes(damaged)
        (third,) = found(exported["onnx"], "openvino", batch)
        np.testing.assert_array_equal(third.boxes, first.boxes)
        assert len(blob.read_bytes()) == len(content)
    np.testing.assert_array_equal(second.boxes, first.boxes)


def test_a_cache_that_cannot_be_written_is_done_without(
    tmp_path: Path, exported: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("CENTERNET_CACHE", str(tmp_path / "file"))
    assert len(found(exported["onnx"], "openvino", photograph(96, 64)[None])) == 1


@pytest.mark.parametrize("name", ["cut.onnx", "text.onnx", "empty.onnx", "cut.xml", "text.xml", "no_bin.xml"])
@pytest.mark.parametrize("runtime", ["openvino", "onnx"])
def test_files_that_are_no_graphs(tmp_path: Path, exported: dict[str, Path], name: str, runtime: str) -> None:
    kind = "onnx" if name.endswith(".onnx") else "openvino"
    whole = exported[kind].read_bytes()
    # The metadata comes last in an ONNX file: what is cut off before it must not pass for a graph.
    content = {"cut": whole[: len(whole) // 2], "text": b"Dear all,\n", "empty": b"", "no_bin": whole}
    path = tmp_path / name
    path.write_bytes(content[path.stem])
    with pytest.raises((ModelError, UsageError)) as caught:
        open_runtime(str(path), RuntimeOptions(runtime=runtime))  # type: ignore[arg-type]
    assert caught.value.code in {"M505", "M506", "U709"}
    assert "\n" not in str(caught.value)


def test_somebody_elses_graph_is_refused(tmp_path: Path) -> None:
    import onnx

    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("Relu", ["x"], ["y"])],
        "theirs",
        [onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1])],
        [onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [1])],
    )
    model = onnx.helper.make_model(graph)
    onnx.helper.set_model_props(model, {"author": "somebody"})
    onnx.save(model, tmp_path / "theirs.onnx")
    assert read_graph_metadata(tmp_path / "theirs.onnx") == {"author": "somebody"}
    with pytest.raises(ModelError) as caught:
        read_meta(tmp_path / "theirs.onnx")
    assert caught.value.code == "M506"


@pytest.mark.parametrize(
    ("kind", "options", "code"),
    [
        ("onnx", {"runtime": "torch"}, "U709"),
        ("openvino", {"runtime": "onnx"}, "U709"),
        ("onnx", {"device": "cuda"}, "U709"),
        ("onnx", {"runtime": "onnx", "device": "cuda:0"}, "U709"),
        ("onnx", {"runtime": "onnx", "precision": "bf16"}, "U709"),
        ("onnx", {"precision": "fp16"}, "U703"),
    ],
)
def test_what_a_runtime_does_not_have(exported: dict[str, Path], kind: str, options: dict[str, Any], code: str) -> None:
    with pytest.raises(UsageError) as caught:
        open_runtime(str(exported[kind]), RuntimeOptions(**options))
    assert caught.value.code == code


def test_a_graph_has_no_weights_to_train_from(exported: dict[str, Path]) -> None:
    with pytest.raises(ModelError) as caught:
        load_model(str(exported["onnx"]))
    assert caught.value.code == "M519"
