"""A broker on loopback for the length of a block: mosquitto where it is installed, else the embedded amqtt."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge_contracts.errors import LeptonError
from fleet_manager.child_process import stop_process
from fleet_manager.embedded_broker import LISTENS_WITHIN_S, LOOPBACK, EmbeddedBroker, listens

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PROBE_EVERY_S = 0.05
SBIN = "/usr/sbin"

_MOSQUITTO = """\
listener {port} {host}
allow_anonymous true
persistence false
max_inflight_messages 0
max_queued_messages 0
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
        MissingExtraError: amqtt is not installed.
    """
    port = port or _free_port()
    program = None if wanted == "amqtt" else shutil.which("mosquitto") or shutil.which("mosquitto", path=SBIN)
    if wanted == "mosquitto" and not program:
        raise BrokerMissing("wanted mosquitto, found none; install it (Debian: apt install mosquitto) or take amqtt")
    with _mosquitto(program, folder, port) if program else _embedded(folder, port) as broker:
        yield broker


@contextmanager
def _mosquitto(program: str, folder: Path, port: int) -> Iterator[Broker]:
    configuration, log = folder / "mosquitto.conf", folder / "mosquitto.log"
    configuration.write_text(_MOSQUITTO.format(host=LOOPBACK, port=port), "utf-8")
    with log.open("wb") as output:
        process = subprocess.Popen([program, "-c", str(configuration)], stdout=output, stderr=subprocess.STDOUT)
        try:
            _wait_until_it_listens(lambda: process.poll() is None, port, log)
            yield Broker("mosquitto", LOOPBACK, port, "5")
        finally:
            stop_process(process)


@contextmanager
def _embedded(folder: Path, port: int) -> Iterator[Broker]:
    own = EmbeddedBroker(folder, port)
    try:
        if not own.start():
            raise BrokerMissing(f"wanted a broker on {LOOPBACK}:{port}, found none in time; see {own.log}")
        yield Broker("amqtt", LOOPBACK, port, "3.1.1")
    finally:
        own.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def _wait_until_it_listens(lives: Callable[[], bool], port: int, log: Path) -> None:
    deadline = time.monotonic() + LISTENS_WITHIN_S
    while lives() and time.monotonic() < deadline:
        if listens(port):
            return
        time.sleep(PROBE_EVERY_S)
    raise BrokerMissing(f"wanted a broker on {LOOPBACK}:{port}, found none after {LISTENS_WITHIN_S:g} s; see {log}")
