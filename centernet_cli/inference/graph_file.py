"""Where the exported graph of a model is: beside its weights, or in the user's cache, made there once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from centernet_cli.core.cache import cache_folder
from centernet_cli.core.errors import ModelError
from centernet_cli.models.graph_meta import GRAPH_KEY, GRAPH_VERSION, WEIGHTS_KEY, read_onnx_metadata

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from centernet_cli.models.meta import ModelMeta


def find_graph(weights: Path, meta: ModelMeta) -> Path | None:
    """Return the graph of a weights file, None if it has none yet."""
    return next((path for path in _places(weights, meta) if _belongs(path, meta)), None)


def find_or_make_graph(weights: Path, meta: ModelMeta, tell: Callable[[str], None]) -> Path:
    """Return the graph of a weights file; one that has none is exported into the cache, which needs torch.

    Graphs appear complete or not at all: if several processes make the same one, each finds a good one.

    Args:
        weights: Of a model.
        meta: Its description, whose sha256 names it.
        tell: Called with a line before the slow work.

    Raises:
        ModelError: The weights cannot be used, or M520, the network cannot be exported.
        OutputError: The cache cannot be written.
    """
    found = find_graph(weights, meta)
    if found is not None:
        return found
    cached = _places(weights, meta)[-1]
    tell(f"exporting {meta.name} with torch, once, to {cached}")
    from centernet_cli.inference.export_onnx import write_onnx
    from centernet_cli.models.zoo import load_model

    write_onnx(load_model(str(weights)), cached)
    return cached


def _places(weights: Path, meta: ModelMeta) -> tuple[Path, Path]:
    return weights.with_suffix(".onnx"), cache_folder() / "graphs" / f"{meta.sha256}-{GRAPH_VERSION}.onnx"


def _belongs(graph: Path, meta: ModelMeta) -> bool:
    """Say whether a graph is there, of these weights and of this version."""
    if not graph.is_file():
        return False
    try:
        metadata = read_onnx_metadata(graph)
    except ModelError:
        return False
    return metadata.get(WEIGHTS_KEY) == meta.sha256 and metadata.get(GRAPH_KEY) == GRAPH_VERSION
