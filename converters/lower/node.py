"""One node of an ONNX graph, its attributes decoded."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from converters.lower.errors import CannotLowerError

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Node:
    """What the lowering rules read.

    inputs: value names; empty where an optional input is absent.
    attributes: Python numbers, strings, lists of them, or arrays.
    opset: the version of the operator set that the graph was written for.
    """

    name: str
    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any] = field(default_factory=dict)
    opset: int = 0

    def input(self, slot: int) -> str:
        """The name at `slot`, empty where there is none."""
        return self.inputs[slot] if slot < len(self.inputs) else ""

    def refuse(self, reason: str, remedy: str) -> CannotLowerError:
        """The error to raise when this node has no form in TFLite."""
        return CannotLowerError(
            f"cannot lower node {self.name or self.outputs[0]!r} ({self.kind}, operator set {self.opset}) to TFLite: "
            f"{reason}; {remedy}"
        )
