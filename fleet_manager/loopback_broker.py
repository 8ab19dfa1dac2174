"""A broker on loopback for the length of a block: mosquitto where it is installed, else the embedded amqtt."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge_contracts.errors import LeptonError
from fleet_manager.child_process import stop_process

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LOOPBACK = "127.0.0.1"
READY_WITHIN_S = 15.0
PROBE_EVERY_S = 0.05
SBIN = "/usr/sbin"

_SPEAKS = {"mosquitto": "5", "amqtt": "3.1.1"}
_MOSQUITTO = """\
listener {port} {host}
allow_anonymous true
persistence false
max_inflight_messages 0
max_queued_messages 0
"""
_AMQTT = """\
listeners:
  default:
    type: tcp
    bind: {host}:{port}
plugins:
  amqtt.plugins.authentication.AnonymousAuthPlugin:
    allow_anonymous: true
"""


class BrokerMissing(LeptonError, RuntimeError):
    """No broker could be started."""


@dataclass(frozen=True, slots=True)
class Broker:
    """A running broker: which one it is, where it listens, and which MQTT it speaks."""

    name: str
    host: str
    port: int
    mqtt: str


@contextmanager
def loopback_broker(folder: Path, wanted: str = "auto", port: int | None = None) -> Iterator[Broker]:
    """Run a broker that only this machine can reach, until the block ends.

    Args:
        folder: takes its configuration and log.
        wanted: `mosquitto`, `amqtt`, or `auto` for the first of these that is there.
        port: where it listens; any free one without it.

    Raises:
        BrokerMissing: it is not installed or did not start; the message says what to do.
    """
    port = port or _free_port()
    found = None if wanted == "amqtt" else shutil.which("mosquitto") or shutil.which("mosquitto", path=SBIN)
    if wanted == "mosquitto" and not found:
        raise BrokerMissing("wanted mosquitto, found none; install it (Debian: apt install mosquitto) or take amqtt")
    name, text = ("mosquitto", _MOSQUITTO) if found else ("amqtt", _AMQTT)
    configuration = folder / f"{name}.conf"
    configuration.write_text(text.format(host=LOOPBACK, port=port), "utf-8")
    module = [sys.executable, "-m", "amqtt.scripts.broker_script"]
    command = [*([found] if found else module), "-c", str(configuration)]
    log = folder / f"{name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        try:
            _wait_until_it_listens(process, port, log)
            yield Broker(name, LOOPBACK, port, _SPEAKS[name])
        finally:
            stop_process(process)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def _wait_until_it_listens(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    while process.poll() is None and time.monotonic() < deadline:
        if _listens(port):
            return
        time.sleep(PROBE_EVERY_S)
    raise BrokerMissing(f"wanted a broker on {LOOPBACK}:{port}, found none after {READY_WITHIN_S:g} s; see {log}")


def _listens(port: int) -> bool:
    try:
        socket.create_connection((LOOPBACK, port), timeout=1).close()
    except OSError:
        return False
    return True
