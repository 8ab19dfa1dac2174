"""Lowering: an ONNX model (channels second) becomes a TFLite graph (channels last) of the same numbers.

    read_source -> a rule per node, layouts as tags -> tidy -> compare with ONNX Runtime

What is exported works in a child process (`isolated.py`), because the file comes from outside; `lowering.py` is the
work itself. `RULES` is the table of operators; a new one is a function in its family's file and a row there.
"""

from converters.lower.errors import CannotLowerError
from converters.lower.isolated import lower_model, lower_onnx, started_lowering
from converters.lower.lowered import Lowering

__all__ = ["CannotLowerError", "Lowering", "lower_model", "lower_onnx", "started_lowering"]
