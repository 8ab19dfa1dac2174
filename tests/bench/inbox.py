"""What a page of the alert inbox costs with 1,000,000 alerts stored: ms on SQLite and PostgreSQL.

Beside it, the floor: one alert by its number. 300 devices on 60 sites and a quiet site that has every thousandth alert;
9 of 10 alerts are handled. A rare cause is one alert of 100,000: a filter that no index serves stops where `READ_ROWS`
are read, and a `+` says so. `--rows` changes the number of alerts; without a PostgreSQL its half is left out and named.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, text

from edge_contracts.alert import Severity
from edge_contracts.verdict import Cause
from fleet_manager.desk.inbox import Filter, inbox
from fleet_manager.desk.life_cycle import AlertState
from fleet_manager.desk.tables import alert_states
from fleet_manager.store.database import open_database, writing
from fleet_manager.store.migration import migrate
from fleet_manager.store.tables import alerts
from tests.fakes.arrivals import EPOCH, alert_body
from tests.fleet_manager.databases import PostgresCluster, postgres_programs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection, Engine

SITES, DEVICES_PER_SITE = 60, 5
RARE = 100_000
QUIET_SITE = "org-0/quiet"
NOON_MS = 1_700_000_000_000
EVERY_MS = 2_000
BATCH = 20_000
TURNS = 15
BODY = alert_body(1).decode()


def site_of(number: int) -> str:
    return QUIET_SITE if number % 1000 == 7 else f"org-{number * 7 % 3}/site-{number * 31 % SITES}"


def row(number: int, draw: random.Random) -> dict[str, Any]:
    site, is_rare = site_of(number), number % RARE == 11
    return {
        "id": number,
        "address": f"{site}/cam-{number // SITES % DEVICES_PER_SITE}",
        "site": site,
        "epoch": EPOCH,
        "seq": number,
        "event_id": f"event-{number}",
        "time_ms": NOON_MS + number * EVERY_MS,
        "stored_ms": NOON_MS + number * EVERY_MS + 150,
        "point": f"point-{number % 4}",
        "part": f"part-{number}",
        "outcome": "unknown" if is_rare else "defect",
        "cause": "frozen" if is_rare else "threshold",
        "severity": draw.choices(["info", "warning", "critical"], [10, 85, 5])[0],
        "label": draw.choice(["dent", "scratch", "rust", None]),
        "score": 0.5,
        "model": None,
        "count": 1,
        "body": BODY,
    }


def fill(engine: Engine, rows: int) -> None:
    draw = random.Random(5)
    states = [one.value for one in AlertState if one is not AlertState.NEW]
    for begin in range(1, rows + 1, BATCH):
        told = [row(number, draw) for number in range(begin, min(begin + BATCH, rows + 1))]
        handled = [
            {"alert_id": one["id"], "site": one["site"], "state": draw.choice(states), "who": "ann", "changed_ms": 0}
            for one in told
            if one["id"] <= rows * 0.9
        ]
        with writing(engine) as con:
            con.execute(insert(alerts), told)
            if handled:
                con.execute(insert(alert_states), handled)
    with writing(engine) as con:
        con.execute(text("ANALYZE"))


def pages(rows: int) -> dict[str, tuple[Filter, int | None]]:
    """Each view and where its page begins."""
    here = site_of(1)
    some = tuple(sorted({site_of(number) for number in range(1, 9)}))
    most = tuple(sorted({site_of(number) for number in range(1, 2000)}))
    frozen = Filter(cause=Cause.FROZEN)
    return {
        "newest, every site": (Filter(), None),
        "newest, one site": (Filter(sites=(here,)), None),
        f"newest, {len(some)} sites": (Filter(sites=some), None),
        f"newest, {len(most)} sites": (Filter(sites=most), None),
        "newest, a quiet site": (Filter(sites=(QUIET_SITE,)), None),
        "newest, one device": (Filter(address=f"{here}/cam-0"), None),
        "in the middle, 8 sites": (Filter(sites=some), rows // 2),
        "at the oldest end": (Filter(sites=some), 2_000),
        "new, 8 sites": (Filter(sites=some, state=AlertState.NEW), None),
        "new, where all are handled": (Filter(state=AlertState.NEW), int(rows * 0.9)),
        "closed, 8 sites": (Filter(sites=some, state=AlertState.CLOSED), None),
        "critical, 8 sites": (Filter(sites=some, severity=Severity.CRITICAL), None),
        "a rare cause, every site": (frozen, None),
        "a rare cause, 8 sites": (Filter(sites=some, cause=Cause.FROZEN), None),
        "one hour, long ago": (_hour(rows), None),
    }


def _hour(rows: int) -> Filter:
    since_ms = NOON_MS + rows // 3 * EVERY_MS
    return Filter(since_ms=since_ms, until_ms=since_ms + 3_600_000)


def timed(work: Callable[[], Any]) -> tuple[float, float, Any]:
    """Median and worst, ms, and what it gave."""
    took, found = [], None
    for _ in range(TURNS):
        begun = time.perf_counter()
        found = work()
        took.append((time.perf_counter() - begun) * 1000)
    return statistics.median(took), max(took), found


def measure(name: str, engine: Engine, rows: int) -> None:
    begun = time.perf_counter()
    fill(engine, rows)
    print(f"\n{name}: {rows:,} alerts written in {time.perf_counter() - begun:.0f} s")
    print(f"{'page of 50':<34}{'median ms':>10}{'worst ms':>10}{'alerts':>8}")
    with engine.connect() as con:
        _floor(con, rows)
        for title, (wanted, before) in pages(rows).items():
            median, worst, page = timed(lambda w=wanted, b=before: inbox(con, w, b))
            found = f"{len(page.lines)}{'+' if page.is_cut else ''}"
            print(f"{title:<34}{median:>10.1f}{worst:>10.1f}{found:>8}")


def _floor(con: Connection, rows: int) -> None:
    draw = random.Random(6)
    one = select(alerts).where(alerts.c.id == draw.randrange(1, rows))
    median, worst, _ = timed(lambda: con.execute(one).one())
    print(f"{'floor: one alert by its number':<34}{median:>10.1f}{worst:>10.1f}{1:>8}")


@contextmanager
def opened(url: str) -> Iterator[Engine]:
    engine = open_database(url)
    try:
        migrate(engine)
        yield engine
    finally:
        engine.dispose()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, default=None, help="where the databases lie for the time of the run")
    told = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="lepton-inbox-", dir=told.folder) as folder,
        opened(f"sqlite:///{folder}/fleet.sqlite") as engine,
    ):
        measure("SQLite", engine, told.rows)
    programs = postgres_programs()
    if programs is None:
        print("\nPostgreSQL: left out, this machine has none (apt-get install postgresql)")
        return
    with tempfile.TemporaryDirectory(prefix="lepton-pg-", dir=told.folder, ignore_cleanup_errors=True) as folder:
        cluster = PostgresCluster(programs, Path(folder))
        try:
            cluster.start()
            with opened(cluster.new_database()) as engine:
                measure("PostgreSQL", engine, told.rows)
        finally:
            cluster.stop()


if __name__ == "__main__":
    main()
