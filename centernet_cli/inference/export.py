"""A model as a graph for other programs: ONNX, OpenVINO or TorchScript, compared with torch before it is kept."""

from __future__ import annotations

import json
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch

from centernet_cli.core.errors import ModelError
from centernet_cli.core.safe_io import atomic_folder, atomic_path
from centernet_cli.inference.export_onnx import graph_metadata, write_onnx
from centernet_cli.inference.graph import INPUTS, OUTPUTS, PageGraph
from centernet_cli.inference.parity import check_parity
from centernet_cli.inference.runtimes.openvino_library import load_openvino
from centernet_cli.inference.runtimes.openvino_reading import read_graph

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from centernet_cli.inference.parity import Parity
    from centernet_cli.models.meta import ModelMeta
    from centernet_cli.models.zoo import LoadedModel

    Run = Callable[[npt.NDArray[np.uint8], bool], list[npt.NDArray[Any]]]

Target = Literal["onnx", "openvino", "torchscript"]
SUFFIXES: dict[Target, str] = {"onnx": ".onnx", "openvino": ".xml", "torchscript": ".torchscript"}
META_FILE = "centernet.json"
"""Name of the metadata among a TorchScript file's extra files."""


def export_model(model: LoadedModel, target: Target, out: Path, page: npt.NDArray[np.uint8]) -> Parity:
    """Write a model as a graph that finds the same as torch on a page, or nothing at all.

    Args:
        model: On the CPU, in float32.
        target: Kind of file.
        out: File to write; for OpenVINO the `.xml`, a `.bin` comes beside it.
        page: RGB uint8 `(H, W, 3)` to compare on.

    Raises:
        ModelError: M520, it cannot be exported; M521, it finds something else.
        OutputError: The file cannot be written.
    """
    if target == "torchscript":
        return _torchscript(model, out, page)
    if target == "openvino":
        return _openvino(model, out, page)
    with atomic_path(out) as temporary:
        write_onnx(model, temporary)
        return check_parity(model, _run_openvino(temporary, model.meta), page, out, either=True)


def _openvino(model: LoadedModel, out: Path, page: npt.NDArray[np.uint8]) -> Parity:
    ov = load_openvino()
    with tempfile.TemporaryDirectory() as folder, atomic_folder(out.parent) as stage:
        graph = Path(folder) / "graph.onnx"
        write_onnx(model, graph)
        written = stage / out.name
        # Not compressed: weights that half precision holds exactly are stored in it already.
        ov.save_model(_read(ov.Core(), graph, model.meta), written, compress_to_fp16=False)
        return check_parity(model, _run_openvino(written, model.meta), page, out, either=True)


def _run_openvino(graph: Path, meta: ModelMeta) -> Run:
    ov = load_openvino()
    core = ov.Core()
    compiled = core.compile_model(_read(core, graph, meta), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})

    def run(batch: npt.NDArray[np.uint8], mirror: bool) -> list[npt.NDArray[Any]]:
        found = compiled(dict(zip(INPUTS, (batch, np.array(int(mirror), dtype=np.int64)), strict=True)))
        return [np.array(found[name]) for name in OUTPUTS]

    return run


def _read(core: Any, graph: Path, meta: ModelMeta) -> Any:
    """Read a graph.

    Raises:
        ModelError: M520, there is an operation in it that OpenVINO doesn't have.
    """
    try:
        return read_graph(core, graph)
    except RuntimeError as error:
        last = next((line for line in reversed(str(error).splitlines()) if line.strip()), "").strip("- ")
        message = f"OpenVINO cannot run this network's graph: {last}"
        raise ModelError(
            "M520", message, path=meta.name, hint="--to torchscript, or predict --runtime torch"
        ) from error


class _OneWay(torch.nn.Module):
    """A graph that always, or never, looks at the mirror image: TorchScript keeps what it was traced with."""

    def __init__(self, graph: PageGraph, *, mirror: bool) -> None:
        super().__init__()
        self.graph, self.mirror = graph, mirror

    def forward(self, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        return self.graph.run(pixels, mirror=self.mirror)


def _torchscript(model: LoadedModel, out: Path, page: npt.NDArray[np.uint8]) -> Parity:
    meta = model.meta
    graph = _OneWay(PageGraph(model.network, meta), mirror=meta.test.flip).eval()
    side = 2 * meta.multiple
    example = torch.zeros(2, side, 2 * side, 3, dtype=torch.uint8)
    jit: Any = torch.jit
    with warnings.catch_warnings(), torch.inference_mode(), atomic_path(out) as temporary:
        # TorchScript itself is out of fashion, and tracing warns of every size that it sees.
        warnings.simplefilter("ignore")
        jit.save(
            jit.trace(graph, (example,), check_trace=False),
            str(temporary),
            _extra_files={META_FILE: json.dumps(graph_metadata(meta))},
        )
        loaded = jit.load(str(temporary))
        return check_parity(
            model, lambda batch, _: [value.numpy() for value in loaded(torch.from_numpy(batch))], page, out
        )
