"""The process that reads long JSON for the daemon: `python -m edge_runtime.web.open_inference.rewriting_process`.

It is asked on its standard input and answers on its standard output; it ends when nobody is left to ask.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from edge_runtime.web.open_inference.request import parse_request
from edge_runtime.web.open_inference.rewriting import binary_form
from edge_runtime.web.open_inference.rewriting_link import ANSWER, QUESTION, REFUSED, REWRITTEN
from edge_runtime.web.open_inference.tensor import RequestRefused

if TYPE_CHECKING:
    from typing import BinaryIO

_NICENESS = 10


def serve(questions: BinaryIO, answers: BinaryIO) -> None:
    """Answer one question after the other until there are no more."""
    while len(head := questions.read(QUESTION.size)) == QUESTION.size:
        length, json_bytes = QUESTION.unpack(head)
        content = questions.read(length)
        if len(content) < length:
            return
        answers.write(_answer(content, json_bytes))
        answers.flush()


def _answer(content: bytes, json_bytes: int) -> bytes:
    try:
        form = binary_form(parse_request(content, str(json_bytes)))
    except RequestRefused as refusal:
        sentence = str(refusal).encode("utf-8", "replace")
        return ANSWER.pack(REFUSED, len(sentence), 0) + sentence
    return ANSWER.pack(REWRITTEN, len(form.content), form.json_bytes) + form.content


def main() -> None:
    """Be that process."""
    # A sandbox may forbid it: setpriority(2) is in @resources of systemd.exec(5). Then it is as nice as the line.
    with suppress(OSError):
        os.nice(_NICENESS)
    serve(sys.stdin.buffer, sys.stdout.buffer)


if __name__ == "__main__":
    main()
