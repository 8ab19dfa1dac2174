"""Broker, station and receiver as processes that can be killed and started again at any moment."""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[1]
STARTED = "kills before this start"
ROLES = ("broker", "device", "receiver")


def mosquitto() -> str:
    """The broker's program, or a skip that names what is missing."""
    found = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
    if found is None:
        if os.environ.get("LEPTON_REQUIRE") == "all":
            pytest.fail("LEPTON_REQUIRE=all and mosquitto is not installed")
        pytest.skip("needs a real broker: install mosquitto")
    return found


@dataclass(frozen=True)
class Found:
    """What the witness and the store say; parts by name."""

    offered: set[str]
    emitted: set[str]
    stored: list[str]

    @property
    def lost(self) -> set[str]:
        return self.emitted - set(self.stored)

    @property
    def duplicates(self) -> set[str]:
        return {part for part, times in Counter(self.stored).items() if times > 1}

    @property
    def unwitnessed(self) -> set[str]:
        return set(self.stored) - self.emitted


@dataclass
class Rig:
    """One broker without persistence, one station, one receiver, one witness.

    parts: how many alerts are to be emitted. device_options: for the station's process.
    """

    folder: Path
    parts: int
    rate: float
    device_options: Sequence[str] = ()
    runs: int = 0
    kills: Counter[str] = field(default_factory=Counter)
    kills_in_flow: Counter[str] = field(default_factory=Counter)
    _processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def __enter__(self) -> Rig:  # noqa: PYI034 - Self is not in Python 3.10
        self.port = _free_port()
        self._program = mosquitto()
        config = (
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence false\nmax_queued_messages 100000\n"
        )
        (self.folder / "broker.conf").write_text(config)
        reader, self._pipe = os.pipe()
        record = [sys.executable, str(HERE / "delivery_recorder.py"), str(reader), str(self._witnessed)]
        self._processes["witness"] = subprocess.Popen(record, pass_fds=(reader,))
        os.close(reader)
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._pipe)
        for role in ROLES:
            if role in self._processes:
                self._processes[role].kill()
                self._processes[role].wait(10)
        self._processes["witness"].wait(10)

    def start(self, role: str) -> None:
        log = (self.folder / f"{role}.log").open("ab")
        with log:
            log.write(f"{self.kills[role]} {STARTED}\n".encode())
            log.flush()
            self._processes[role] = subprocess.Popen(
                self._command(role), stdout=log, stderr=log, pass_fds=(self._pipe,), cwd=REPOSITORY, env=_environment()
            )

    def kill(self, role: str) -> None:
        """SIGKILL, in whatever it is doing."""
        process = self._processes[role]
        assert process.poll() is None, f"{role} died by itself: {self.log(role)}"
        process.kill()
        process.wait(10)
        self.kills[role] += 1
        self.kills_in_flow[role] += len(self.found().emitted) < self.parts

    def stop(self, role: str, ready: str) -> int:
        """SIGTERM, once its log says that it is ready to hear it, and the exit code."""
        self.wait_until(lambda _: ready in self._log_since_start(role), 20)
        self._processes[role].send_signal(signal.SIGTERM)
        return self._processes[role].wait(20)

    def log(self, role: str) -> str:
        return (self.folder / f"{role}.log").read_text(errors="replace")[-4000:]

    def _log_since_start(self, role: str) -> str:
        return (self.folder / f"{role}.log").read_text(errors="replace").rpartition(STARTED)[2]

    def found(self) -> Found:
        lines = self._witnessed.read_text().splitlines() if self._witnessed.exists() else []
        words = [line.split() for line in lines]
        offered = {part for kind, part in words if kind == "O"}
        return Found(offered, {part for kind, part in words if kind == "E"}, [row[1] for row in self.rows()])

    def rows(self) -> list[tuple[int, str, str]]:
        """Sequence, part and point of every stored alert, in the order of storing."""
        if not self._store.exists():
            return []
        with closing(sqlite3.connect(self._store, timeout=10)) as con:
            try:
                return con.execute("SELECT seq, part, point FROM alerts ORDER BY id").fetchall()
            except sqlite3.OperationalError:
                return []

    def wait_until(self, is_done: Callable[[Found], bool], timeout_s: float) -> Found:
        """Look until it is done or the time is over; says what was found last."""
        deadline_s = time.monotonic() + timeout_s
        found = self.found()
        while not is_done(found) and time.monotonic() < deadline_s:
            time.sleep(0.2)
            found = self.found()
        return found

    @property
    def _witnessed(self) -> Path:
        return self.folder / "witnessed.txt"

    @property
    def _store(self) -> Path:
        return self.folder / "alerts.sqlite"

    def _command(self, role: str) -> list[str]:
        if role == "broker":
            return [self._program, "-c", str(self.folder / "broker.conf")]
        if role == "receiver":
            run = "from fleet_manager.cli import fleet; fleet()"
            where = ["--broker", f"127.0.0.1:{self.port}", "--store", str(self._store)]
            return [sys.executable, "-c", run, "listen", "--json", *where]
        self.runs += 1
        left = max(0, self.parts - len(self.found().emitted))
        numbers = {"port": self.port, "pipe": self._pipe, "run": self.runs, "parts": left, "rate": self.rate}
        options = [word for name, value in numbers.items() for word in (f"--{name}", str(value))]
        spool = ["--spool", str(self.folder / "spool.sqlite")]
        return [sys.executable, str(HERE / "delivery_device.py"), *spool, *options, *self.device_options]


def kill_at_random(rig: Rig, kills: int, between_s: tuple[float, float], seed: int) -> None:
    """Kill each role `kills` times at moments of its own, and start it again a moment later."""
    draw = random.Random(seed)
    events: list[tuple[float, str, str]] = []
    for role in ROLES:
        at_s = 1.0
        for _ in range(kills):
            at_s += draw.uniform(*between_s)
            down_s = draw.uniform(0.02, 0.4)
            events += [(at_s, "kill", role), (at_s + down_s, "start", role)]
    began_s = time.monotonic()
    for at_s, deed, role in sorted(events):
        time.sleep(max(0.0, began_s + at_s - time.monotonic()))
        if deed == "kill":
            rig.kill(role)
        else:
            rig.start(role)


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(REPOSITORY), "PYTHONDONTWRITEBYTECODE": "1"}
