"""A flashing program of somebody else, called with arguments and listened to; never imported.

esptool and stm32loader are under the GPL: they are programs of their own here, found on PATH or as a module of this
Python, and the person installs them.
"""

from __future__ import annotations

import importlib.util
import os
import re
import selectors
import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge_contracts.errors import MissingExtraError
from firmware_tools.flash.flasher import ChipSilent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

PERCENT = re.compile(r"(\d{1,3}(?:\.\d+)?) ?%")
HEAD_PIECES, TAIL_PIECES = 40, 400
"""What is kept of a long output: whom the program reached stands at its beginning, what went wrong at its end."""
PIECE_BYTES = 4096
FRAME = " \t│╭╮╰╯─"
"""Blanks, and what some programs draw around their errors."""
KILL_GRACE_S = 2.0
STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True, slots=True)
class Done:
    """How a program ended.

    code: its exit code; negative for a signal.
    text: what it printed, both ways out together.
    whole: nothing was left out of the middle of a long text.
    """

    code: int
    text: str
    whole: bool = True

    def last_words(self) -> str:
        """The line that says most: an exception's, else the last one with an error in it, else the last."""
        stripped = (re.sub(r"^\((.*)\)$", r"\1", line.strip(FRAME)) for line in self.text.splitlines())
        lines = [line for line in stripped if line not in {"", "Error"}]
        raised = [found[1] for line in lines if (found := re.match(r"[\w.]*(?:Error|Exception): (.+)", line))]
        if raised:
            return raised[-1][:200].rstrip(".")
        telling = [
            line for line in lines if re.search(r"error|fail|fatal|wrong|not |no such|refus", line, re.IGNORECASE)
        ]
        return (telling or lines or ["it said nothing"])[-1][:200].rstrip(".")


def find_program(name: str) -> list[str]:
    """How to call a program: from PATH, or as a module beside this Python.

    Raises:
        MissingExtraError: it is in neither.
    """
    found = shutil.which(name)
    if found is not None:
        return [found]
    if importlib.util.find_spec(name) is not None:
        return [sys.executable, "-m", name]
    raise MissingExtraError(
        f"wanted the program {name}, found none on PATH; it is a program of its own: 'pipx install {name}'"
    )


def run_program(command: Sequence[str], *, timeout_s: float, told: Callable[[float], object]) -> Done:
    """Run a program to its end.

    Args:
        command: name and arguments; no shell is between.
        timeout_s: after so long it is ended, with every process that it started.
        told: hears each share of a hundred that it prints.

    Raises:
        ChipSilent: it did not end in time.
    """
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", "NO_COLOR": "1", "TERM": "dumb", "COLUMNS": "200"}
    child = None
    try:
        with _undisturbed():
            child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=environment,
                start_new_session=True,
            )
        heard, ended = _listen(child, time.monotonic() + timeout_s, told)
    finally:
        if child is not None:
            _end(child)
    text, whole = "".join(heard), len(heard) <= HEAD_PIECES + TAIL_PIECES
    if not ended:
        last = Done(0, text).last_words()
        raise ChipSilent(
            f"wanted {command[0]} to end within {timeout_s:g} s, found it waiting ({last}); check the chip"
        )
    return Done(child.returncode, text, whole)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Being stopped waits for the end of this: a program that was started and is held by nobody could not be ended."""
    came: list[int] = []
    if threading.current_thread() is not threading.main_thread():  # which alone is stopped by a signal
        yield
        return
    before = {one: signal.getsignal(one) for one in STOPS}
    taken = {one: how for one, how in before.items() if callable(how)}
    for one in taken:
        signal.signal(one, lambda number, _: came.append(number))
    try:
        yield
    finally:
        for one, how in taken.items():
            signal.signal(one, how)
        for number in came:
            signal.raise_signal(number)


def _listen(child: subprocess.Popen[bytes], end: float, told: Callable[[float], object]) -> tuple[list[str], bool]:
    """The pieces that a program prints until it ends, and whether it did before the time was over."""
    assert child.stdout is not None  # noqa: S101 - opened as a pipe
    pieces: list[str] = []
    with selectors.DefaultSelector() as ready:
        ready.register(child.stdout, selectors.EVENT_READ)
        while (left := end - time.monotonic()) > 0:
            if not ready.select(left):
                break
            piece = os.read(child.stdout.fileno(), PIECE_BYTES).decode("utf-8", "replace").replace("\r", "\n")
            if not piece:
                return pieces, _ended(child, end)
            pieces = [*pieces[:HEAD_PIECES], *pieces[HEAD_PIECES:][-TAIL_PIECES:], piece]
            shares = PERCENT.findall(piece)
            if shares:
                told(min(float(shares[-1]) / 100, 1.0))
    return pieces, False


def _ended(child: subprocess.Popen[bytes], end: float) -> bool:
    try:
        child.wait(max(end - time.monotonic(), KILL_GRACE_S))
    except subprocess.TimeoutExpired:
        return False
    return True


def _end(child: subprocess.Popen[bytes]) -> None:
    """End a program that still runs, and all that it started."""
    if child.stdout is not None:
        child.stdout.close()
    if child.poll() is not None:
        return
    try:
        os.killpg(child.pid, signal.SIGTERM)
        _ended(child, time.monotonic() + KILL_GRACE_S)
    finally:  # also where a second Ctrl-C ends the wait
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
