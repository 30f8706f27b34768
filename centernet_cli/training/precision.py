"""Devices and number formats."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from centernet_cli.core.errors import MissingRequirementError, UsageError

if TYPE_CHECKING:
    from centernet_cli.core.recipe import Precision


def choose_device(name: str) -> torch.device:
    """Return the device for `auto`, `cpu`, `cuda`, `cuda:1` or `mps`.

    Raises:
        UsageError: Not a device name.
        MissingRequirementError: The device isn't there.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise UsageError("U102", f"not a device: {name}", hint="auto, cpu, cuda, cuda:1 or mps") from error
    there = {
        "cpu": True,
        "cuda": torch.cuda.is_available() and (device.index or 0) < torch.cuda.device_count(),
        "mps": torch.backends.mps.is_available(),
    }
    if not there.get(device.type, False):
        raise MissingRequirementError(
            "E702", f"no device {name} here (torch {torch.__version__})", hint="--device auto falls back to the CPU"
        )
    return device


def choose_dtype(precision: Precision, device: torch.device) -> torch.dtype:
    """Return the type that matrix products run in.

    `auto` takes bfloat16 only where the processor has instructions for it: elsewhere it is emulated, which
    was measured to be ten times slower than float32.

    Raises:
        MissingRequirementError: fp16 asked for on a CPU.
    """
    if precision == "auto":
        if device.type == "cuda":
            return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
        if device.type == "cpu" and torch.ops.mkldnn._is_mkldnn_bf16_supported() and _fast_bf16():  # noqa: SLF001
            return torch.bfloat16
        return torch.float32
    if precision == "fp16" and device.type == "cpu":
        raise MissingRequirementError("E704", "fp16 needs a GPU", hint="--precision auto")
    return {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}[precision]


def _fast_bf16() -> bool:
    checks = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(getattr(torch.cpu, name, lambda: False)() for name in checks)
