"""Frames to the C codec and back over a pty that damages what passes: what was understood, on either side."""

from __future__ import annotations

import os
import random
import select
import subprocess
import tty
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

from edge_contracts.serial_link import Frame, Identify, StreamDecoder, encode
from tests.lab.link.channel import pass_on, random_frame

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BATCH = 500
_SILENCE_S = 30.0


class Echo:
    """The C codec behind a pty.

    Args:
        port: our end.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._batches = 0
        assert self._exchange(b"", b"\0") == b""

    def hear(self, data: bytes) -> list[bytes]:
        """What it understood of these bytes."""
        self._batches += 1
        mark = encode(Frame(Identify(0xFFFF_0000 + self._batches % 0xFFFF)))
        answer = self._exchange(data + mark, mark)
        return [one + b"\0" for one in answer.split(b"\0")[:-1]]

    def _exchange(self, left: bytes, mark: bytes) -> bytes:
        answer = b""
        while not answer.endswith(mark):
            readable, writable, _ = select.select([self._port], [self._port] if left else [], [], _SILENCE_S)
            assert readable or writable, "the C codec is silent"
            if writable:
                left = left[os.write(self._port, left[:1024]) :]
            if readable:
                answer += os.read(self._port, 65_536)
        return answer[: -len(mark)]


@contextmanager
def echoing(program: Path) -> Iterator[Echo]:
    """The program `echo` at the other end of a pty."""
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    os.set_blocking(ours, False)
    with subprocess.Popen([program, os.ttyname(theirs)]) as process:
        try:
            yield Echo(ours)
        finally:
            process.terminate()
            os.close(ours)
            os.close(theirs)


def round_trips(program: Path, count: int, seed: int) -> Counter[str]:
    """Send so many random frames there and back; what became of them."""
    chance, tally = random.Random(seed), Counter[str]()
    with echoing(program) as echo:
        for first in range(0, count, BATCH):
            sent = [encode(random_frame(chance)) for _ in range(min(BATCH, count - first))]
            there = pass_on(chance, sent)
            heard = echo.hear(there.data)
            back = pass_on(chance, heard)
            understood = [encode(frame) for frame in StreamDecoder().feed(back.data)]
            tally.update(sent=len(sent), there=len(there.whole), back=len(back.whole))
            for side, passed, found in (("C", there, heard), ("Python", back, understood)):
                tally.update(damaged=passed.damaged, lost=passed.lost, moved=passed.moved)
                tally.update(_judged(side, passed.whole, found))
    return tally


def _judged(side: str, whole: list[bytes], found: list[bytes]) -> Counter[str]:
    wrong = Counter(found) - Counter(whole)
    missed = Counter(whole) - Counter(found)
    order = not wrong and not missed and found != whole
    return Counter(
        {f"{side}: wrong accepts": wrong.total(), f"{side}: missed": missed.total(), f"{side}: out of order": order}
    )
