"""Find, load and save trained models."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from safetensors.torch import load_file, save

from centernet_cli.core.errors import ModelError
from centernet_cli.core.safe_io import atomic_write_bytes, sha256_file
from centernet_cli.models.centernet import CenterNet
from centernet_cli.models.graph_meta import is_graph
from centernet_cli.models.meta import ModelMeta, read_meta
from centernet_cli.models.shelf import RUN_WEIGHTS, find_model, shipped_models

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["RUN_WEIGHTS", "LoadedModel", "find_model", "load_model", "save_model", "shipped_models"]


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A network in evaluation mode with its metadata."""

    network: CenterNet
    meta: ModelMeta


def load_model(name: str) -> LoadedModel:
    """Load a model by shipped name, run folder or file.

    Raises:
        ModelError: Missing, damaged, or tensors that do not fit the architecture.
    """
    path = find_model(name)
    if is_graph(path):
        raise ModelError(
            "M519", "an exported graph, which predicts but has no weights to load", path=path, hint="give the weights"
        )
    meta = read_meta(path)
    state = load_file(path)
    # Without memory of its own until it gets the file's tensors: random ones would be made for nothing.
    with torch.device("meta"):
        network = CenterNet(meta.model, len(meta.classes))
    expected = network.state_dict()
    # Copies, so that they lie in memory as the arithmetic likes them, whatever their place in the file.
    state = {
        key: value.to(expected[key].dtype, copy=True) if key in expected else value for key, value in state.items()
    }
    missing = [key for key in expected if key not in state and not key.endswith("num_batches_tracked")]
    foreign = [key for key in state if key not in expected]
    wrong = [key for key, value in state.items() if key in expected and value.shape != expected[key].shape]
    if missing or foreign or wrong:
        first = (missing + foreign + wrong)[0]
        raise ModelError(
            "M508",
            f"tensors do not fit: {len(missing)} missing, {len(foreign)} unknown, {len(wrong)} of another shape "
            f"(first: {first})",
            path=path,
        )
    counters = {key: torch.zeros(value.shape, dtype=value.dtype) for key, value in expected.items() if key not in state}
    network.load_state_dict({**state, **counters}, assign=True)
    network.eval()
    return LoadedModel(network, meta)


def save_model(network_state: dict[str, Tensor], meta: ModelMeta, path: Path) -> ModelMeta:
    """Write weights atomically; return the metadata with the file's sha256.

    Raises:
        OutputError: The file cannot be written.
    """
    atomic_write_bytes(path, model_bytes(network_state, meta))
    return replace(meta, sha256=sha256_file(path))


def model_bytes(network_state: dict[str, Tensor], meta: ModelMeta) -> bytes:
    """Return what a file of these weights holds."""
    tensors = {
        key: value.detach().cpu().contiguous()
        for key, value in network_state.items()
        if not key.endswith("num_batches_tracked")
    }
    return bytes(save(tensors, meta.to_metadata()))
