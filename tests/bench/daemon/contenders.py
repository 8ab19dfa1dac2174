"""Programs that judge the same film, all started, each running only in its turn (SIGCONT, SIGSTOP).

A shared machine is slow for a minute and quick in the next. Where contenders take turns by the second, it is slow for
all of them alike, and what they differ by is theirs.
"""

from __future__ import annotations

import atexit
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from functools import cache
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Protocol

import numpy as np

from edge_runtime.records.recorded_verdicts import RecordedVerdicts
from tests.bench.daemon.spent import cpu_ns, family, pss_bytes

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

STATION = """
[station]
org = "bench"
site = "here"
device = "board"
state_folder = "{state}"
inference = "{inference}"
hang_restart_s = 3600

[evidence]
enabled = false

[[points]]
name = "camera"
bundle = "{bundle}"
source = {{ kind = "video", path = "{film}", pace = "fast", repeat = true }}
"""
FRAMES_MAX = 200_000
"""What a loop has room to note."""
ALONE_S, SETTLED_S = 6.0, 0.15
"""How long a contender runs alone before its memory is read; how long its turn lasts before it is measured."""
_NS_PER_S, _NS_PER_MS = 1_000_000_000, 1_000_000
_CLEAN = {"clean", "threshold", "unsure"}


class Contender(Protocol):
    """name: in the table. command: starts it, and it judges until it is killed."""

    name: str
    command: list[str]

    def judged(self) -> npt.NDArray[np.float64]:
        """float64 N×2: when each answer came (monotonic, s), how long it took (ms); to be asked when it has ended."""
        ...


@dataclass(frozen=True, slots=True)
class Loop:
    """A loop of `loops.py`, which notes each frame in a file."""

    name: str
    command: list[str]
    notes: Path

    def judged(self) -> npt.NDArray[np.float64]:
        """What it noted."""
        notes = np.fromfile(self.notes, np.int64).reshape(-1, 2)
        return notes[notes[:, 0] > 0] / [_NS_PER_S, _NS_PER_MS]


@dataclass(frozen=True, slots=True)
class Daemon:
    """`lepton run` as systemd runs it; what it judged stands in its daily record."""

    name: str
    command: list[str]
    state: Path

    def judged(self) -> npt.NDArray[np.float64]:
        """Its record."""
        rows = [row for row in RecordedVerdicts(self.state / "verdicts") if row.cause.value in _CLEAN]
        return np.asarray([(row.mono_s, row.latency_ms) for row in rows], np.float64).reshape(-1, 2)


@dataclass(slots=True)
class Turns:
    """What one contender did in its turns.

    cpu_ms: per frame, all its processes, one number per turn. latency_ms: of each frame.
    """

    cpu_ms: list[float]
    latency_ms: list[float]


def loop(kind: str, film: Path, model: Path, resize: str, folder: Path) -> Loop:
    """`bare` or `usual`."""
    notes = folder / f"{kind}.notes"
    notes.write_bytes(bytes(2 * 8 * FRAMES_MAX))
    command = [sys.executable, "-m", "tests.bench.daemon.loops", kind, film, model, resize, notes]
    return Loop(f"{kind} loop", [str(part) for part in command], notes)


def daemon(bundle: Path, film: Path, inference: str, folder: Path) -> Daemon:
    """With each model in a `process`, or in a `thread`."""
    home = folder / inference
    home.mkdir()
    station = home / "station.toml"
    state = home / "state"
    station.write_text(STATION.format(inference=inference, bundle=bundle, film=film, state=state), "utf-8")
    return Daemon(f"daemon, {inference}", [sys.executable, "-m", "lepton", "run", str(station), "--quiet"], state)


def alone(contender: Contender) -> tuple[float, float]:
    """Of a run with nothing beside it: memory of all its processes (PSS) in MB, and s until its first answer."""
    begun_s = time.monotonic()
    process = _started(contender)
    try:
        time.sleep(ALONE_S)
        memory = sum(pss_bytes(pid) for pid in family(process.pid))
    finally:
        _end(process)
    return memory / 1e6, float(contender.judged()[0, 0]) - begun_s


def in_turns(contenders: list[Contender], rounds: int, turn_s: float) -> list[Turns]:
    """Each contender's turns, in the order given; who begins a round changes."""
    processes: list[subprocess.Popen[bytes]] = []
    spans: list[list[tuple[float, float, int]]] = [[] for _ in contenders]
    try:
        for contender in contenders:
            processes.append(_started(contender))
            time.sleep(ALONE_S / 2)
            _tell(processes[-1], signal.SIGSTOP)
        for number in range(rounds * len(contenders)):
            place = (number + number // len(contenders)) % len(contenders)
            spans[place].append(_turn(processes[place], turn_s))
    finally:
        for process in processes:
            _tell(process, signal.SIGCONT)
        for process in processes:
            _end(process)
    return [_cut(contender.judged(), own) for contender, own in zip(contenders, spans, strict=True)]


def _turn(process: subprocess.Popen[bytes], turn_s: float) -> tuple[float, float, int]:
    """From when until when, and CPU time in between, ns."""
    _tell(process, signal.SIGCONT)
    time.sleep(SETTLED_S)
    members = family(process.pid)
    from_s, before_ns = time.monotonic(), sum(cpu_ns(pid) for pid in members)
    time.sleep(turn_s)
    to_s, spent_ns = time.monotonic(), sum(cpu_ns(pid) for pid in members) - before_ns
    _tell(process, signal.SIGSTOP)
    return from_s, to_s, spent_ns


def _cut(judged: npt.NDArray[np.float64], spans: list[tuple[float, float, int]]) -> Turns:
    turns = Turns([], [])
    for from_s, to_s, spent_ns in spans:
        latencies = judged[(judged[:, 0] >= from_s) & (judged[:, 0] < to_s), 1]
        turns.cpu_ms.append(spent_ns / len(latencies) / _NS_PER_MS)
        turns.latency_ms += latencies.tolist()
    return turns


def _started(contender: Contender) -> subprocess.Popen[bytes]:
    return subprocess.Popen(contender.command, stderr=subprocess.DEVNULL, env=_environment())


@cache
def _environment() -> dict[str, str]:
    """With everything compiled to bytecode, as an install has it, in a folder that goes with the bench."""
    bytecode = TemporaryDirectory(prefix="lepton-bytecode-")
    atexit.register(bytecode.cleanup)
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return kept | {"OPENBLAS_NUM_THREADS": "1", "PYTHONPYCACHEPREFIX": bytecode.name}


def _tell(process: subprocess.Popen[bytes], what: signal.Signals) -> None:
    """All processes of a contender, its own first when they stop and last when they go on."""
    members = family(process.pid)
    for pid in members if what == signal.SIGSTOP else reversed(members):
        os.kill(pid, what)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
