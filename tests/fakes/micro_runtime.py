"""TensorFlow Lite Micro itself, from its Python package: what a network answers, and in how little memory."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from firmware_tools.carray.network import read_network

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PLENTY_BYTES = 1 << 24


class Refused(Exception):
    """The runtime does not take the network, or not in so little memory; the text is what it said."""


class MicroRun:
    """One network in the runtime.

    Args:
        content: a TFLite file.
        arena_bytes: all the memory that it gets.

    Raises:
        Refused: the runtime said no.
    """

    def __init__(self, content: bytes, arena_bytes: int = PLENTY_BYTES) -> None:
        runtime = require_runtime()
        with _said() as heard:
            try:
                self._interpreter = runtime.Interpreter.from_bytes(content, arena_size=arena_bytes)
            except RuntimeError as error:
                raise Refused(str(error)) from error
            self._interpreter.print_allocations()
        used = {key: int(value) for key, value in re.findall(r"allocation (total|head) (\d+) bytes", heard[0])}
        self.used_bytes, self.head_bytes = used["total"], used["head"]
        self._outputs = len(read_network(content).outputs)
        details = self._interpreter.get_input_details(0)
        self.input_shape, self.input_dtype = tuple(details["shape"]), np.dtype(details["dtype"])

    def answer(self, *values: np.ndarray[Any, Any]) -> list[np.ndarray[Any, Any]]:
        """Every output, as stored, to an array for each input."""
        with _said():
            for place, one in enumerate(values):
                self._interpreter.set_input(one, place)
            try:
                self._interpreter.invoke()
            except RuntimeError as error:
                raise Refused(str(error)) from error
        return [self._interpreter.get_output(place) for place in range(self._outputs)]


def fits(content: bytes, arena_bytes: int) -> bool:
    """Whether the runtime loads and runs a network in so much memory; tried in a child, which too little may kill."""

    def runs() -> bool:
        run = MicroRun(content, arena_bytes)
        run.answer(np.zeros(run.input_shape, run.input_dtype))
        return True

    return survives(runs)


def survives(check: Callable[[], bool]) -> bool:
    """Whether a check holds, asked in a child, which the runtime may kill."""
    child = os.fork()
    if not child:
        try:
            os._exit(0 if check() else 1)
        except BaseException:  # noqa: BLE001 - the child must not come back
            os._exit(1)
    return os.waitpid(child, 0)[1] == 0


def least_arena(content: bytes) -> int:
    """The least memory that the runtime runs a network in, found by bisection, to 8 bytes."""
    step = 8
    refused, taken = 0, PLENTY_BYTES
    while taken - refused > step:
        middle = (refused + taken) // 2 // step * step
        refused, taken = (refused, middle) if fits(content, middle) else (middle, taken)
    return taken


def require_runtime() -> Any:
    """The package's interpreter; the test is skipped by name where there is no package for this machine."""
    return pytest.importorskip(
        "tflite_micro.python.tflite_micro.runtime", reason="needs tflite-micro, which this machine does not have"
    )


@contextmanager
def _said() -> Iterator[list[str]]:
    """What the runtime writes to the process's own outputs, kept instead of shown; it is there once this is left."""
    heard: list[str] = []
    sys.stdout.flush()
    sys.stderr.flush()
    with tempfile.TemporaryFile() as file:
        kept = [os.dup(number) for number in (1, 2)]
        for number in (1, 2):
            os.dup2(file.fileno(), number)
        try:
            yield heard
        finally:
            sys.stdout.flush()
            for number, copy in zip((1, 2), kept, strict=True):
                os.dup2(copy, number)
                os.close(copy)
            file.seek(0)
            heard.append(file.read().decode("utf-8", "replace"))
