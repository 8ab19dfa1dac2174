"""Reads long JSON in a process of its own.

Python reads a JSON text in one go, and while it does no other thread of the process runs: the line would wait. So the
daemon reads short ones alone, and asks a process of low priority for the binary form of a long one. The process is
started when it is needed and ended when it has not been for a while.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from contextlib import suppress
from typing import Final

from edge_runtime.web.open_inference.request import InferRequest, json_length, parse_request
from edge_runtime.web.open_inference.rewriting_link import ANSWER, QUESTION, REFUSED
from edge_runtime.web.open_inference.tensor import RequestRefused
from edge_runtime.web.worker import TryAgain

SHORT_JSON: Final = 16 << 10
"""Bytes; read within 0.3 ms on an x86 machine of 2 cores."""
_ANSWER_S = 20.0


class ReaderFailed(TryAgain):
    """The process that reads long JSON died or took too long; the next request gets another."""


class RequestReader:
    """Reads requests; used by one thread alone."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def read(self, content: bytes, header_length: str | None) -> InferRequest:
        """Read a request; see `parse_request`.

        Raises:
            RequestRefused: with what was wanted and found.
            ReaderFailed: the process is gone.
        """
        json_bytes = json_length(content, header_length)
        if json_bytes <= SHORT_JSON:
            return parse_request(content, header_length)
        rewritten, json_bytes = self._rewritten(content, json_bytes)
        return parse_request(rewritten, str(json_bytes))

    def close(self) -> None:
        """End the process; the next long request starts another."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with suppress(OSError):
                    stream.close()
        process.wait()

    def _rewritten(self, content: bytes, json_bytes: int) -> tuple[bytes, int]:
        process = self._running()
        late = threading.Timer(_ANSWER_S, process.kill)
        late.start()
        try:
            return _asked(process, content, json_bytes)
        except RequestRefused:
            raise
        except (OSError, ValueError) as error:
            self.close()
            raise ReaderFailed(f"wanted the request read within {_ANSWER_S:g} s, found its reader gone") from error
        finally:
            late.cancel()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            environment = {
                **os.environ,
                "OPENBLAS_NUM_THREADS": "1",
                "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
            }
            self._process = subprocess.Popen(
                [sys.executable, "-m", "edge_runtime.web.open_inference.rewriting_process"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=environment,
            )
        return self._process


def _asked(process: subprocess.Popen[bytes], content: bytes, json_bytes: int) -> tuple[bytes, int]:
    if process.stdin is None or process.stdout is None:
        raise ValueError("the process has no pipes")
    process.stdin.write(QUESTION.pack(len(content), json_bytes))
    process.stdin.write(content)
    process.stdin.flush()
    head = process.stdout.read(ANSWER.size)
    if len(head) < ANSWER.size:
        raise OSError("the process has ended")
    fate, length, found_json_bytes = ANSWER.unpack(head)
    answer = process.stdout.read(length)
    if len(answer) < length:
        raise OSError("the process has ended")
    if fate == REFUSED:
        raise RequestRefused(answer.decode("utf-8", "replace"))
    return answer, found_json_bytes
