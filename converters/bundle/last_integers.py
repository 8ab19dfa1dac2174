"""The last integers of an ONNX network, where an output is nothing but their real values.

Two processors may round the same network to neighbouring integers. In the file such an output is float: its step is
the scale of the DequantizeLinear that makes it, however its values are laid out behind that.
"""

from __future__ import annotations

import onnx

LAID_OUT = frozenset({"Flatten", "Identity", "Reshape", "Squeeze", "Transpose", "Unsqueeze"})
"""Kinds that pass values on as they are."""


def last_steps(content: bytes) -> dict[str, float]:
    """How far one integer step moves each output, in its real unit; outputs that are computed in float are absent.

    Args:
        content: a quantised ONNX model whose integers stand between QuantizeLinear and DequantizeLinear.
    """
    graph = onnx.load_from_string(content).graph
    makers = {name: node for node in graph.node for name in node.output}
    constants = {initializer.name: initializer for initializer in graph.initializer}
    found = {}
    for output in graph.output:
        maker = makers.get(output.name)
        while maker is not None and maker.op_type in LAID_OUT:
            maker = makers.get(maker.input[0])
        if maker is not None and maker.op_type == "DequantizeLinear" and maker.input[1] in constants:
            found[output.name] = float(onnx.numpy_helper.to_array(constants[maker.input[1]]).max())
    return found
