from __future__ import annotations

import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch._dynamo.exc import Unsupported

from centernet_cli.codec.decode import decode
from centernet_cli.core.errors import MissingRequirementError, UsageError
from centernet_cli.core.recipe import DecodeSection, ModelSection, TestSection
from centernet_cli.inference.runtimes.torch import TorchRuntime
from centernet_cli.models.centernet import CenterNet
from centernet_cli.models.meta import ModelMeta
from centernet_cli.models.zoo import LoadedModel

SECTION = ModelSection(backbone="mobilenet_v3_small", neck_channels=16, head_channels=16, context_blocks=0)


def model(*, top_k: int = 50, min_score: float = 0.0) -> LoadedModel:
    torch.manual_seed(0)
    network = CenterNet(SECTION, 2).eval()
    decoding = DecodeSection(top_k=top_k, min_score=min_score)
    meta = ModelMeta(name="tiny", classes=("a", "b"), page_size=128, model=SECTION, decode=decoding)
    return LoadedModel(network, meta)


def images(count: int = 2) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, 96, 64, 3), np.uint8)


def test_boxes_are_those_of_network_and_codec() -> None:
    loaded, batch = model(), images()
    found = TorchRuntime(loaded, "cpu", "fp32").predict(batch)
    meta = loaded.meta
    normalised = (torch.from_numpy(batch).permute(0, 3, 1, 2) / 255 - torch.tensor(meta.mean).view(3, 1, 1)) / (
        torch.tensor(meta.std).view(3, 1, 1)
    )
    with torch.inference_mode():
        expected = decode(loaded.network(normalised), meta.decode, meta.stride)
    assert len(found) == len(expected) == 2
    for one, other in zip(found, expected, strict=True):
        assert one.boxes.shape == (len(one.scores), 4)
        assert one.boxes.dtype == one.scores.dtype == np.float32
        assert one.classes.dtype == np.int64
        np.testing.assert_allclose(one.boxes, other.boxes, rtol=1e-3, atol=1e-3)
        np.testing.assert_allclose(one.scores, other.scores, rtol=1e-4)


def test_the_batch_is_not_changed_and_can_be_read_only() -> None:
    batch = images()
    kept = batch.copy()
    TorchRuntime(model(), "cpu", "fp32").predict(batch)
    assert (batch == kept).all()


def test_min_score_replaces_the_models() -> None:
    (everything,) = TorchRuntime(model(), "cpu", "fp32").predict(images(1))
    middle = float(np.median(everything.scores))
    (best,) = TorchRuntime(model(), "cpu", "fp32", min_score=middle).predict(images(1))
    assert 0 < len(best.scores) < len(everything.scores)
    assert best.scores.min() >= middle


@pytest.mark.parametrize(("top_k", "capped"), [(2, True), (2000, False)])
def test_reaching_top_k_is_noticed(top_k: int, capped: bool) -> None:
    (found,) = TorchRuntime(model(top_k=top_k), "cpu", "fp32").predict(images(1))
    assert found.capped is capped


def test_bf16_finds_about_the_same() -> None:
    runtime = TorchRuntime(model(top_k=5), "cpu", "bf16")
    assert runtime.precision == "bf16"
    (found,) = runtime.predict(images(1))
    assert len(found.scores) > 0
    assert found.scores.dtype == np.float32


@pytest.mark.skipif(shutil.which("g++") is None, reason="torch's compiler wants a C++ compiler")
def test_a_compiled_network_finds_the_same() -> None:
    plain, compiled = TorchRuntime(model(), "cpu", "fp32"), TorchRuntime(model(), "cpu", "fp32", compiled=True)
    for mine, other in zip(compiled.predict(images()), plain.predict(images()), strict=True):
        assert mine.scores == pytest.approx(other.scores, abs=1e-5)
        assert np.sort(mine.boxes, axis=0) == pytest.approx(np.sort(other.boxes, axis=0), abs=1e-2)


def test_a_compiler_that_does_not_work_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    runtime = TorchRuntime(model(), "cpu", "fp32", compiled=True)

    def fail(*_: object, **__: object) -> None:
        raise Unsupported("no working C++ compiler", "compiler")

    monkeypatch.setattr(runtime._graph, "run", fail)
    with pytest.raises(MissingRequirementError, match="cannot compile") as caught:
        runtime.predict(images())
    assert caught.value.code == "E721"


def test_fp16_on_the_cpu_is_refused() -> None:
    with pytest.raises(UsageError, match="fp16"):
        TorchRuntime(model(), "cpu", "fp16")


@pytest.mark.skipif(torch.cuda.is_available(), reason="a CUDA device is here")
def test_cuda_without_a_gpu_names_the_build() -> None:
    with pytest.raises(MissingRequirementError, match=r"torch \d") as caught:
        TorchRuntime(model(), "cuda")
    assert caught.value.code == "E701"


@pytest.mark.parametrize("device", ["cuba", "cuda:x", "meta", ""])
def test_unknown_devices_are_usage_errors(device: str) -> None:
    with pytest.raises(UsageError, match="unknown device"):
        TorchRuntime(model(), device)


def test_running_out_of_memory_is_a_memory_error(monkeypatch: pytest.MonkeyPatch) -> None:
    runtime = TorchRuntime(model(), "cpu", "fp32")

    def explode(*_: object, **__: object) -> None:
        raise RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory")

    monkeypatch.setattr(runtime._graph, "run", explode)
    with pytest.raises(MemoryError):
        runtime.predict(images(1))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_cuda_finds_about_the_same() -> None:
    (cpu,) = TorchRuntime(model(top_k=5), "cpu", "fp32").predict(images(1))
    for precision in ("fp32", "auto"):
        (gpu,) = TorchRuntime(model(top_k=5), "cuda", precision).predict(images(1))
        np.testing.assert_allclose(gpu.scores[0], cpu.scores[0], atol=0.01)


def test_flip_averages_with_the_mirror_image() -> None:
    loaded, batch = model(), images()
    flipping = LoadedModel(loaded.network, replace(loaded.meta, test=TestSection(flip=True)))
    found = TorchRuntime(flipping, "cpu", "fp32").predict(batch)
    again = TorchRuntime(flipping, "cpu", "fp32").predict(np.ascontiguousarray(batch[:, :, ::-1]))
    plain = TorchRuntime(loaded, "cpu", "fp32").predict(batch)
    assert len(found) == 2
    for one, other, alone in zip(found, again, plain, strict=True):
        # The same whichever way round the page is shown, but for the side.
        np.testing.assert_allclose(one.scores, other.scores, rtol=1e-3)
        left, right = batch.shape[2] - other.boxes[:, 2], batch.shape[2] - other.boxes[:, 0]
        np.testing.assert_allclose(one.boxes[:5, 0], left[:5], rtol=1e-2, atol=0.1)
        np.testing.assert_allclose(one.boxes[:5, 2], right[:5], rtol=1e-2, atol=0.1)
        assert not np.allclose(one.scores[:5], alone.scores[:5], rtol=1e-4)


def test_networks_that_see_bgr_get_it() -> None:
    loaded, batch = model(), images(1)
    section = SECTION.model_copy(update={"pixels": "voc_bgr"})
    blue_first = LoadedModel(loaded.network, replace(loaded.meta, model=section))
    (found,) = TorchRuntime(blue_first, "cpu", "fp32").predict(batch)
    (expected,) = TorchRuntime(loaded, "cpu", "fp32").predict(np.ascontiguousarray(batch[..., ::-1]))
    np.testing.assert_allclose(found.scores, expected.scores, rtol=1e-5)
    np.testing.assert_allclose(found.boxes, expected.boxes, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize(("scales", "soft"), [((1.0,), True), ((0.5, 1.0), False)])
def test_overlapping_boxes_are_left_to_who_joins_the_looks(scales: tuple[float, ...], soft: bool) -> None:
    loaded = model()
    decoding = DecodeSection(top_k=50, min_score=0.0, nms_iou=0.01, soft_nms=soft)
    meta = replace(loaded.meta, decode=decoding, test=TestSection(scales=scales))
    (found,) = TorchRuntime(LoadedModel(loaded.network, meta), "cpu", "fp32").predict(images(1))
    (hard,) = TorchRuntime(
        LoadedModel(
            loaded.network,
            replace(meta, decode=DecodeSection(top_k=50, min_score=0.0, nms_iou=0.01), test=TestSection()),
        ),
        "cpu",
        "fp32",
    ).predict(images(1))
    assert len(hard.scores) < len(found.scores) == 50
    assert TorchRuntime(loaded, "cpu").multiple == 32
