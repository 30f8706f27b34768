"""Which device, which arithmetic, how many threads: what `auto` means for torch."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Literal

import torch

from centernet_cli.core.errors import MissingRequirementError, UsageError
from centernet_cli.inference.runtimes.processors import THREAD_VARIABLES, available_cpus, cpu_has_bf16

if TYPE_CHECKING:
    from collections.abc import Mapping

Arithmetic = Literal["fp32", "bf16", "fp16"]
DTYPES: dict[Arithmetic, torch.dtype] = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


def pick_device(name: str) -> torch.device:
    """Return the device that `--device` names; `auto` takes the first GPU that works, else the CPU.

    Raises:
        UsageError: No such kind of device.
        MissingRequirementError: The device is not there, or this build of torch cannot use it.
    """
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda:0")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise _unknown_device(name) from error
    if device.type == "cuda":
        return _cuda(device)
    if device.type == "mps":
        if not torch.backends.mps.is_available():
            raise MissingRequirementError("E702", "no MPS device here", path="--device", hint="use --device cpu")
        return device
    if device.type != "cpu":
        raise _unknown_device(name)
    return torch.device("cpu")


def pick_precision(name: str, device: torch.device, *, training: bool = False) -> Arithmetic:
    """Return the arithmetic that `--precision` names; `auto` takes the fastest that is good enough.

    On the CPU that is bf16 for training only, where the processor has it in hardware: torch's autocast rounds more
    than OpenVINO does, and moves too many boxes that are found (docs/runtimes.md).

    Raises:
        UsageError: fp16 on the CPU, where it is emulated.
    """
    if name == "fp16" and device.type == "cpu":
        raise UsageError("U703", "fp16 needs a GPU", path="--precision", hint="use fp32 or bf16 on the CPU")
    if name in DTYPES:
        return name
    if device.type == "cuda":
        return "fp16"
    return "bf16" if training and device.type == "cpu" and cpu_has_bf16() else "fp32"


def limit_threads(environ: Mapping[str, str] = os.environ) -> int:
    """Use no more threads than there are processors for this process; return how many.

    torch counts the machine's processors; a container or a batch system often grants fewer, and with more threads
    than processors everything slows down. A number set in the environment is left alone.
    """
    if not any(environ.get(name) for name in THREAD_VARIABLES):
        available = available_cpus()
        if available < torch.get_num_threads():
            torch.set_num_threads(available)
    return torch.get_num_threads()


def _cuda(device: torch.device) -> torch.device:
    if not torch.cuda.is_available():
        build = f"torch {torch.__version__}"
        reason = "is a build without CUDA" if torch.version.cuda is None else "finds no usable GPU"
        raise MissingRequirementError(
            "E701", f"no CUDA device: {build} {reason}", path="--device", hint="use --device cpu or auto"
        )
    index, count = device.index or 0, torch.cuda.device_count()
    if index >= count:
        raise MissingRequirementError(
            "E701", f"no device cuda:{index}: there are {count}, counted from 0", path="--device"
        )
    return torch.device("cuda", index)


def _unknown_device(name: str) -> UsageError:
    return UsageError("U702", f"unknown device '{name}'", path="--device", hint="auto, cpu, cuda, cuda:1 or mps")
