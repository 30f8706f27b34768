"""The graphs in the package belong to the weights beside them; `centernet models pack` makes both."""

from __future__ import annotations

from pathlib import Path

import pytest

from centernet_cli.core.safe_io import sha256_file
from centernet_cli.inference.graph_file import find_graph
from centernet_cli.models.graph_meta import GRAPH_KEY, GRAPH_VERSION, WEIGHTS_KEY, read_onnx_metadata
from centernet_cli.models.meta import read_meta
from centernet_cli.models.shelf import shipped_models

MOST_BYTES = 15_000_000


@pytest.mark.parametrize("weights", shipped_models().values(), ids=lambda path: path.stem)
def test_the_graph_is_of_these_weights(weights: Path) -> None:
    graph = weights.with_suffix(".onnx")
    metadata = read_onnx_metadata(graph)
    assert metadata[WEIGHTS_KEY] == sha256_file(weights), "make it again: see docs/runtimes.md"
    assert metadata[GRAPH_KEY] == GRAPH_VERSION
    meta = read_meta(weights)
    assert read_meta(graph) == meta
    assert find_graph(weights, meta) == graph


@pytest.mark.parametrize("weights", shipped_models().values(), ids=lambda path: path.stem)
def test_a_model_is_small_and_tells_nothing_of_where_it_was_made(weights: Path) -> None:
    graph = weights.with_suffix(".onnx")
    assert weights.stat().st_size + graph.stat().st_size <= MOST_BYTES
    content = graph.read_bytes()
    assert not any(word in content for word in (b"site-packages", b"centernet_cli/", b".py"))
