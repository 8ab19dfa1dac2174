"""An inference response to its bytes: JSON, then the outputs' binary data in their order. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from edge_runtime.web.open_inference.tensor import RequestRefused, WireTensor, to_bytes, to_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge_runtime.web.open_inference.request import InferRequest

JSON_ELEMENTS_MAX: Final = 10_000
"""Of one output; while Python writes JSON no other thread of the process runs: 2.5 ms for so many floats."""


@dataclass(frozen=True, slots=True)
class WireResponse:
    """What goes back.

    json_bytes: how much of the content is JSON, None when all is.
    """

    content: bytes
    json_bytes: int | None


def write_response(request: InferRequest, model: str, version: str, outputs: Sequence[WireTensor]) -> WireResponse:
    """Answer a request with the outputs that it asked for, in its order.

    Raises:
        RequestRefused: it asked for an output that there is not, or for a large one as JSON.
    """
    told: list[dict[str, Any]] = []
    pieces: list[bytes] = []
    for tensor, binary in _asked_for(request, outputs):
        entry: dict[str, Any] = {"name": tensor.name, "datatype": tensor.datatype, "shape": list(tensor.shape)}
        if binary:
            pieces.append(to_bytes(tensor))
            entry["parameters"] = {"binary_data_size": len(pieces[-1])}
        else:
            entry["data"] = _json_data(tensor)
        told.append(entry)
    document = {"model_name": model, "model_version": version, "outputs": told}
    if request.id:
        document["id"] = request.id
    text = json.dumps(document).encode()
    return WireResponse(b"".join((text, *pieces)), len(text) if pieces else None)


def _asked_for(request: InferRequest, outputs: Sequence[WireTensor]) -> list[tuple[WireTensor, bool]]:
    if request.outputs is None:
        return [(tensor, request.binary) for tensor in outputs]
    known = {tensor.name: tensor for tensor in outputs}
    for wanted in request.outputs:
        if wanted.name not in known:
            raise RequestRefused(f"wanted an output of {', '.join(known)}, found {wanted.name[:80]!r}")
    return [(known[wanted.name], wanted.binary) for wanted in request.outputs]


def _json_data(tensor: WireTensor) -> list[Any]:
    if isinstance(tensor.values, np.ndarray) and tensor.values.size > JSON_ELEMENTS_MAX:
        raise RequestRefused(
            f"output {tensor.name!r}: wanted at most {JSON_ELEMENTS_MAX:,} elements as JSON, found "
            f"{tensor.values.size:,}; ask for binary data"
        )
    return to_json(tensor)
