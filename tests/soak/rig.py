"""The real daemon, a real camera on HTTP and a real broker, each a process that can be stopped, killed and started."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from tests.fakes.models import BundleRecipe, write_brightness_bundle

if TYPE_CHECKING:
    from types import TracebackType

REPOSITORY = Path(__file__).resolve().parents[2]
DEADLINE_MS = 200
PATIENCE_S = 30.0

STATION = """
[station]
org = "acme"
site = "north"
device = "soak"

[[points]]
name = "gate"
bundle = "part.bundle"
deadline_ms = {deadline_ms}
source = {{ kind = "mjpeg", url = "http://127.0.0.1:{camera}/video", read_timeout_s = 1.0 }}
trigger = {{ kind = "frame" }}

[spool]
max_bytes = 8388608
reserve_bytes = 1048576

[uplink]
host = "127.0.0.1"
port = {broker}
ack = "broker"
state_period_s = 5.0

[evidence]
max_bytes = 8388608
"""


class Rig:
    """Camera, broker and daemon in a folder of their own; a context that ends them all.

    Args:
        folder: for the station, its state and the logs.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ports = {"camera": free_port(), "broker": free_port()}
        self._processes: dict[str, subprocess.Popen[str]] = {}
        self._ear = Client(CallbackAPIVersion.VERSION2)

    def __enter__(self) -> Rig:  # noqa: PYI034 - Self is not in Python 3.10
        write_brightness_bundle(self._folder / "part.bundle", BundleRecipe(threshold=0.6))
        (self._folder / "station.toml").write_text(STATION.format(deadline_ms=DEADLINE_MS, **self._ports))
        (self._folder / "broker.conf").write_text(
            f"listener {self._ports['broker']} 127.0.0.1\nallow_anonymous true\npersistence false\n"
        )
        for role in ("camera", "broker", "daemon"):
            self.start(role)
        self._listen()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for role in ("daemon", "broker", "camera"):
            if role in self._processes:
                self.kill(role)
        self._ear.loop_stop()

    @property
    def daemon(self) -> subprocess.Popen[str]:
        """Its standard output has the verdicts."""
        return self._processes["daemon"]

    def start(self, role: str) -> None:
        """Start one that does not run."""
        if role in self._processes:
            return
        said = subprocess.PIPE if role == "daemon" else subprocess.DEVNULL
        with (self._folder / f"{role}.log").open("ab") as log:
            self._processes[role] = subprocess.Popen(
                self._command(role), stdout=said, stderr=log, cwd=REPOSITORY, text=True, env=environment()
            )

    def stall(self, role: str) -> None:
        """It stands still and keeps its connections."""
        self._processes[role].send_signal(signal.SIGSTOP)

    def go_on(self, role: str) -> None:
        """It moves again."""
        self._processes[role].send_signal(signal.SIGCONT)

    def kill(self, role: str) -> None:
        """It is gone at once."""
        process = self._processes.pop(role)
        process.kill()
        process.wait(PATIENCE_S)

    def log(self, role: str) -> str:
        """The end of what it said."""
        return (self._folder / f"{role}.log").read_text(errors="replace")[-2000:]

    def _listen(self) -> None:
        """Somebody hears the alerts, or the spool would keep them; comes back whenever the broker does."""
        self._ear.on_connect = lambda client, *_: client.subscribe("lepton/1/#", qos=1)
        self._ear.connect_async("127.0.0.1", self._ports["broker"])
        self._ear.loop_start()

    def _command(self, role: str) -> list[str]:
        if role == "broker":
            found = shutil.which("mosquitto", path=os.pathsep.join([os.environ["PATH"], "/usr/sbin"]))
            if found is None:
                raise SystemExit("needs a real broker: install mosquitto")
            return [found, "-c", str(self._folder / "broker.conf")]
        if role == "camera":
            return [sys.executable, "-m", "tests.soak.camera", str(self._ports["camera"])]
        return [sys.executable, "-m", "lepton", "run", str(self._folder / "station.toml"), "--json", "--quiet"]


def free_port() -> int:
    """A port of the loopback that nobody uses at this moment."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def environment() -> dict[str, str]:
    """The repository's own code, whatever is installed."""
    return {**os.environ, "PYTHONPATH": str(REPOSITORY), "PYTHONDONTWRITEBYTECODE": "1"}
