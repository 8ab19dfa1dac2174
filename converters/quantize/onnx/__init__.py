"""Float ONNX to what a board's ONNX Runtime runs best: int8 by static quantisation, or float16.

Activations and weights are written as QuantizeLinear and DequantizeLinear pairs around float operators, which every
execution provider fuses in its own way. Inputs and outputs stay float32.
"""

from converters.quantize.onnx.description import QuantizedOnnx
from converters.quantize.onnx.float16 import to_float16
from converters.quantize.onnx.for_board import OnnxForBoard, onnx_for_board
from converters.quantize.onnx.quantizer import quantize_onnx
from converters.quantize.onnx.scheme import ASYMMETRIC, SYMMETRIC, Scheme

__all__ = [
    "ASYMMETRIC",
    "SYMMETRIC",
    "OnnxForBoard",
    "QuantizedOnnx",
    "Scheme",
    "onnx_for_board",
    "quantize_onnx",
    "to_float16",
]
