"""The line as it runs in a factory: receiver and daemon as processes of their own, a broker between them."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from edge_contracts.errors import LeptonError
from edge_contracts.whole_file import write_whole
from fleet_manager.child_process import read_lines, stop_process
from lepton.demo.outcome import Judged

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from fleet_manager.loopback_broker import Broker

RUN_WITHIN_S = 100.0
STORED_WITHIN_S = 15.0
LISTEN_WITHIN_S = 30.0
LOOK_EVERY_S = 0.1

_STATION = """\
# The station of the demo. Every key is explained in docs/reference/station.md.

[station]
org = "demo"
site = "here"
device = "line-1"
state_folder = "state"

[[points]]
name = "camera"
bundle = "{bundle}"
trigger = {{ kind = "presence" }}
deadline_ms = 1000

[points.source]
kind = "video"
path = "{film}"
pace = "fast"

[uplink]
host = "{host}"
port = {port}
mqtt = "{mqtt}"
"""


class LineFailed(LeptonError, RuntimeError):
    """The daemon did not run through the film."""


@dataclass(slots=True)
class LineRecord:
    """What the two processes said.

    judged: the daemon's verdicts. stored_parts: the part of each alert that the receiver has stored.
    """

    judged: list[Judged] = field(default_factory=list)
    stored_parts: list[str] = field(default_factory=list)


def write_station(path: Path, *, bundle: Path, film: Path, broker: Broker) -> Path:
    """Write the station's configuration, with paths relative to it."""
    text = _STATION.format(
        bundle=bundle.relative_to(path.parent),
        film=film.relative_to(path.parent),
        host=broker.host,
        port=broker.port,
        mqtt=broker.mqtt,
    )
    write_whole(path, text)
    return path


def run_line(station: Path, store: Path, broker: Broker, tell: Callable[[int], None]) -> LineRecord:
    """Run receiver and daemon until the film is over and every alert is stored.

    Args:
        station: the daemon's configuration.
        store: the receiver's database.
        broker: the broker between them.
        tell: told the number of verdicts so far.

    Raises:
        LineFailed: the daemon ended with an error or took too long; the message names its log.
    """
    record = LineRecord()
    log = station.with_name("daemon.log")
    with log.open("wb") as daemon_log, station.with_name("receiver.log").open("wb") as receiver_log:
        listen = ["fleet", "listen", "--broker", f"{broker.host}:{broker.port}", "--store", str(store), "--json"]
        listen += ["--mqtt", broker.mqtt]
        receiver = _lepton(listen, receiver_log)
        daemon = None
        readers = [_reader(receiver, lambda line: record.stored_parts.append(_part_of(line)))]
        try:
            _wait_until_it_listens(receiver, station.with_name("receiver.log"))
            daemon = _lepton(["run", str(station), "--json"], daemon_log)

            def take(line: bytes) -> None:
                record.judged.append(_judged(line))
                tell(len(record.judged))

            readers.append(_reader(daemon, take))
            _wait(daemon, log)
            _wait_for_alerts(record, readers[-1])
        finally:
            for process in filter(None, (daemon, receiver)):
                stop_process(process)
            for reader in readers:
                reader.join(LOOK_EVERY_S * 100)
    return record


def _lepton(arguments: list[str], log: Any) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "lepton", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log)


def _reader(process: subprocess.Popen[bytes], take: Callable[[bytes], None]) -> threading.Thread:
    thread = threading.Thread(target=read_lines, args=(process, take), name=f"read-{process.pid}", daemon=True)
    thread.start()
    return thread


def _wait_until_it_listens(receiver: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + LISTEN_WITHIN_S
    while b"listening at" not in log.read_bytes():
        if receiver.poll() is not None or time.monotonic() > deadline:
            raise LineFailed(f"wanted a receiver within {LISTEN_WITHIN_S:g} s, found none; see {log}")
        time.sleep(LOOK_EVERY_S)


def _wait(daemon: subprocess.Popen[bytes], log: Path) -> None:
    try:
        code = daemon.wait(RUN_WITHIN_S)
    except subprocess.TimeoutExpired as error:
        raise LineFailed(
            f"wanted the film judged within {RUN_WITHIN_S:g} s, found it still running; see {log}"
        ) from error
    if code:
        raise LineFailed(f"wanted the daemon to run through the film, found exit code {code}; see {log}")


def _wait_for_alerts(record: LineRecord, daemon_reader: threading.Thread) -> None:
    daemon_reader.join(STORED_WITHIN_S)
    raised = {one.part for one in record.judged if one.outcome != "good"}
    deadline = time.monotonic() + STORED_WITHIN_S
    while not raised <= set(record.stored_parts) and time.monotonic() < deadline:
        time.sleep(LOOK_EVERY_S)


def _judged(line: bytes) -> Judged:
    said = json.loads(line)
    number = said.get("frame")
    return Judged(said["part"], said["outcome"], None if number is None else number - 1, said["latency_ms"])


def _part_of(line: bytes) -> str:
    said = json.loads(line)
    return str(said["data"]["part"])
