"""Deformable convolutions in ONNX files: what ONNX Runtime and OpenVINO make of them is what torchvision does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torchvision.ops import deform_conv2d

from centernet_cli.inference.deformable_onnx import DOMAIN, OPERATOR, as_function
from centernet_cli.inference.runtimes.openvino_library import load_openvino
from centernet_cli.inference.runtimes.openvino_reading import read_graph

IN, OUT = 6, 4
NAMES = ("x", "weight", "offset", "bias", "mask")


@pytest.fixture(scope="module")
def graph(tmp_path_factory) -> Path:
    import onnx
    import onnx_ir as ir

    node = onnx.helper.make_node("DeformConv", NAMES, ["out"], kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    shapes: dict[str, list[str | int]] = {
        "x": ["b", IN, "h", "w"],
        "weight": [OUT, IN, 3, 3],
        "offset": ["b", 18, "h", "w"],
        "bias": [OUT],
        "mask": ["b", 9, "h", "w"],
    }
    inputs = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape) for name, shape in shapes.items()]
    output = onnx.helper.make_tensor_value_info("out", onnx.TensorProto.FLOAT, ["b", OUT, "h", "w"])
    whole = onnx.helper.make_model(
        onnx.helper.make_graph([node], "one", inputs, [output]), opset_imports=[onnx.helper.make_opsetid("", 20)]
    )
    whole.ir_version = 10
    model = ir.from_proto(whole)
    as_function(model)
    assert [(found.domain, found.op_type) for found in model.graph] == [(DOMAIN, OPERATOR)]
    path: Path = tmp_path_factory.mktemp("deformable") / "one.onnx"
    ir.save(model, path)
    return path


def values(height: int, width: int) -> dict[str, np.ndarray]:
    torch.manual_seed(0)
    tensors = (
        torch.randn(2, IN, height, width),
        torch.randn(OUT, IN, 3, 3),
        3 * torch.randn(2, 18, height, width),
        torch.randn(OUT),
        torch.rand(2, 9, height, width),
    )
    return {name: tensor.numpy() for name, tensor in zip(NAMES, tensors, strict=True)}


def expected(given: dict[str, np.ndarray]) -> np.ndarray:
    x, weight, offset, bias, mask = (torch.from_numpy(given[name]) for name in NAMES)
    found: np.ndarray = deform_conv2d(x, offset, weight, bias, padding=1, mask=mask).numpy()
    return found


def opened(graph: Path, precision: str) -> Any:
    core = load_openvino().Core()
    return core.compile_model(read_graph(core, graph), "CPU", {"INFERENCE_PRECISION_HINT": precision})


@pytest.mark.parametrize(("height", "width"), [(7, 5), (16, 24), (1, 1)])
def test_runtimes_compute_what_torchvision_does_also_beyond_the_borders(graph: Path, height: int, width: int) -> None:
    import onnxruntime

    given = values(height, width)
    session = onnxruntime.InferenceSession(str(graph))
    np.testing.assert_allclose(session.run(None, given)[0], expected(given), atol=1e-4)
    np.testing.assert_allclose(opened(graph, "f32")(given)[0], expected(given), atol=1e-4)


def test_half_precision_reads_the_same_places(graph: Path) -> None:
    """On a map 300 cells wide it would miss by a cell if it had to write places in half precision."""
    given = values(8, 300)
    far = np.abs(opened(graph, "bf16")(given)[0] - expected(given))
    assert far.mean() < 0.02 * np.abs(expected(given)).mean()


def test_openvino_has_an_operation_of_its_own(graph: Path) -> None:
    core = load_openvino().Core()
    assert "DeformableConvolution" in [node.get_type_name() for node in read_graph(core, graph).get_ops()]


def test_other_graphs_stay_as_they_are() -> None:
    import onnx
    import onnx_ir as ir

    value = onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1])
    out = onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [1])
    relu = onnx.helper.make_graph([onnx.helper.make_node("Relu", ["x"], ["y"])], "other", [value], [out])
    model = ir.from_proto(onnx.helper.make_model(relu))
    as_function(model)
    assert not model.functions
    assert DOMAIN not in model.opset_imports
