"""Lowering in a process of its own: an ONNX file from outside may take that process with it, and nothing else.

onnx's checker, its shape inference and ONNX Runtime are native code that damaged files have been seen to crash
(docs/decisions/044-foreign-models.md). The child reads the file, lowers it and compares the answers; what comes back is
a TFLite file of our own writing and the layouts. The child is `converters.lower.__main__`.

This module loads neither numpy nor a runtime: with `started_lowering`, the child starts before its caller loads them.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING

from converters.isolation.child import TIMEOUT_S, run_child, started_child
from converters.isolation.scratch import scratch
from converters.lower.errors import CannotLowerError
from converters.lower.lowered import Lowering
from edge_contracts.errors import BadInputError, MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from converters.graph import Graph

SOURCE, WISHES = "model.onnx", "wishes.json"
"""What the child is given: the file, and the input size as JSON."""

RESULT, LAYOUTS = "model.tflite", "layouts.json"
"""What it leaves: the lowered model, and the layouts of its input and outputs."""

_CHILD = "converters.lower"

_KINDS = (CannotLowerError, MissingExtraError, BadInputError)


def lower_onnx(content: bytes, *, input_size: tuple[int, int] | None = None) -> Graph:
    """The graph of `lower_model`, which see."""
    return lower_model(content, input_size=input_size).graph


def lower_model(content: bytes, *, input_size: tuple[int, int] | None = None, timeout_s: float = TIMEOUT_S) -> Lowering:
    """What `converters.lower.lowering.lower_model` gives and refuses, which see, but done in a child process.

    Raises:
        BadInputError: also where the child died, hung or ran out of memory.
    """
    with _home(content, input_size) as home:
        return _made(home, run_child(_CHILD, home, len(content), timeout_s, _KINDS))


@contextmanager
def started_lowering(
    content: bytes, *, input_size: tuple[int, int] | None = None, timeout_s: float = TIMEOUT_S
) -> Iterator[Callable[[], Lowering]]:
    """`lower_model` that begins now and goes on while the caller loads what it needs next; the block's end ends it.

    Example:
        with started_lowering(content) as lowered:
            from converters.quantize import quantize
            made = quantize(lowered().graph, samples)

    Yields:
        What waits, and gives and raises what `lower_model` does.
    """
    with (
        _home(content, input_size) as home,
        started_child(_CHILD, home, len(content), timeout_s, _KINDS) as ending,
    ):
        yield lambda: _made(home, ending())


@contextmanager
def _home(content: bytes, input_size: tuple[int, int] | None) -> Iterator[Path]:
    with scratch("lower") as home:
        (home / SOURCE).write_bytes(content)
        (home / WISHES).write_text(json.dumps(input_size), "utf-8")
        yield home


def _made(home: Path, ending: str | None) -> Lowering:
    from converters.tflite import read_tflite  # noqa: PLC0415 - numpy, which the caller can load while the child works

    if ending is not None:
        raise BadInputError(
            f"wanted an ONNX model that can be lowered, found one that takes the process with it: {ending}; the "
            "file is damaged or made to do harm: export it again, or report it"
        )
    content = (home / RESULT).read_bytes()
    layouts = json.loads((home / LAYOUTS).read_text("utf-8"))
    return Lowering(read_tflite(content), content, {name: tuple(axes) for name, axes in layouts.items()})
