"""A model as an ONNX graph (opset 20), for pages of any size and batches of any number."""

from __future__ import annotations

import logging
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from centernet_cli.core.errors import ModelError
from centernet_cli.core.safe_io import atomic_path
from centernet_cli.inference.deformable_onnx import as_function, translations
from centernet_cli.inference.graph import INPUTS, OUTPUTS, PageGraph
from centernet_cli.models.graph_meta import GRAPH_KEY, GRAPH_VERSION, WEIGHTS_KEY

if TYPE_CHECKING:
    from pathlib import Path

    import onnx_ir as ir

    from centernet_cli.models.meta import ModelMeta
    from centernet_cli.models.zoo import LoadedModel

OPSET = 20
LOOKS = "looks"
LEAST_HALF = 256
"""Tensors with fewer numbers are stored as they are: a conversion would take more room than it saves."""


def graph_metadata(meta: ModelMeta) -> dict[str, str]:
    """Return what an exported graph says about itself: all that the weights say, and which weights they were."""
    return {**meta.to_metadata(), WEIGHTS_KEY: meta.sha256, GRAPH_KEY: GRAPH_VERSION}


def write_onnx(model: LoadedModel, path: Path) -> None:
    """Write a model as one ONNX file, completely or not at all.

    Weights that half precision holds exactly, as those of `models pack`, are stored in it and widened by the graph, so
    that the arithmetic is the same and the file half as large.

    Args:
        model: From `models.zoo.load_model`, on the CPU.
        path: File to write.

    Raises:
        ModelError: M520, the network has operations that ONNX or its exporter doesn't know.
        OutputError: The file cannot be written.
    """
    import onnx_ir as ir

    graph = _traced(model)
    _ask_for_mirror(graph)
    _tidy(graph)
    _halve(graph)
    as_function(graph)
    graph.producer_name = "centernet"
    graph.metadata_props.update(graph_metadata(model.meta))
    with atomic_path(path) as temporary:
        ir.save(graph, temporary)


def _traced(model: LoadedModel) -> ir.Model:
    module = PageGraph(model.network, model.meta).eval()
    side = 2 * model.meta.multiple
    # Two pages and three looks: what is one of anything would be taken for a constant, and so would looks less one.
    example = torch.zeros(2, side, 2 * side, 3, dtype=torch.uint8), torch.zeros(3)
    free = torch.export.Dim.DYNAMIC
    noisy = logging.getLogger("torch.onnx"), logging.getLogger("onnxscript")
    levels = [logger.level for logger in noisy]
    try:
        for logger in noisy:
            logger.setLevel(logging.ERROR)
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")
            traced = torch.export.export(
                module, example, dynamic_shapes=({0: free, 1: free, 2: free}, {0: free}), strict=False
            )
            program = torch.onnx.export(
                traced,
                dynamo=True,
                input_names=[INPUTS[0], LOOKS],
                output_names=OUTPUTS,
                opset_version=OPSET,
                verbose=False,
                optimize=False,
                custom_translation_table=translations(),
            )
    except Exception as error:
        first = next(iter(str(error.__cause__ or error).splitlines()), type(error).__name__)
        raise ModelError(
            "M520", f"this network cannot be exported: {first}", path=model.meta.name, hint="use --runtime torch"
        ) from error
    finally:
        for logger, level in zip(noisy, levels, strict=True):
            logger.setLevel(level)
    assert program is not None
    exported: Any = program.model
    return exported  # type: ignore[no-any-return]


def _ask_for_mirror(graph: ir.Model) -> None:
    """Make of the input `looks`, of which the length counts, a number `mirror`: 0 or 1."""
    import onnx_ir as ir

    inner = graph.graph
    looks = next(value for value in inner.inputs if value.name == LOOKS)
    mirror = ir.Value(name=INPUTS[1], shape=ir.Shape([]), type=ir.TensorType(ir.DataType.INT64))
    one = ir.Value(
        name="looks.least",
        const_value=ir.tensor(np.array([1], np.int64), name="looks.least"),
        shape=ir.Shape([1]),
        type=ir.TensorType(ir.DataType.INT64),
    )
    count = ir.Node("", "Add", [mirror, one], name="looks.count")
    zeros = ir.Node("", "ConstantOfShape", [count.outputs[0]], name="looks")
    inner.inputs[inner.inputs.index(looks)] = mirror
    inner.register_initializer(one)
    inner.insert_before(inner[0], [count, zeros])
    looks.replace_all_uses_with(zeros.outputs[0])


def _tidy(graph: ir.Model) -> None:
    """Fold what is constant, drop what is unused; not normalisations, as weights would no longer be exact halves."""
    from onnx_ir.passes import common
    from onnxscript import optimizer

    optimizer.fold_constants(graph)
    for step in (
        common.CommonSubexpressionEliminationPass(),
        common.LiftConstantsToInitializersPass(),
        common.DeduplicateInitializersPass(),
        common.RemoveUnusedNodesPass(),
        # Traces of where each operation comes from, with paths of the machine that it was made on.
        common.ClearMetadataAndDocStringPass(),
    ):
        step(graph)
    for name, axes in {INPUTS[0]: ("batch", "height", "width"), OUTPUTS[0]: ("batch",)}.items():
        for value in (*graph.graph.inputs, *graph.graph.outputs):
            if value.name == name and value.shape is not None:
                for axis, label in enumerate(axes):
                    value.shape[axis] = label


def _halve(graph: ir.Model) -> None:
    import onnx_ir as ir

    inner = graph.graph
    first = inner[0]
    for value in list(inner.initializers.values()):
        tensor = value.const_value
        if tensor is None or tensor.dtype != ir.DataType.FLOAT or tensor.size < LEAST_HALF:
            continue
        exact = tensor.numpy()
        with np.errstate(over="ignore"):
            half = exact.astype(np.float16)
        if not np.array_equal(half.astype(np.float32), exact):
            continue
        name = str(value.name)
        stored = ir.Value(
            name=f"{name}.half",
            const_value=ir.Tensor(half, name=f"{name}.half"),
            shape=value.shape,
            type=ir.TensorType(ir.DataType.FLOAT16),
        )
        widened = ir.Node("", "Cast", [stored], [ir.AttrInt64("to", int(ir.DataType.FLOAT))], name=f"{name}.widen")
        output = widened.outputs[0]
        output.shape, output.type = value.shape, ir.TensorType(ir.DataType.FLOAT)
        inner.insert_before(first, widened)
        value.replace_all_uses_with(output)
        del inner.initializers[name]
        inner.register_initializer(stored)
        output.name = name
