"""The daemon as a process of its own, seen from outside: its JSON lines as they arrive, and how it ends."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.system.faults.surroundings import REPOSITORY, environment

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PATIENCE_S = 60.0
POLL_S = 0.02


@dataclass(frozen=True, slots=True)
class Told:
    """A verdict as the daemon told it; times in nanoseconds of CLOCK_MONOTONIC, which all processes share.

    captured_at_ns: of the picture, 0 without one.
    arrived_ns: when its line was read here.
    """

    part: str
    outcome: str
    cause: str
    captured_at_ns: int
    decided_at_ns: int
    arrived_ns: int


class ObservedDaemon:
    """`lepton run STATION --json` and a thread that reads along."""

    def __init__(self, station: Path, **variables: str) -> None:
        command = [sys.executable, "-m", "lepton", "run", str(station), "--json", "--quiet"]
        self.log = station.with_name("daemon.log")
        self.told: list[Told] = []
        self.reading = threading.Event()
        self.reading.set()
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=log, env=environment(**variables), cwd=REPOSITORY
            )
        self._reader = threading.Thread(target=self._read, name="reader", daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        return self.process.pid

    def wait_for(self, wanted: Callable[[Told], bool], timeout_s: float, since: int = 0) -> Told | None:
        """The first verdict from index `since` on that is wanted, None after the time-out."""
        until = time.monotonic() + timeout_s
        while time.monotonic() < until and self.process.poll() is None:
            told = next((one for one in self.told[since:] if wanted(one)), None)
            if told is not None:
                return told
            time.sleep(POLL_S)
        return next((one for one in self.told[since:] if wanted(one)), None)

    def stop(self) -> int:
        """SIGTERM and wait; the exit code, −9 when it had to be killed."""
        self.reading.set()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        self._reader.join(PATIENCE_S)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return code

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            verdict = json.loads(line)
            names = ("part", "outcome", "cause", "captured_at_ns", "decided_at_ns")
            self.told.append(Told(*(verdict[name] for name in names), time.monotonic_ns()))
            self.reading.wait()
