"""An inference request from its bytes: JSON, then the inputs' binary data in their order. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from edge_runtime.web.open_inference.tensor import (
    RequestRefused,
    WireTensor,
    from_bytes,
    from_json,
    shape_of,
)
from edge_runtime.web.shortly import shortly

JSON_MAX: Final = 4 << 20
"""Bytes; of larger tensors the binary form is a quarter as long."""
HEADER: Final = "Inference-Header-Content-Length"
_TENSORS_MAX = 64
_TEXT_MAX = 256
_UNSERVED = ("sequence_id", "sequence_start", "sequence_end", "shared_memory_region", "classification")
"""Parameters that would change the answer's meaning; others are hints, and the protocol lets a server ignore them."""


@dataclass(frozen=True, slots=True)
class WantedOutput:
    """One output that was asked for."""

    name: str
    binary: bool


@dataclass(frozen=True, slots=True)
class InferRequest:
    """What a client asks.

    outputs: None for every output.
    binary: how outputs go that are not asked for one by one.
    """

    id: str
    inputs: tuple[WireTensor, ...]
    outputs: tuple[WantedOutput, ...] | None
    binary: bool


def parse_request(content: bytes, header_length: str | None) -> InferRequest:
    """Read a request.

    Args:
        content: the body.
        header_length: the header `Inference-Header-Content-Length`, None where it is all JSON.

    Raises:
        RequestRefused: with what was wanted and found.
    """
    json_bytes = json_length(content, header_length)
    document = _object(_parsed(content[:json_bytes]), "the request")
    parameters = _parameters(document, "the request")
    binary = _flag(parameters, "binary_data_output", "the request")
    body = memoryview(content)[json_bytes:]
    inputs = _inputs(document, body)
    return InferRequest(_text(document.get("id", ""), "id"), inputs, _outputs(document, binary=binary), binary)


def json_length(content: bytes, header_length: str | None) -> int:
    """How many bytes of a body are JSON.

    Raises:
        RequestRefused: the header is no number, or no number of bytes that the body could have as JSON.
    """
    length = len(content)
    if header_length is not None:
        if not (header_length.isascii() and header_length.isdigit() and len(header_length) < 16):  # noqa: PLR2004 - no body is longer
            raise RequestRefused(f"wanted a number of bytes in {HEADER}, found {header_length[:20]!r}")
        length = int(header_length)
    if not 0 < length <= len(content):
        raise RequestRefused(f"wanted 1 to {len(content)} bytes of JSON, as many as the body has, found {length}")
    if length > JSON_MAX:
        raise RequestRefused(
            f"wanted at most {JSON_MAX:,} bytes of JSON, found {length:,}; send the tensors as binary data"
        )
    return length


def _parsed(text: bytes) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RequestRefused(f"wanted a request in JSON, found a mistake: {str(error)[:120]}") from error


def _inputs(document: dict[str, Any], body: memoryview) -> tuple[WireTensor, ...]:
    entries = _list(document.get("inputs"), "inputs")
    inputs: list[WireTensor] = []
    at = 0
    for entry in entries:
        told = _object(entry, "an input")
        size = _binary_size(told)
        inputs.append(_input(told, None if size is None else body[at : at + size], most_bytes=max(len(body), JSON_MAX)))
        at += size or 0
    if at != len(body):
        raise RequestRefused(f"wanted {at} bytes of binary data, as the inputs tell, found {len(body)}")
    names = [tensor.name for tensor in inputs]
    if len(set(names)) != len(names):
        raise RequestRefused(f"wanted each input once, found {', '.join(names)[:120]}")
    return tuple(inputs)


def _input(told: dict[str, Any], content: memoryview | None, *, most_bytes: int) -> WireTensor:
    name = _text(told.get("name"), "an input's name")
    datatype = _text(told.get("datatype"), f"the datatype of input {name!r}")
    shape = shape_of(name, told.get("shape"), most_bytes)
    if (content is None) != ("data" in told):
        found = "neither" if content is None else "both"
        raise RequestRefused(f"input {name!r}: wanted either data or binary_data_size, found {found}")
    if content is None:
        return from_json(name, datatype, shape, told["data"])
    return from_bytes(name, datatype, shape, content)


def _binary_size(told: dict[str, Any]) -> int | None:
    size = _parameters(told, "an input").get("binary_data_size")
    if size is None:
        return None
    if not isinstance(size, int) or isinstance(size, bool) or size < 0:
        raise RequestRefused(f"wanted a number of bytes as binary_data_size, found {shortly(size)}")
    return size


def _outputs(document: dict[str, Any], *, binary: bool) -> tuple[WantedOutput, ...] | None:
    if "outputs" not in document:
        return None
    outputs = []
    for entry in _list(document["outputs"], "outputs"):
        told = _object(entry, "an output")
        parameters = _parameters(told, "an output")
        wants_binary = _flag(parameters, "binary_data", "an output") if "binary_data" in parameters else binary
        outputs.append(WantedOutput(_text(told.get("name"), "an output's name"), wants_binary))
    names = [output.name for output in outputs]
    if len(set(names)) != len(names):
        raise RequestRefused(f"wanted each output once, found {', '.join(names)[:120]}")
    return tuple(outputs)


def _parameters(told: dict[str, Any], what: str) -> dict[str, Any]:
    parameters = _object(told.get("parameters", {}), f"the parameters of {what}")
    if unserved := [name for name in _UNSERVED if parameters.get(name)]:
        raise RequestRefused(f"{what}: wanted no parameter {unserved[0]!r}, which is not served here; leave it out")
    return parameters


def _flag(parameters: dict[str, Any], name: str, what: str) -> bool:
    value = parameters.get(name, False)
    if not isinstance(value, bool):
        raise RequestRefused(f"{what}: wanted true or false for {name}, found {shortly(value)}")
    return value


def _object(value: object, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise RequestRefused(f"wanted {what} as a JSON object, found {type(value).__name__}")
    return value


def _list(value: object, what: str) -> list[Any]:
    if not isinstance(value, list) or not 0 < len(value) <= _TENSORS_MAX:
        raise RequestRefused(f"wanted {what} as a list of 1 to {_TENSORS_MAX}, found {shortly(value)}")
    return value


def _text(value: object, what: str) -> str:
    if not isinstance(value, str) or len(value) > _TEXT_MAX:
        raise RequestRefused(f"wanted {what} as a text of at most {_TEXT_MAX} characters, found {shortly(value)}")
    return value
