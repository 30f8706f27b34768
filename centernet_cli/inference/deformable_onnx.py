"""Deformable convolutions in ONNX graphs: an operation of our own that says, in ordinary ones, what it does.

ONNX has an operation for them, `DeformConv`, which few runtimes know; OpenVINO has one that it reads from no ONNX file.
So graphs get a function: ONNX Runtime takes the operations that it is made of, and OpenVINO is told to take its own
(`runtimes/openvino_reading.py`). That one takes less than half the time, and is right in half precision, in which those
of the function would round places on a wide page to whole cells and more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import onnx_ir as ir

DOMAIN, OPERATOR = "centernet", "DeformableConv3x3"
"""Name of the function. Inputs: x `(B, C, h, w)`, weight `(D, C, 3, 3)`, offset `(B, 18, h, w)`, bias `(D,)`, mask
`(B, 9, h, w)`, as of `models.deform.deform_conv2d_of_samples`, which computes the same; output `(B, D, h, w)`."""
_FOREIGN = "DeformConv"
"""ONNX's own, which has the same inputs: what torch's exporter makes before it is renamed."""

_FUNCTION = f"""
<opset_import: ["" : 20], domain: "{DOMAIN}">
{OPERATOR} (x, weight, offset, bias, mask) => (out)
{{
    zero = Constant <value_int: int = 0> ()
    one = Constant <value_int: int = 1> ()
    batch = Shape <start: int = 0, end: int = 1> (x)
    height = Shape <start: int = 2, end: int = 3> (x)
    width = Shape <start: int = 3, end: int = 4> (x)
    high = Cast <to: int = 1> (height)
    wide = Cast <to: int = 1> (width)

    # Rows (h, 1, 1) and columns (w, 1), taps of the kernel (1, 9, 1, 1, 1), offsets (B, 9, h, w, 1): in cells.
    end_of_rows = Squeeze (height)
    end_of_columns = Squeeze (width)
    whole_rows = Range (zero, end_of_rows, one)
    whole_columns = Range (zero, end_of_columns, one)
    flat_rows = Cast <to: int = 1> (whole_rows)
    flat_columns = Cast <to: int = 1> (whole_columns)
    as_rows = Constant <value_ints: ints = [-1, 1, 1]> ()
    as_columns = Constant <value_ints: ints = [-1, 1]> ()
    rows = Reshape (flat_rows, as_rows)
    columns = Reshape (flat_columns, as_columns)
    taps_y = Constant <value: tensor = float[1,9,1,1,1] {{-1, -1, -1, 0, 0, 0, 1, 1, 1}}> ()
    taps_x = Constant <value: tensor = float[1,9,1,1,1] {{-1, 0, 1, -1, 0, 1, -1, 0, 1}}> ()
    nine = Constant <value_ints: ints = [9]> ()
    two = Constant <value_ints: ints = [2]> ()
    single = Constant <value_ints: ints = [1]> ()
    as_pairs = Concat <axis: int = 0> (batch, nine, two, height, width)
    as_places = Concat <axis: int = 0> (batch, nine, height, width, single)
    pairs = Reshape (offset, as_pairs)
    pairs_y, pairs_x = Split <axis: int = 2, num_outputs: int = 2> (pairs)
    offset_y = Reshape (pairs_y, as_places)
    offset_x = Reshape (pairs_x, as_places)
    tap_row = Add (rows, taps_y)
    tap_column = Add (columns, taps_x)
    y = Add (offset_y, tap_row)
    x_place = Add (offset_x, tap_column)

    # From cells to -1 ... 1, the outer edges of the map: (2 y + 1) / h - 1.
    double = Constant <value: tensor = float {{2}}> ()
    unit = Constant <value: tensor = float {{1}}> ()
    y_twice = Mul (y, double)
    x_twice = Mul (x_place, double)
    y_centre = Add (y_twice, unit)
    x_centre = Add (x_twice, unit)
    y_share = Div (y_centre, high)
    x_share = Div (x_centre, wide)
    grid_y = Sub (y_share, unit)
    grid_x = Sub (x_share, unit)
    grid = Concat <axis: int = 4> (grid_x, grid_y)

    # Nine maps below one another are sampled at once, then a convolution of one cell joins them.
    rest = Constant <value_ints: ints = [-1]> ()
    as_grid = Concat <axis: int = 0> (batch, rest, width, two)
    as_masks = Concat <axis: int = 0> (batch, single, rest, width)
    as_maps = Concat <axis: int = 0> (batch, rest, height, width)
    as_kernel = Constant <value_ints: ints = [0, -1, 1, 1]> ()
    places = Reshape (grid, as_grid)
    masks = Reshape (mask, as_masks)
    kernel = Reshape (weight, as_kernel)
    sampled = GridSample <mode: string = "linear", padding_mode: string = "zeros", align_corners: int = 0> (x, places)
    masked = Mul (sampled, masks)
    maps = Reshape (masked, as_maps)
    out = Conv (maps, kernel, bias)
}}
"""


def translations() -> dict[Any, Any]:
    """Return what torch's exporter makes of torchvision's operator, by that operator; afterwards comes `as_function`.

    The exporter takes operations of ONNX alone.
    """
    import torch
    import torchvision  # noqa: F401  # its operators are there once it is imported
    from onnxscript import opset20

    def deformable(x: Any, weight: Any, offset: Any, mask: Any, bias: Any, *_: object) -> Any:
        # What comes behind is the same for all of our networks: stride 1, padding 1, one group.
        return opset20.DeformConv(x, weight, offset, bias, mask, kernel_shape=[3, 3], pads=[1, 1, 1, 1])

    return {torch.ops.torchvision.deform_conv2d.default: deformable}


def as_function(graph: ir.Model) -> None:
    """Rename deformable convolutions to our own and add the function that says what it does; without any: nothing."""
    import onnx
    import onnx_ir as ir

    found = [node for node in graph.graph if node.op_type == _FOREIGN and not node.domain]
    for node in found:
        node.domain, node.op_type = DOMAIN, OPERATOR
        node.attributes.clear()
    if found:
        graph.opset_imports[DOMAIN] = 1
        function = ir.serde.deserialize_function(onnx.parser.parse_function(_FUNCTION))
        graph.functions[function.identifier()] = function
