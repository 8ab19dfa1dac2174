"""What an alert costs, calm and busy: seconds from its picture to the manager's word, and bytes of flash. `make bench`.

The whole way as a site has it: `lepton run` with a model that calls every picture a defect, a real mosquitto, and
`lepton fleet listen`. The spool lies on an ext4 file system of its own where this may mount one: then flash is what its
device was told to write, journal and all; else, and beside it, what the kernel counts for the daemon. Evidence and
records are off: they have budgets of their own. `--fixed` keeps the window short however busy the station is.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from edge_contracts.topics import DeviceAddress
from tests.fakes.stations import DEFECT_LEVEL, write_parts, write_station

if TYPE_CHECKING:
    from collections.abc import Iterator

RATES_HZ = (2.0, 20.0)
WARM_UP_S, SETTLE_S = 12.0, 3.0
DISK_BYTES = 256 << 20
SECTOR_BYTES = 512
ADDRESS = DeviceAddress("acme", "north", "line-1")

POINT = """
source = {{ kind = "folder", path = "parts", repeat = true }}
trigger = {{ kind = "interval", interval_s = {interval_s} }}
"""
MORE = """
[evidence]
enabled = false

[records]
enabled = false

[uplink]
host = "127.0.0.1"
port = {port}
"""
FIXED = """
[spool]
commit_window_busy_ms = 0
"""


@dataclass
class Heard:
    """What went by on the broker and on the daemon's standard output; times are monotonic seconds.

    captured: of each part. seqs, sizes: place and bytes of each part's alert. stored: places, and when the manager said
    that everything up to them is stored.
    """

    captured: dict[str, float] = field(default_factory=dict)
    seqs: dict[str, int] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    stored: list[tuple[int, float]] = field(default_factory=list)

    def message(self, _client: Client, _userdata: object, message: MQTTMessage) -> None:
        """An alert, or the manager's word."""
        now_s, said = time.monotonic(), json.loads(message.payload)
        if message.topic.endswith("/ack"):
            self.stored.append((said["seq"], now_s))
        else:
            part = said["data"]["part"]
            self.seqs[part], self.sizes[part] = said["seq"], len(message.payload)

    def latencies_s(self, from_s: float, to_s: float) -> list[float]:
        """From picture to stored, of the parts whose picture was taken between the two times.

        A part that this machine was too busy to judge in time has no alert of its own where one before it has.
        """
        taken = {part for part, at_s in list(self.captured.items()) if from_s <= at_s < to_s}
        parts = taken & self.seqs.keys()
        return [self._stored_at_s(self.seqs[part]) - self.captured[part] for part in parts]

    def _stored_at_s(self, seq: int) -> float:
        return min(at_s for through, at_s in self.stored if through >= seq)


@dataclass(frozen=True)
class Written:
    """Bytes so far: by the kernel's count for the daemon, and to the device of the spool's own file system, if any."""

    by_process: int
    to_device: int | None


def main() -> None:
    """Both operating points, in one run."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=60.0, help="measured at each rate")
    parser.add_argument("--fixed", action="store_true", help="the short window at every rate")
    args = parser.parse_args()
    heads = ("alerts/s", "alert bytes", "p50 ms", "p95 ms", "worst ms", "flash/alert, device", "flash/alert, process")
    print("".join(f"{head:>{len(head) + 3}}" for head in heads))
    for rate_hz in RATES_HZ:
        print(measured(rate_hz, args.seconds, FIXED if args.fixed else ""), flush=True)


def measured(rate_hz: float, seconds: float, more: str) -> str:
    """One operating point as a line of the table."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        disk = stack.enter_context(own_disk(folder))
        port = stack.enter_context(broker(folder))
        stack.enter_context(
            process("fleet", "listen", "--quiet", "--broker", f"127.0.0.1:{port}", "--store", f"{folder}/a")
        )
        heard = stack.enter_context(ear(port))
        write_parts(folder / "parts", [DEFECT_LEVEL] * 30)
        point, tables = POINT.format(interval_s=1 / rate_hz), MORE.format(port=port) + more
        station = write_station(folder, point, deadline_ms=1000 / rate_hz, more=tables)
        text = station.read_text("utf-8").replace("[station]", f'[station]\nstate_folder = "{disk}/state"')
        station.write_text(text, "utf-8")
        daemon = stack.enter_context(process("run", str(station), "--json", "--quiet"))
        threading.Thread(target=read_verdicts, args=(daemon, heard), daemon=True).start()
        time.sleep(WARM_UP_S)
        before, from_s = written(daemon.pid, disk), time.monotonic()
        time.sleep(seconds)
        after, to_s = written(daemon.pid, disk), time.monotonic()
        time.sleep(SETTLE_S)
        return line(heard, (from_s, to_s), (before, after))


def line(heard: Heard, between_s: tuple[float, float], amounts: tuple[Written, Written]) -> str:
    """The figures of one rate."""
    taken_ms = [1000 * value for value in heard.latencies_s(*between_s)]
    p50, p95 = np.percentile(taken_ms, [50, 95])
    before, after = amounts
    device = "–"
    if before.to_device is not None and after.to_device is not None:
        device = f"{(after.to_device - before.to_device) / len(taken_ms):.0f} B"
    own = f"{(after.by_process - before.by_process) / len(taken_ms):.0f} B"
    rate_hz, size = len(taken_ms) / (between_s[1] - between_s[0]), np.mean(list(heard.sizes.values()))
    return f"{rate_hz:11.1f}{size:14.0f}{p50:9.0f}{p95:9.0f}{max(taken_ms):11.0f}{device:>22}{own:>23}"


def written(pid: int, disk: Path) -> Written:
    """What has been written; the disk's own is flushed first, so that nothing hides in memory."""
    counted = dict(each.split(": ") for each in Path(f"/proc/{pid}/io").read_text("ascii").splitlines())
    by_process = int(counted["write_bytes"]) - int(counted["cancelled_write_bytes"])
    if not disk.is_mount():
        return Written(by_process, None)
    subprocess.run(["sync", "-f", disk], check=True)
    device = disk.stat().st_dev
    told = Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}/stat").read_text("ascii").split()
    return Written(by_process, int(told[6]) * SECTOR_BYTES)


@contextmanager
def own_disk(folder: Path) -> Iterator[Path]:
    """A file system of its own for the spool; a plain folder where this may not mount one."""
    image, place = folder / "disk.img", folder / "disk"
    place.mkdir()
    image.touch()
    os.truncate(image, DISK_BYTES)
    is_made = shutil.which("mkfs.ext4") and _is_done("mkfs.ext4", "-q", "-E", "lazy_itable_init=0", image)
    is_mounted = is_made and _is_done("mount", "-o", "loop", image, place)
    try:
        yield place
    finally:
        if is_mounted:
            subprocess.run(["umount", place], check=True)


@contextmanager
def broker(folder: Path) -> Iterator[int]:
    """A mosquitto of its own; its port."""
    program = shutil.which("mosquitto", path=f"{os.environ['PATH']}:/usr/sbin") or sys.exit("install mosquitto")
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = int(sock.getsockname()[1])
    (folder / "broker.conf").write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\n")
    running = subprocess.Popen([program, "-c", folder / "broker.conf"], stderr=subprocess.DEVNULL)
    try:
        while not _answers(port):
            time.sleep(0.05)
        yield port
    finally:
        running.kill()
        running.wait(10)


@contextmanager
def ear(port: int) -> Iterator[Heard]:
    """Somebody who hears the station and the manager."""
    heard, client = Heard(), Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
    client.on_message = heard.message
    client.connect("127.0.0.1", port)
    client.subscribe([(ADDRESS.topic("alert"), 1), (ADDRESS.topic("ack"), 1)])
    client.loop_start()
    try:
        yield heard
    finally:
        client.disconnect()
        client.loop_stop()


@contextmanager
def process(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """`lepton` with arguments, ended politely."""
    command = [sys.executable, "-m", "lepton", *arguments]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        yield running
    finally:
        running.terminate()
        running.wait(30)


def read_verdicts(daemon: subprocess.Popen[str], heard: Heard) -> None:
    """When the picture of each part was taken."""
    for said in daemon.stdout or ():
        verdict: dict[str, Any] = json.loads(said)
        heard.captured[verdict["part"]] = verdict["captured_at_ns"] / 1e9


def _answers(port: int) -> bool:
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0


def _is_done(*command: str | Path) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


if __name__ == "__main__":
    main()
