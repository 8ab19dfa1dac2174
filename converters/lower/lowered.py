"""What lowering gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from converters.graph import Graph
    from converters.lower.layout import Layout


@dataclass(frozen=True, slots=True)
class Lowering:
    """A lowered model.

    graph: float32, channels last. content: its TFLite file.
    layouts: for its input and every output, which axis of ONNX's value each axis of the tensor is.
    """

    graph: Graph
    content: bytes
    layouts: Mapping[str, Layout]
