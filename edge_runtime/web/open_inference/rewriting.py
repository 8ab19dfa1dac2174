"""A request with all its tensors as binary data: the same request, quick to read."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from edge_runtime.web.open_inference.tensor import WireTensor, to_bytes

if TYPE_CHECKING:
    from edge_runtime.web.open_inference.request import InferRequest, WantedOutput


@dataclass(frozen=True, slots=True)
class BinaryForm:
    """The body, and how much of it is JSON."""

    content: bytes
    json_bytes: int


def binary_form(request: InferRequest) -> BinaryForm:
    """Write a request; `parse_request` reads the same out of it."""
    pieces = [to_bytes(tensor) for tensor in request.inputs]
    document: dict[str, Any] = {
        "id": request.id,
        "parameters": {"binary_data_output": request.binary},
        "inputs": [_input(tensor, len(piece)) for tensor, piece in zip(request.inputs, pieces, strict=True)],
    }
    if request.outputs is not None:
        document["outputs"] = [_output(output) for output in request.outputs]
    text = json.dumps(document).encode()
    return BinaryForm(b"".join((text, *pieces)), len(text))


def _input(tensor: WireTensor, size: int) -> dict[str, Any]:
    return {
        "name": tensor.name,
        "datatype": tensor.datatype,
        "shape": list(tensor.shape),
        "parameters": {"binary_data_size": size},
    }


def _output(output: WantedOutput) -> dict[str, Any]:
    return {"name": output.name, "parameters": {"binary_data": output.binary}}
