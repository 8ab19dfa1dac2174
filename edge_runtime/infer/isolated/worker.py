"""A model's own process: loads the model, says where its tensors lie, then answers one question after the other.

It ends when nobody is left to ask. What it raises while it answers, it tells and goes on; what it cannot survive
(an abort() of the runtime, the end of memory) ends it alone.
"""

from __future__ import annotations

import mmap
import os
import socket
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from edge_contracts.errors import LeptonError
from edge_runtime.infer.backend import open_backend
from edge_runtime.infer.isolated.link import ANSWER, QUESTION, SENTENCE_MAX, lay_out, share

if TYPE_CHECKING:
    import numpy.typing as npt

    from edge_runtime.infer.backend import Backend


@dataclass(frozen=True, slots=True)
class Wish:
    """Which model to load, and how.

    model_format, runtime, threads, kernels: as in `open_backend`.
    niceness: how far to stand back behind the processes of the line, 0 to 19.
    """

    model_format: str
    runtime: str
    threads: int
    kernels: str
    niceness: int = 0


def serve(link: socket.socket, model: int, wish: Wish) -> None:
    """Live as the process of one model, until the other end of `link` is closed.

    Args:
        link: to the daemon.
        model: descriptor of the model's bytes.
        wish: what to load.
    """
    try:
        if wish.niceness:
            # A sandbox may forbid it (setpriority(2) is in @resources of systemd.exec(5)): then it is as nice as all.
            with suppress(OSError):
                os.nice(wish.niceness)
        backend = _loaded(model, wish)
        given, answered = _tried(backend)
    except Exception as error:  # noqa: BLE001 - the daemon must hear why no model came
        link.send(ANSWER.pack(0, True) + _sentence(error))
        return
    layout = lay_out(backend.runtime, backend.version, backend.kernels, given, answered)
    descriptor = share(layout.size)
    memory = mmap.mmap(descriptor, layout.size)
    socket.send_fds(link, [layout.to_json()], [descriptor])
    os.close(descriptor)
    outputs = {place.name: place.view(memory) for place in layout.outputs}
    _answer_all(link, backend, layout.input.view(memory), outputs)


def _loaded(model: int, wish: Wish) -> Backend:
    with os.fdopen(model, "rb") as file:
        content = file.read()
    return open_backend(
        content, model_format=wish.model_format, runtime=wish.runtime, threads=wish.threads, kernels=wish.kernels
    )


def _tried(backend: Backend) -> tuple[npt.NDArray[Any], dict[str, npt.NDArray[Any]]]:
    """One run on zeros: it shows the tensors' shapes, and warms the model up."""
    seen: list[npt.NDArray[Any]] = []

    def look(buffer: npt.NDArray[Any]) -> None:
        buffer[...] = 0
        seen.append(np.empty_like(buffer))

    answered = backend.run(look)
    return seen[0], answered


def _answer_all(
    link: socket.socket, backend: Backend, given: npt.NDArray[Any], outputs: dict[str, npt.NDArray[Any]]
) -> None:
    while question := link.recv(QUESTION.size):
        (number,) = QUESTION.unpack(question)
        try:
            answered = backend.run(lambda buffer: np.copyto(buffer, given))
            for name, place in outputs.items():
                np.copyto(place, answered[name], casting="no")
        except Exception as error:  # noqa: BLE001 - whatever a runtime raises, the part is unknown and says why
            link.send(ANSWER.pack(number, True) + _sentence(error))
        else:
            link.send(ANSWER.pack(number, False))


def _sentence(error: Exception) -> bytes:
    """Our own errors are sentences; of another the name says what it is about."""
    said = str(error) if isinstance(error, LeptonError) else f"{type(error).__name__}: {error}"
    return said[:SENTENCE_MAX].encode("utf-8", "replace")
