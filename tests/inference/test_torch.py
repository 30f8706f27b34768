from __future__ import annotations

import numpy as np
import pytest
import torch

from centernet_cli.codec.decode import decode
from centernet_cli.core.errors import MissingRequirementError, UsageError
from centernet_cli.core.recipe import DecodeSection, ModelSection
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
        np.testing.assert_allclose(one.boxes, other.boxes.numpy(), rtol=1e-3, atol=1e-3)
        np.testing.assert_allclose(one.scores, other.scores.numpy(), rtol=1e-4)


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

    def explode(*_: object) -> None:
        raise RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory")

    monkeypatch.setattr(runtime, "_network", explode)
    with pytest.raises(MemoryError):
        runtime.predict(images(1))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_cuda_finds_about_the_same() -> None:
    (cpu,) = TorchRuntime(model(top_k=5), "cpu", "fp32").predict(images(1))
    for precision in ("fp32", "auto"):
        (gpu,) = TorchRuntime(model(top_k=5), "cuda", precision).predict(images(1))
        np.testing.assert_allclose(gpu.scores[0], cpu.scores[0], atol=0.01)
