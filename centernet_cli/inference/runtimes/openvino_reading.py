"""Graphs into OpenVINO, its own operation taken for deformable convolutions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from centernet_cli.inference.deformable_onnx import DOMAIN, OPERATOR
from centernet_cli.inference.runtimes.openvino_library import load_openvino

if TYPE_CHECKING:
    from pathlib import Path


def read_graph(core: Any, graph: Path) -> Any:
    """Return a graph as OpenVINO's model.

    Args:
        core: `openvino.Core`; it knows our operation afterwards.
        graph: `.onnx`, or `.xml` with its `.bin`.

    Raises:
        RuntimeError: OpenVINO's own: it cannot be read, or has an operation that isn't there.
    """
    load_openvino()
    from openvino.frontend.onnx import ConversionExtension

    core.add_extension(ConversionExtension(OPERATOR, DOMAIN, _deformable))
    return core.read_model(graph)


def _deformable(node: Any) -> list[Any]:
    from openvino import opset8

    x, weight, offset, bias, mask = (node.get_input(index) for index in range(5))
    found = opset8.deformable_convolution(
        x,
        offset,
        weight,
        strides=[1, 1],
        pads_begin=[1, 1],
        pads_end=[1, 1],
        dilations=[1, 1],
        mask=mask,
        auto_pad="EXPLICIT",
        group=1,
        deformable_group=1,
        bilinear_interpolation_pad=True,
    )
    return [opset8.add(found, opset8.reshape(bias, np.array([1, -1, 1, 1], np.int64), special_zero=False)).output(0)]
