"""Ten thousand devices at one manager: do they all come back when the broker is started anew, and how?

`python -m tests.bench.scale` (about four minutes). Each simulated device has a connection of its own to a real
mosquitto, says its state every 30 s and raises 0.1 alerts a second (Poisson); it keeps an alert until the manager says
that it is stored, sends what is open again after a reconnect, and waits between attempts by the same full jitter as the
board (`edge_contracts.reconnect`). The manager is `fleet_manager.ingest.workers` on SQLite. After a while the broker is
killed and started again ten seconds later. Written: attempts and connects per second around that moment, as numbers and
as an SVG.
"""

from __future__ import annotations

import asyncio
import gc
import json
import random
import resource
import subprocess
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from edge_contracts.reconnect import FullJitter
from edge_contracts.topics import DeviceAddress
from fleet_manager.ingest.broker_link import BrokerOptions
from fleet_manager.ingest.workers import Workers, tasks
from fleet_manager.store.alert_store import AlertStore
from fleet_manager.store.database import database_url
from fleet_manager.store.ledger import ledger
from tests.bench.daemon.spent import cpu_ns, family, pss_bytes
from tests.fakes.arrivals import alert_body, changed
from tests.fakes.patience import free_port

if TYPE_CHECKING:
    from collections.abc import Callable

TICK_S: Final = 5.0
STATE_EVERY: Final = 6
"""Ticks: a state each 30 s."""
ALERTS_PER_S: Final = 0.1
OUTAGE_S: Final = 10.0
PLOT_FROM_S: Final = 10
"""Seconds before the broker comes back."""
WINDOW: Final = 8
_JITTER: Final = FullJitter()
_CONNECT, _PUBLISH, _SUBSCRIBE = 0x10, 0x30, 0x82
_STATE: Final = json.dumps(
    {
        "time": "2026-01-01T00:00:00Z",
        "clk": "ntp",
        "uptime_s": 1,
        "spool_depth": 0,
        "spool_age_s": 0,
        "disk_free_bytes": 1,
        "points": [],
    }
).encode()


@dataclass(slots=True)
class Counts:
    """What all devices did."""

    online: int = 0
    offered: int = 0
    acknowledged: int = 0
    refused: int = 0
    attempts: Counter[int] = field(default_factory=Counter)
    connects: Counter[int] = field(default_factory=Counter)


class Device:
    """One simulated device."""

    def __init__(self, number: int, port: int, counts: Counts) -> None:
        self.address = DeviceAddress("plant", f"hall-{number % 20}", f"station-{number}")
        self._port, self._counts, self._draw = port, counts, random.Random(number)
        self._open: dict[int, bytes] = {}
        self._seq = self._sent = 0
        self._writer: asyncio.StreamWriter | None = None
        self._packet = 0

    async def live(self) -> None:
        """Connect, and again, for ever."""
        failures = 1
        await asyncio.sleep(self._draw.random() * 10)
        while True:
            try:
                await self._session()
                failures = 1
            except (OSError, asyncio.IncompleteReadError, asyncio.TimeoutError):
                failures += 1
            await asyncio.sleep(_JITTER.delay_s(failures, self._draw.random))

    async def raise_alerts(self) -> None:
        """Alerts at random moments, whether or not there is a connection."""
        while True:
            await asyncio.sleep(self._draw.expovariate(ALERTS_PER_S))
            self._seq += 1
            self._counts.offered += 1
            self._open[self._seq] = changed(alert_body(self._seq), source=self.address.source)
            if self._writer is not None:
                self._send_on()

    async def _session(self) -> None:
        self._counts.attempts[int(time.monotonic())] += 1
        reader, writer = await asyncio.wait_for(asyncio.open_connection("127.0.0.1", self._port), 10)
        try:
            writer.write(_packet(_CONNECT, b"\x00\x04MQTT\x04\x02\x00\x3c" + _text(self.address.device)))
            kind, body = await asyncio.wait_for(_read(reader), 10)
            if kind != 0x20 or body[1]:
                self._counts.refused += 1
                raise OSError("refused")
            writer.write(_packet(_SUBSCRIBE, b"\x00\x01" + _text(self.address.topic("ack")) + b"\x00"))
            self._writer = writer
            self._counts.online += 1
            self._counts.connects[int(time.monotonic())] += 1
            self._resend()
            await self._listen(reader)
        finally:
            if self._writer is not None:
                self._counts.online -= 1
            self._writer = None
            writer.close()

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        ticks = asyncio.create_task(self._tick())
        try:
            while True:
                kind, body = await _read(reader)
                if kind & 0xF0 == _PUBLISH:
                    self._acknowledged(json.loads(body[2 + int.from_bytes(body[:2], "big") :])["seq"])
        finally:
            ticks.cancel()

    async def _tick(self) -> None:
        """The state once a period; what nobody acknowledged since the last tick is sent again."""
        await asyncio.sleep(self._draw.random() * TICK_S)
        first, number = 0, self._draw.randrange(STATE_EVERY)
        while True:
            number += 1
            if number % STATE_EVERY == 0:
                self._publish("state", _STATE, qos=0)
            oldest = min(self._open, default=0)
            if oldest and oldest == first:
                self._resend()
            first = oldest
            await asyncio.sleep(TICK_S)

    def _acknowledged(self, through: int) -> None:
        for seq in [seq for seq in self._open if seq <= through]:
            del self._open[seq]
            self._counts.acknowledged += 1
        self._send_on()

    def _resend(self) -> None:
        self._sent = 0
        self._send_on()

    def _send_on(self) -> None:
        """What the window lets out and was not sent yet."""
        for seq in sorted(self._open)[:WINDOW]:
            if seq > self._sent:
                self._publish("alert", self._open[seq], qos=1)
                self._sent = seq

    def _publish(self, leaf: str, body: bytes, qos: int) -> None:
        if self._writer is None:
            return
        self._packet = self._packet % 65_535 + 1
        number = self._packet.to_bytes(2, "big") if qos else b""
        self._writer.write(_packet(_PUBLISH | qos << 1, _text(self.address.topic(leaf)) + number + body))


@click.command(help=__doc__)
@click.option("--devices", default=10_000, show_default=True)
@click.option("--steady", "steady_s", default=60.0, show_default=True, help="Seconds before the broker is killed.")
@click.option("--svg", type=click.Path(path_type=Path), default=Path("connects.svg"), show_default=True)
def main(devices: int, steady_s: float, svg: Path) -> None:
    """Measure and print."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    gc.disable()  # ten thousand tasks in one process: its pauses of seconds would gather attempts that no jitter made
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        store = AlertStore.open(folder / "fleet.sqlite", lambda: 0)
        options = BrokerOptions("127.0.0.1", port, store.client_id)
        broker = _Broker(folder, port)
        workers = Workers(tasks(database_url(folder / "fleet.sqlite"), options, 1, shares=True), random.random)
        try:
            workers.start()
            _measure(devices, steady_s, svg, broker, workers, store)
        finally:
            workers.stop()
            broker.kill()
            store.close()


def _measure(devices: int, steady_s: float, svg: Path, broker: _Broker, workers: Workers, store: AlertStore) -> None:
    counts = Counts()
    world = _World(devices, broker.port, counts)
    begun_s = time.monotonic()
    world.start()
    _wait(lambda: counts.online == devices, 120, lambda: f"{counts.online} of {devices} devices connected")
    print(f"{devices} devices connected {time.monotonic() - begun_s:.1f} s after the first")
    pids = [one.process.pid for one in workers.workers if one.process is not None]
    before_ns, before_s, before = sum(map(cpu_ns, pids)), time.monotonic(), counts.offered
    time.sleep(steady_s)
    took_s = time.monotonic() - before_s
    busy = (sum(map(cpu_ns, pids)) - before_ns) / took_s / 1e9
    print(f"steady: {(counts.offered - before) / took_s:.0f} alerts/s offered, ingest {busy:.0%} of a core, "
          f"{sum(map(pss_bytes, pids)) / 1e6:.0f} MB, broker {broker.memory_mb():.0f} MB")  # fmt: skip
    broker.kill()
    _wait(lambda: counts.online == 0, 30, lambda: f"{counts.online} still think they are connected")
    time.sleep(OUTAGE_S)
    again_s = time.monotonic()
    broker.start()
    _wait(lambda: counts.online == devices, 180, lambda: f"{counts.online} of {devices} are back")
    print(f"all {devices} back {time.monotonic() - again_s:.1f} s after the broker, {counts.refused} refusals")
    attempts, connects = _since(counts.attempts, int(again_s) - PLOT_FROM_S), _since(counts.connects, int(again_s))
    _tell("attempts per second, from the broker's start on", attempts[PLOT_FROM_S:])
    _tell("connects per second", connects)
    world.stop_raising()
    _wait(lambda: counts.acknowledged == counts.offered, 120, lambda: f"{counts.acknowledged} of {counts.offered}")
    lines = ledger(store.engine)
    stored, lost = sum(line.stored for line in lines), sum(sum(line.lost.values()) for line in lines)
    print(f"offered {counts.offered}, stored {stored}, lost {lost + counts.offered - stored}")
    svg.write_text(_plot(attempts, [0] * PLOT_FROM_S + connects), "utf-8")


class _World:
    """All devices, in a thread with a loop of its own."""

    def __init__(self, devices: int, port: int, counts: Counts) -> None:
        self._devices = [Device(number, port, counts) for number in range(devices)]
        self._loop = asyncio.new_event_loop()
        self._raising: list[asyncio.Task[None]] = []

    def start(self) -> None:
        threading.Thread(target=self._run, name="devices", daemon=True).start()

    def stop_raising(self) -> None:
        for task in self._raising:
            self._loop.call_soon_threadsafe(task.cancel)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        for one in self._devices:
            self._loop.create_task(one.live())
            self._raising.append(self._loop.create_task(one.raise_alerts()))
        self._loop.run_forever()


class _Broker:
    """A mosquitto that keeps nothing."""

    def __init__(self, folder: Path, port: int) -> None:
        self.port, self._file = port, folder / "mosquitto.conf"
        self._file.write_text(
            f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\n"
            "max_inflight_messages 0\nmax_queued_messages 0\nlog_type error\n",
            "utf-8",
        )
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(["/usr/sbin/mosquitto", "-c", str(self._file)])

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def memory_mb(self) -> float:
        return sum(map(pss_bytes, family(self._process.pid))) / 1e6


def _since(counted: Counter[int], from_s: int) -> list[int]:
    return [counted[second] for second in range(from_s, max(counted) + 1)]


def _tell(what: str, per_second: list[int]) -> None:
    print(f"{what} (most {max(per_second)}): " + " ".join(map(str, per_second)))


def _plot(attempts: list[int], connects: list[int]) -> str:
    """Attempts and connects per second, from before the broker came back."""
    width, height, top = 720, 260, max(*attempts, *connects)
    step = (width - 60) / max(len(attempts), len(connects))
    back = 40 + step * PLOT_FROM_S
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif"'
        f' font-size="12"><rect width="{width}" height="{height}" fill="white"/>'
        f'<g fill="#cbd5e0">{_bars(attempts, step, top, height)}</g>'
        f'<g fill="#2b6cb0">{_bars(connects, step, top, height)}</g>'
        f'<path d="M{back:.1f} 30V{height - 30}" stroke="#c53030"/>'
        f'<text x="{back + 4:.1f}" y="40" fill="#c53030">the broker is back</text>'
        f'<text x="40" y="18">attempts (grey) and connects (blue) per second; most connects {max(connects)}</text>'
        f'<text x="40" y="{height - 10}">{-PLOT_FROM_S} s</text>'
        f'<text x="{width - 20}" y="{height - 10}" text-anchor="end">{len(connects) - PLOT_FROM_S} s</text></svg>\n'
    )


def _bars(per_second: list[int], step: float, top: int, height: int) -> str:
    return "".join(
        f'<rect x="{40 + step * place:.1f}" y="{height - 30 - (height - 70) * number / top:.1f}" '
        f'width="{step * 0.85:.1f}" height="{(height - 70) * number / top:.1f}"/>'
        for place, number in enumerate(per_second)
        if number
    )


def _packet(kind: int, body: bytes) -> bytes:
    size, left = bytearray(), len(body)
    while True:
        left, digit = divmod(left, 128)
        size.append(digit | (0x80 if left else 0))
        if not left:
            return bytes([kind]) + bytes(size) + body


async def _read(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    kind = (await reader.readexactly(1))[0]
    size, shift = 0, 0
    while True:
        digit = (await reader.readexactly(1))[0]
        size |= (digit & 0x7F) << shift
        shift += 7
        if digit < 0x80:
            return kind, await reader.readexactly(size)


def _text(value: str) -> bytes:
    return len(value).to_bytes(2, "big") + value.encode()


def _wait(is_done: Callable[[], object], patience_s: float, found: Callable[[], str]) -> None:
    until_s = time.monotonic() + patience_s
    while not is_done():
        if time.monotonic() > until_s:
            raise SystemExit(f"it did not happen in {patience_s:g} s: {found()}")
        time.sleep(0.05)


if __name__ == "__main__":
    main()
