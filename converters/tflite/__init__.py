"""TFLite files: `read_tflite` turns one into a graph, `write_tflite` turns a graph into one.

What is promised: reading gives every field of every builtin operator; writing what was read and reading it again gives
an equal graph; the same graph gives the same bytes. What is refused, with the reason: text and truncated files, custom
operators, several subgraphs, element types that numpy has no name for.
"""

from __future__ import annotations

from converters.tflite.reader import read_tflite
from converters.tflite.writer import write_tflite

__all__ = ["read_tflite", "write_tflite"]
