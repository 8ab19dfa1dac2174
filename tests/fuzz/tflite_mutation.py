"""Damage to a TFLite file that keeps it a flatbuffer: wrong shapes, types, indices, orders, options, scales."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from tests.fuzz.mutation import FLOATS, integer, shape

if TYPE_CHECKING:
    from random import Random

INT32 = 32


def mutated(content: bytes, draw: Random) -> bytes:
    """The file after one to four changes to what it says."""
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    for _ in range(draw.choice((1, 1, 2, 4))):
        draw.choice(_CHANGES)(model, draw)
    builder = flatbuffers.Builder(len(content) + 1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _tensor(model: Any, draw: Random) -> Any:
    return draw.choice(model.subgraphs[0].tensors)


def _operator(model: Any, draw: Random) -> Any:
    return draw.choice(model.subgraphs[0].operators)


def _shape(model: Any, draw: Random) -> None:
    tensor = _tensor(model, draw)
    tensor.shape = np.array(shape(draw, [] if tensor.shape is None else tensor.shape, bits=INT32), np.int32)


def _signature(model: Any, draw: Random) -> None:
    tensor = _tensor(model, draw)
    tensor.shapeSignature = np.array(shape(draw, [] if tensor.shape is None else tensor.shape, bits=INT32), np.int32)


def _type(model: Any, draw: Random) -> None:
    _tensor(model, draw).type = draw.randrange(20)


def _buffer(model: Any, draw: Random) -> None:
    tensor = _tensor(model, draw)
    tensor.buffer = integer(draw, tensor.buffer, bits=INT32, signed=False)


def _state(model: Any, draw: Random) -> None:
    tensor = _tensor(model, draw)
    tensor.isVariable = not tensor.isVariable


def _name(model: Any, draw: Random) -> None:
    _tensor(model, draw).name = draw.choice((b"", b"\xff\xfe", b"in", _tensor(model, draw).name))


def _scale(model: Any, draw: Random) -> None:
    tensor = _tensor(model, draw)
    many = draw.choice((1, 1, 2, 3, 16))
    tensor.quantization = schema.QuantizationParametersT(
        scale=np.array([draw.choice(FLOATS) for _ in range(many)], np.float32),
        zeroPoint=np.array([integer(draw, 0) for _ in range(draw.choice((many, 1, 0)))], np.int64),
        quantizedDimension=integer(draw, 0, bits=INT32),
    )


def _wire(model: Any, draw: Random) -> None:
    operator = _operator(model, draw)
    side = draw.choice(("inputs", "inputs", "outputs"))
    places = [] if getattr(operator, side) is None else list(getattr(operator, side))
    way = draw.randrange(4)
    if way == 0 and places:
        places[draw.randrange(len(places))] = draw.randrange(-1, len(model.subgraphs[0].tensors))
    elif way == 1 and places:
        place = draw.randrange(len(places))
        places[place] = integer(draw, int(places[place]), bits=INT32)
    elif way == 2 and places:
        del places[draw.randrange(len(places))]
    else:
        places.append(draw.randrange(-1, len(model.subgraphs[0].tensors)))
    setattr(operator, side, np.array(places, np.int32))


def _code(model: Any, draw: Random) -> None:
    code = draw.choice(model.operatorCodes)
    code.builtinCode = draw.choice((draw.randrange(210), integer(draw, code.builtinCode, bits=INT32)))
    code.deprecatedBuiltinCode = min(max(code.builtinCode, 0), 127)


def _version(model: Any, draw: Random) -> None:
    code = draw.choice(model.operatorCodes)
    code.version = integer(draw, code.version, bits=INT32)


def _exchange(model: Any, draw: Random) -> None:
    _operator(model, draw).opcodeIndex = integer(draw, 0, bits=INT32, signed=False)


def _option(model: Any, draw: Random) -> None:
    operator = _operator(model, draw)
    options = operator.builtinOptions
    names = [name for name, value in vars(options).items() if isinstance(value, (bool, int, float))] if options else []
    if not names:
        operator.builtinOptionsType = draw.choice((0, operator.builtinOptionsType, draw.randrange(127)))
        return
    name = draw.choice(names)
    value = getattr(options, name)
    # Most enums are bytes; a value too big for its field cannot be stored at all.
    bits = 8 if isinstance(value, bool) or "activation" in name.lower() or "padding" in name.lower() else INT32
    changed = draw.choice(FLOATS) if isinstance(value, float) else integer(draw, int(value), bits=bits)
    setattr(options, name, bool(changed & 1) if isinstance(value, bool) else changed)


def _values(model: Any, draw: Random) -> None:
    held = [buffer for buffer in model.buffers if buffer.data is not None and len(buffer.data)]
    if not held:
        return
    buffer = draw.choice(held)
    data = bytearray(bytes(buffer.data))
    way = draw.randrange(4)
    if way == 0:
        del data[draw.randrange(len(data)) :]
    elif way == 1:
        data += bytes(draw.randrange(1, 9))
    elif way == 2:
        start = draw.randrange(0, len(data), 4)
        data[start : start + 4] = np.float32(draw.choice(FLOATS)).tobytes()[: len(data) - start]
    else:
        start = draw.randrange(0, len(data), 4)
        data[start : start + 4] = np.int32(integer(draw, 0, bits=INT32)).tobytes()[: len(data) - start]
    buffer.data = np.frombuffer(bytes(data), np.uint8)


def _ends(model: Any, draw: Random) -> None:
    subgraph = model.subgraphs[0]
    side = draw.choice(("inputs", "outputs"))
    places = [int(place) for place in getattr(subgraph, side)]
    other = draw.randrange(-1, len(subgraph.tensors) + 1)
    setattr(subgraph, side, np.array(draw.choice(([], [*places, other], [*places, *places], [other])), np.int32))


def _order(model: Any, draw: Random) -> None:
    draw.shuffle(model.subgraphs[0].operators)


def _more(model: Any, draw: Random) -> None:
    subgraph = model.subgraphs[0]
    draw.choice(
        (
            lambda: model.subgraphs.append(subgraph),
            lambda: subgraph.operators.append(_operator(model, draw)),
            model.buffers.pop,
            model.operatorCodes.pop,
            subgraph.tensors.pop,
        )
    )()
    if not (model.buffers and model.operatorCodes and subgraph.tensors):
        model.subgraphs = [subgraph]
        subgraph.tensors = subgraph.tensors or [schema.TensorT()]
        model.operatorCodes = model.operatorCodes or [schema.OperatorCodeT()]


_CHANGES = (
    _shape, _shape, _shape, _signature, _type, _buffer, _state, _name, _scale, _wire, _wire, _wire, _code, _version,
    _exchange, _option, _option, _option, _values, _values, _ends, _order, _more,
)  # fmt: skip
