"""LiteRT's notice that it made its XNNPACK delegate, which it gives once per process, kept off the terminal.

Its C++ writes "INFO: Created TensorFlow Lite XNNPACK delegate for CPU." straight to file descriptor 2, in the middle of
whatever is drawn there, and no setting of LiteRT 2 or tflite-runtime 2.14 stops it. So the first delegate of a process
is made for a network of one RELU while that descriptor points to memory. Whatever else was written meanwhile is passed
on, and a user's model is never loaded with its messages held back.
"""

from __future__ import annotations

import base64
import os
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

NOTICE = b"XNNPACK delegate for CPU"

_STDERR = 2
_ONE_AT_A_TIME = Lock()
"""Two threads that both redirect the descriptor could put it back in the wrong order."""

_ONE_RELU = base64.b64decode(
    b"HAAAAFRGTDMUABgAFAAQAAwAAAAIAAAAAAAEABQAAAAUAAAAfAAAAIgAAABAAQAAAwAAAAEAAAAQAAAAAAAKABAADAAIAAQACgAAAAwAAAAc"
    b"AAAANAAAAA8AAABzZXJ2aW5nX2RlZmF1bHQAAQAAAAwAAAAIAAwACAAEAAgAAAABAAAArAAAAAEAAAAMAAAAAAAGAAgABAAGAAAAwAAAAAEA"
    b"AAAIAAAABAAEAAQAAAABAAAAFAAAAAAADgAYABQAEAAMAAgABAAOAAAAFAAAABwAAACQAAAANAAAADgAAAAEAAAAbWFpbgAAAAABAAAAEAAA"
    b"AAAACgAMAAAACAAEAAoAAABgAAAABAAAAAEAAAAAAAAAAgAAADQAAAAEAAAA6v///wAAAAEIAAAAOAAAAAEAAAB5ABYAEAAMAAAAAAAIAAAA"
    b"AAAAAAAABwAWAAAAAAAAAQgAAAAMAAAAAQAAAHgAAAABAAAAAQAAAAEAAAAQAAAADAAMAAsAAAAAAAQADAAAABMAAAAAAAAT"
)
"""A float32 RELU of one value, as `converters.tflite.writer` writes it."""


def give_notice_unseen(interpreter: Callable[..., Any], resolver: Any) -> None:
    """Let a runtime give its notice where nobody reads it, before its first model; later calls do nothing.

    Args:
        interpreter: the runtime's `Interpreter`.
        resolver: its operator resolver with the default delegates.
    """
    with _ONE_AT_A_TIME:
        _give_once(interpreter, resolver)


@cache
def _give_once(interpreter: Callable[..., Any], resolver: Any) -> None:
    try:
        terminal = os.dup(_STDERR)
    except OSError:  # it is closed: nobody can see the notice
        return
    memory = os.memfd_create("notice")
    try:
        os.dup2(memory, _STDERR)
        try:
            interpreter(model_content=_ONE_RELU, experimental_op_resolver_type=resolver).allocate_tensors()
        finally:
            os.dup2(terminal, _STDERR)
            _pass_on(memory)
    finally:
        os.close(memory)
        os.close(terminal)


def _pass_on(memory: int) -> None:
    """Write what is no notice where it was meant to go."""
    said = os.pread(memory, os.fstat(memory).st_size, 0)
    rest = b"".join(line for line in said.splitlines(keepends=True) if NOTICE not in line)
    if rest:
        os.write(_STDERR, rest)
