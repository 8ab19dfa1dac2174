"""What a page of the running manager costs with 1,000,000 alerts stored: the whole answer over HTTP, ms.

`python -m tests.bench.pages`. A real `lepton fleet serve` on SQLite, asked by somebody who is logged in, each time on a
connection of its own. 300 devices of 6 sites announce themselves and have one alert after the other; one device has a
tenth of all. The alerts go in through the store, and cases and counts follow, before the manager is started. The floor
is the same manager before anything was ever stored. `--rows` changes the number of alerts.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge_contracts.alert import AlertEvent
from fleet_manager.arrival import Arrival, judge
from fleet_manager.desk.alert_counts import AlertCounter
from fleet_manager.desk.case_reader import CaseReader
from fleet_manager.desk.desk import GAP_MS
from fleet_manager.desk.following import follow
from fleet_manager.store.alert_store import AlertStore
from tests.fakes.arrivals import EPOCH, alert_body
from tests.fakes.desks import leave_nothing
from tests.system.serving_manager import serving_manager
from tests.system.visitor import Visitor

if TYPE_CHECKING:
    from collections.abc import Iterator

SITES, DEVICES_PER_SITE = 6, 50
BUSY: Final = "plant/site-0/cam-0"
EVERY_MS = 2_000
BATCH, STEP = 5_000, 10_000
TURNS = 60
BAR_MS = 200


def addresses() -> list[str]:
    return [f"plant/site-{site}/cam-{number}" for site in range(SITES) for number in range(DEVICES_PER_SITE)]


def fill(file: Path, rows: int) -> None:
    """Devices, their alerts up to now, and what the desk makes of them."""
    begins_ms = time.time_ns() // 1_000_000 - rows * EVERY_MS
    now_ms = begins_ms
    store = AlertStore.open(file, lambda: now_ms)
    store.take([one for address in addresses() for one in announced(address)])
    coming = alerts(rows, begins_ms)
    for begin in range(0, rows, BATCH):
        now_ms = begins_ms + begin * EVERY_MS
        taken = store.take([next(coming) for _ in range(min(BATCH, rows - begin))])
        assert not taken.refused, taken.refused[0].why
    for reader in (CaseReader(GAP_MS), AlertCounter()):
        while follow(store.engine, reader, lambda _seconds: None, leave_nothing, STEP):
            pass
    store.close()


def announced(address: str) -> Iterator[Arrival]:
    birth = {
        "session": 1, "epoch": EPOCH, "version": "0.1.0", "hardware": "Raspberry Pi 5", "system": "Debian 13",
        "python": "3.11.9", "runtime": "ai-edge-litert 2.1.0", "ack": "manager",
        "points": [{"name": "line-1", "source": "rtsp camera", "bundle": "bracket", "model": "ab" * 32}],
    }  # fmt: skip
    counts = {"point": "line-1", "last": "good", "good": 18_240, "defect": 61, "unknown": 9, "p95_ms": 44.0}
    state = {
        "time": datetime.now(timezone.utc).isoformat(), "clk": "ntp", "uptime_s": 183_000.0, "spool_depth": 0,
        "spool_age_s": 0.0, "disk_free_bytes": 21_400_000_000, "points": [counts],
    }  # fmt: skip
    for leaf, said in (("birth", birth), ("status", {"status": "online", "session": 1}), ("state", state)):
        one = judge(f"lepton/1/{address}/{leaf}", json.dumps(said).encode())
        assert not one.why, one.why
        yield one


def alerts(rows: int, begins_ms: int) -> Iterator[Arrival]:
    """Arrivals as `judge` gives them, made from one without its checks, which take most of the time."""
    body = json.loads(alert_body(1))
    event, known = AlertEvent.model_validate(body), addresses()
    seqs: dict[str, int] = {}
    for number in range(rows):
        address = BUSY if number % 10 == 0 else known[number * 7 % len(known)]
        seq = seqs[address] = seqs.get(address, 0) + 1
        name = f"0190aaaa-0000-7000-8000-{number:012x}"
        at = datetime.fromtimestamp((begins_ms + number * EVERY_MS) // 1000, timezone.utc)
        told = {**body, "id": name, "source": f"lepton/1/{address}", "time": at.isoformat(), "seq": seq}
        moved = event.model_copy(update={"id": name, "seq": seq, "time": at})
        yield Arrival(f"lepton/1/{address}/alert", address, json.dumps(told).encode(), name, EPOCH, seq, moved)


PAGES: Final = {
    "overview (the first page)": "/",
    "one site": "/?site=plant%2Fsite-0",
    "inbox": "/alerts",
    "inbox, any state": "/alerts?state=any",
    "inbox, one device": f"/alerts?state=any&device={BUSY}",
    "cases": "/cases",
    "the device with a tenth of all": f"/devices/{BUSY}",
    "another device": "/devices/plant/site-3/cam-7",
    "statistics": "/statistics",
    "quarantine": "/quarantine",
}


def measured(folder: Path, rows: int | None) -> dict[str, tuple[float, float, int]]:
    """Median and 95th percentile in ms, and bytes, of each page; `rows` None for a manager that heard of nobody."""
    kept = folder / "lepton-fleet"
    kept.mkdir(parents=True)
    if rows is not None:
        begun = time.perf_counter()
        fill(kept / "fleet.sqlite", rows)
        took_s = time.perf_counter() - begun
        print(f"{rows:,} alerts of {len(addresses())} devices stored and followed in {took_s:.0f} s")
    with serving_manager(folder) as manager:
        anna = Visitor(manager)
        return {title: timed(anna, path) for title, path in PAGES.items()}


def timed(anna: Visitor, path: str) -> tuple[float, float, int]:
    took, size = [], 0
    for turn in range(TURNS + 3):
        begun = time.perf_counter()
        status, content = anna.ask("GET", path)
        if turn >= 3:
            took.append((time.perf_counter() - begun) * 1000)
        size = len(content) if status == 200 else 0
    return statistics.median(took), statistics.quantiles(took, n=20)[-1], size


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, default=None, help="where the databases lie for the time of the run")
    told = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="lepton-pages-", dir=told.folder) as folder:
        floor = measured(Path(folder) / "empty", None)
        found = measured(Path(folder) / "full", told.rows)
    print(f"\n{'ms':<34}{'median':>8}{'p95':>8}{'kB':>6}{'empty':>8}{'p95':>8}{'/ empty':>9}")
    for title, (median, p95, size) in found.items():
        empty, empty_p95, _ = floor[title]
        row = f"{title:<34}{median:>8.1f}{p95:>8.1f}{size / 1000:>6.0f}{empty:>8.1f}{empty_p95:>8.1f}"
        print(f"{row}{median / empty:>9.1f}{'  over the bar' if p95 > BAR_MS else ''}")


if __name__ == "__main__":
    main()
