"""Reading foreign checkpoints: tensors by name, and no code from the file is run."""

from __future__ import annotations

import pickle
import re
import warnings
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from centernet_cli.core.errors import ModelError

if TYPE_CHECKING:
    from pathlib import Path

PREFIX = "module."
"""Put before every name by training on several GPUs."""


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Read a checkpoint with a `state_dict` in it, or a bare one, without the prefix of several GPUs.

    Raises:
        ModelError: Missing, damaged, not a checkpoint, or one that would have to run code to be read.
    """
    if not path.is_file():
        raise ModelError("M503", "no such file", path=path)
    try:
        with warnings.catch_warnings():
            # About the age of the file's format, of which the user knows nothing and need not.
            warnings.simplefilter("ignore")
            value = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise ModelError(
            "M512", f"not a checkpoint that can be read safely: {why_unreadable(error)}", path=path
        ) from error
    except Exception as error:
        raise ModelError("M512", f"not a checkpoint, or a damaged one: {why_unreadable(error)}", path=path) from error
    if isinstance(value, dict) and isinstance(value.get("state_dict"), dict):
        value = value["state_dict"]
    if not isinstance(value, dict) or not value:
        raise ModelError("M512", "a checkpoint without tensors", path=path)
    tensors: dict[str, Tensor] = {}
    for key, tensor in value.items():
        if not isinstance(key, str) or not isinstance(tensor, Tensor):
            raise ModelError("M512", f"no tensor by the name {str(key)[:80]!r}: not a state_dict", path=path)
        if tensor.layout != torch.strided or tensor.device.type != "cpu" or tensor.is_quantized:
            raise ModelError("M512", f"{key} is no plain tensor", path=path)
        name = key.removeprefix(PREFIX)
        if name in tensors:
            raise ModelError("M512", f"two tensors by the name {name}", path=path)
        tensors[name] = tensor
    return tensors


def why_unreadable(error: Exception) -> str:
    """Return what was wrong, without torch's advice on how to run the file's code after all."""
    wanted = re.search(r"GLOBAL (\S+)", str(error))
    if wanted:
        return f"it wants to run {wanted[1]}"
    first = (str(error).strip() or type(error).__name__).splitlines()[0]
    return "it is no file of tensors" if "weights_only" in first or "Weights only" in first else first
