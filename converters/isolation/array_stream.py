"""Messages of a document, bytes and arrays over a pipe between two processes of this program.

A message is one line of JSON (the document, the bytes' length, the arrays' names, types and shapes), the bytes, then
the arrays' elements. Nothing in it is code: a process that a foreign model has taken over can send wrong numbers only.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Message:
    """One message: plain JSON values, a blob, arrays by name (of numbers or truth values)."""

    plain: dict[str, Any]
    blob: bytes = b""
    arrays: dict[str, npt.NDArray[Any]] = field(default_factory=dict)


def send(stream: IO[bytes], message: Message) -> None:
    """Write one message and flush.

    Raises:
        OSError: the other side is gone.
    """
    arrays = {name: np.asarray(array, order="C") for name, array in message.arrays.items()}
    shapes = [[name, array.dtype.str, array.shape] for name, array in arrays.items()]
    head = {"plain": message.plain, "blob": len(message.blob), "arrays": shapes}
    stream.write(json.dumps(head).encode() + b"\n" + message.blob)
    stream.writelines(array.reshape(-1).view(np.uint8).data for array in arrays.values())
    stream.flush()


def receive(stream: IO[bytes]) -> Message:
    """Wait for one message.

    Raises:
        EOFError: the other side ended before a whole message was there, or sent something else.
    """
    try:
        head = json.loads(stream.readline())
        blob = _exactly(stream, head["blob"])
        arrays = {name: _array(stream, np.dtype(dtype), tuple(shape)) for name, dtype, shape in head["arrays"]}
        return Message(dict(head["plain"]), blob, arrays)
    except (ValueError, TypeError, KeyError) as error:
        raise EOFError("the other process sent no message") from error


def _array(stream: IO[bytes], dtype: np.dtype[Any], shape: tuple[int, ...]) -> npt.NDArray[Any]:
    content = _exactly(stream, int(np.prod(shape, dtype=np.int64)) * dtype.itemsize)
    return np.frombuffer(content, dtype).reshape(shape)


def _exactly(stream: IO[bytes], count: int) -> bytes:
    content = stream.read(count)
    if len(content) < count:
        raise EOFError("the other process ended in the middle of a message")
    return content
