"""The child of `converters.isolation.trial`: one answer per question, until nobody asks.

A question is a candidate file to run, or work for another module of this program. The first one decides how much
address space there is: those after it are of the same network and inputs.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib import import_module
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from converters.execute import Kernels, run_all
from converters.isolation.array_stream import Message, receive, send
from converters.isolation.memory_limit import limit_bytes, limit_memory
from edge_contracts.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from io import BufferedReader

    import numpy.typing as npt

    from converters.execute import Feed

SIGNS = 3
"""The descriptor of the pipe that a sign is given through; questions come through 0, answers leave through 1."""

FEWEST_TO_SHARE = 16
"""With fewer feeds a second interpreter costs more than it saves."""


def main() -> None:
    """The whole of a child."""
    # What a runtime prints must not be taken for an answer.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    _serve(os.fdopen(0, "rb"), answers, partial(os.write, SIGNS, b"."))


def _serve(questions: BufferedReader, answers: IO[bytes], give_sign: Callable[[], Any]) -> None:
    is_limited = False
    while questions.peek(1):
        question = receive(questions)
        if not is_limited:
            limit_memory(limit_bytes(len(question.blob) + sum(array.nbytes for array in question.arrays.values())))
            is_limited = True
        send(answers, _work(question, give_sign) if "step" in question.plain else _answer(question))
        del question  # its samples would stay in memory beside the next one's


def _work(question: Message, give_sign: Callable[[], Any]) -> Message:
    """See `TrialChild.work`."""
    try:
        answer: Message = import_module(question.plain["step"]).answer(question, give_sign)
    except BadInputError as error:
        return Message({"refusal": str(error)})
    return answer


def _answer(question: Message) -> Message:
    inputs = [dict(zip(question.arrays, values, strict=True)) for values in zip(*question.arrays.values(), strict=True)]
    try:
        outputs = _outputs(question.blob, inputs, Kernels(question.plain["kernels"]))
    except BadInputError as error:
        return Message({"refusal": str(error)})
    return Message({}, arrays={str(place): np.stack(one) for place, one in enumerate(zip(*outputs, strict=True))})


def _outputs(content: bytes, feeds: Sequence[Feed], kernels: Kernels) -> list[list[npt.NDArray[Any]]]:
    """Of each feed; many are shared by two threads, which changes no bit of an answer."""
    if len(feeds) < FEWEST_TO_SHARE:
        return run_all(content, feeds, kernels)
    half = len(feeds) // 2
    with ThreadPoolExecutor(1) as pool:
        second = pool.submit(run_all, content, feeds[half:], kernels)
        return run_all(content, feeds[:half], kernels) + second.result()


if __name__ == "__main__":
    main()
