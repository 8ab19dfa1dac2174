"""Many mutants in forked children: a crash costs one child, and is counted against the mutant that made it.

A child is forked from a process in which everything is imported and nothing has run: that takes milliseconds. It has an
end to its memory; a watch ends it when a mutant takes too long.
"""

from __future__ import annotations

import faulthandler
import json
import mmap
import os
import select
import signal
import struct
import time
import traceback
import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from converters.isolation.memory_limit import limit_memory
from edge_contracts.errors import LeptonError
from tests.fuzz.target import handle, mutant

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.fuzz.corpus import Sound

MEMORY_BYTES = 3 << 30
"""Address space of a child: less than the converter gives its own."""

SECONDS = 30.0
"""After so long a mutant hangs. Sound ones take milliseconds."""

BATCH = 200

_READING, _NATIVE = 0, 1


@dataclass
class Tally:
    """What became of the mutants.

    outcomes: how many, by kind of file, kind of damage and outcome.
    failures: a sentence each of those that must not be.
    contained: number and ending of those that ended a child, as they would have ended the converter.
    """

    outcomes: dict[str, int] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    contained: list[tuple[int, str]] = field(default_factory=list)

    def count(self, sound: Sound, way: str, outcome: str) -> None:
        key = f"{sound.kind}|{way}|{outcome}"
        self.outcomes[key] = self.outcomes.get(key, 0) + 1


def drive(sounds: Sequence[Sound], seed: int, cases: Sequence[int], *, seconds: float = SECONDS) -> Tally:
    """Handle the mutants of the given numbers."""
    tally, place = Tally(), 0
    while place < len(cases):
        place += _batch(sounds, seed, cases[place : place + BATCH], tally, seconds)
    return tally


def fork() -> int:
    """`os.fork`; Python warns where a library holds threads, and those of numpy's arithmetic bear it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def _batch(sounds: Sequence[Sound], seed: int, cases: Sequence[int], tally: Tally, seconds: float) -> int:
    """Fork a child for some mutants; how many of them are dealt with."""
    progress = mmap.mmap(-1, 16)
    taken, given = os.pipe()
    child = fork()
    if not child:
        os.close(taken)
        _work(sounds, seed, cases, progress, given)
    os.close(given)
    results, hung = _listen(taken, progress, child, seconds)
    _, status = os.waitpid(child, 0)
    for line in results:
        case, outcome, detail = json.loads(line)
        _note(sounds, seed, case, outcome, detail, tally)
    if os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0:
        return len(cases)
    place, stage = struct.unpack("qq", progress[:])
    ending = "hang" if hung else _ending(status)
    outcome = f"contained: {ending}" if stage == _NATIVE else "failed"
    _note(sounds, seed, cases[place], outcome, f"the reader ended with {ending}", tally)
    return int(place) + 1


def _listen(pipe: int, progress: mmap.mmap, child: int, seconds: float) -> tuple[list[str], bool]:
    """The lines that a child writes until it ends, and whether it had to be ended."""
    content, seen, since, hung = b"", progress[:8], time.monotonic(), False
    while True:
        ready, _, _ = select.select([pipe], [], [], 0.5)
        if ready:
            chunk = os.read(pipe, 65536)
            if not chunk:
                break
            content += chunk
        if progress[:8] != seen:
            seen, since = progress[:8], time.monotonic()
        elif time.monotonic() - since > seconds and not hung:
            hung = True
            os.kill(child, signal.SIGKILL)
    os.close(pipe)
    return content.decode().splitlines(), hung


def _work(sounds: Sequence[Sound], seed: int, cases: Sequence[int], progress: mmap.mmap, pipe: int) -> None:
    """The child: never returns."""
    faulthandler.disable()
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    limit_memory(MEMORY_BYTES)
    for place, case in enumerate(cases):
        progress[:] = struct.pack("qq", place, _READING)
        sound, _, content = mutant(sounds, seed, case)
        outcome, detail = _outcome(sound.kind, content, progress)
        os.write(pipe, (json.dumps([case, outcome, detail]) + "\n").encode())
    os._exit(0)


def _outcome(kind: str, content: bytes, progress: mmap.mmap) -> tuple[str, str]:
    def enter_native() -> None:
        progress[8:] = struct.pack("q", _NATIVE)

    try:
        handle(kind, content, enter_native)
    except LeptonError as error:
        return ("refused", "") if len(str(error)) > len("wanted") else ("failed", f"a refusal without words: {error!r}")
    except MemoryError:
        return ("contained: memory", "") if struct.unpack("q", progress[8:])[0] else ("failed", traceback.format_exc())
    except BaseException:  # noqa: BLE001 - whatever it is, it is what the fuzzer looks for
        return "failed", traceback.format_exc()
    return "accepted", ""


def _note(sounds: Sequence[Sound], seed: int, case: int, outcome: str, detail: str, tally: Tally) -> None:
    sound, way, _ = mutant(sounds, seed, case)
    tally.count(sound, way, outcome)
    if outcome == "failed":
        tally.failures.append(f"mutant {seed}/{case} of {sound.name} ({sound.kind}, {way}): {detail}")
    elif outcome.startswith("contained"):
        tally.contained.append((case, f"{sound.name} ({sound.kind}, {way}): {outcome}"))


def _ending(status: int) -> str:
    if os.WIFSIGNALED(status):
        return signal.Signals(os.WTERMSIG(status)).name
    return f"exit code {os.WEXITSTATUS(status)}"
