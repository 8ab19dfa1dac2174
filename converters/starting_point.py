"""The float network as it enters quantisation: counted, and freed of the channels that it can do without."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from converters.size_account import SizeAccount, SizeStep, account, constant_bytes
from converters.sparsity.dead_channels import remove_dead_channels
from converters.sparsity.zeros import sparsity
from converters.tflite import write_tflite

if TYPE_CHECKING:
    from converters.graph import Graph
    from converters.sparsity.zeros import Sparsity

MOST_REWRITTEN_BYTES = 64 << 20
"""A larger model is not written once more only to tell its size."""


@dataclass(frozen=True, slots=True)
class StartingPoint:
    """What is known of the float network before it is quantised.

    sparsity, kinds: its zeros, and its constants' bytes by operator kind, as it was given.
    removed_channels: taken out of the graph. steps: files so far.
    """

    sparsity: Sparsity
    removed_channels: int
    kinds: dict[str, int]
    steps: tuple[SizeStep, ...]

    @classmethod
    def of(cls, file_bytes: int, graph: Graph) -> StartingPoint:
        """Count its zeros and bytes, and take its dead channels out of `graph`, in place."""
        found, kinds = sparsity(graph), constant_bytes(graph)
        steps = [SizeStep("float model", file_bytes)]
        if file_bytes <= MOST_REWRITTEN_BYTES:
            steps.append(SizeStep("the same, rewritten without metadata and repetition", len(write_tflite(graph))))
        removed = remove_dead_channels(graph)
        if removed:
            steps.append(SizeStep(f"without {removed} dead channels", len(write_tflite(graph))))
        return cls(found, removed, kinds, tuple(steps))

    def details(self, made: Graph, content: bytes, what: str) -> dict[str, Any]:
        """The card's details on sparsity and size."""
        sizes = account((*self.steps, SizeStep(what, len(content))), self.kinds, made)
        stored = sparsity(made).as_document()
        return {
            "sparsity": {
                "float": self.sparsity.as_document(),
                "artefact": {name: value for name, value in stored.items() if name != "layers"},
                "removed_channels": self.removed_channels,
            },
            "size": sizes.as_document(),
        }


def onnx_details(float_model: bytes, made: bytes) -> dict[str, Any]:
    """The card's details on sparsity and size of a model that stays ONNX: nothing is taken out of it.

    Args:
        float_model: the ONNX file that was given.
        made: the one that was made of it.
    """
    from converters.sparsity.onnx import onnx_sparsity  # noqa: PLC0415 - onnx, which only an ONNX model needs

    steps = (SizeStep("float model", len(float_model)), SizeStep("quantised", len(made)))
    return {
        "sparsity": {"float": onnx_sparsity(float_model).as_document(), "removed_channels": 0},
        "size": SizeAccount(steps, (), 0).as_document(),
    }
