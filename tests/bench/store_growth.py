"""How much a manager's store grows: bytes of the SQLite file, indexes and all, with each alert, minute, call and act.

Alerts and minutes come through the store and the desk, as they do in a plant. An alert that is a case of its own is the
dearest. `--rows` changes how many of each are stored.
"""

from __future__ import annotations

import argparse
import itertools
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from edge_contracts.message import ClockTrust
from edge_runtime.outbox.delivery_clock import Moment
from edge_runtime.outbox.envelope import Letter, seal
from fleet_manager.arrival import judge
from fleet_manager.desk.alert_counts import AlertCounter
from fleet_manager.desk.case_reader import CaseReader
from fleet_manager.desk.deliveries import put_call
from fleet_manager.desk.desk import GAP_MS
from fleet_manager.desk.escalation import MOST_NAMED
from fleet_manager.desk.escalation_rule import EscalationRule, Webhook, new_secret
from fleet_manager.desk.following import follow
from fleet_manager.desk.handling import change_state
from fleet_manager.desk.life_cycle import AlertState
from fleet_manager.desk.minute_counts import count_minutes
from fleet_manager.people.audit import AuditLog
from fleet_manager.people.principal import SYSTEM
from fleet_manager.store.alert_store import AlertStore
from fleet_manager.store.database import writing
from tests.fakes.arrivals import EPOCH
from tests.fakes.desks import NOON_MS, alert, leave_nothing
from tests.fakes.letters import ADDRESS, stats

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_contracts.message import Payload

MINUTE_MS = 60_000
BATCH = 500
DIGEST = "ab" * 32
PICTURE = {"kind": "image", "sha256": DIGEST, "media_type": "image/jpeg", "bytes": 40_000}
SAID = {
    "model": DIGEST,
    "label": "scratch",
    "score": 0.875,
    "threshold": 0.5,
    "evidence": [PICTURE],
    "latency_ms": 41.5,
}
TOLD = {
    "id": 1,
    "address": ADDRESS.source,
    "point": "line-1",
    "part": "part-1",
    "outcome": "defect",
    "label": "scratch",
}
MORE = {"cause": "threshold", "severity": "warning", "stored": "2026-11-21T02:08:20.000+00:00"}


class Plant:
    """A store and one station that fills it; its clock goes on with what the station says."""

    def __init__(self, path: Path) -> None:
        self.now_ms, self._path = NOON_MS, path
        self._store = AlertStore.open(path, lambda: self.now_ms)
        self._engine, self._seq = self._store.engine, itertools.count(1)
        self._readers = (CaseReader(GAP_MS), AlertCounter())

    def close(self) -> None:
        self._store.close()

    def size(self) -> int:
        with self._engine.connect() as con:
            con.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
        return self._path.stat().st_size

    def alerts(self, rows: int, apart_ms: int) -> None:
        self._hear("alert", rows, apart_ms, lambda number: alert(part=f"part-{number}", reason="scratch", **SAID))
        for reader in self._readers:
            while follow(self._engine, reader, lambda _: None, leave_nothing):
                pass

    def minutes(self, rows: int) -> None:
        self._hear("stats", rows, MINUTE_MS, lambda _: stats(good=55, boot="b0" * 8, dark=1))
        while count_minutes(self._engine, leave_nothing):
            pass

    def judgements(self, rows: int) -> None:
        with writing(self._engine) as con:
            for number in range(1, rows + 1):
                change_state(con, number, AlertState.NEW, AlertState.CONFIRMED_DEFECT, "anna", self.now_ms)

    def calls(self, rows: int) -> None:
        rule = EscalationRule("the night", Webhook("https://chat.plant.example/hook/0123456789", new_secret(bytes(32))))
        body = str({"data": {"first": [TOLD | MORE] * MOST_NAMED}})
        with writing(self._engine) as con:
            for _ in range(rows):
                put_call(con, rule, body, self.now_ms)

    def acts(self, rows: int) -> None:
        audit = AuditLog(self._engine, lambda: self.now_ms)
        for number in range(rows):
            audit.refused(SYSTEM, "acknowledge", f"alert:{number}", "plant/hall", "a few words of the person")

    def _hear(self, leaf: str, rows: int, apart_ms: int, say: Callable[[int], Payload]) -> None:
        for begin in range(0, rows, BATCH):
            arrivals = []
            for number in range(begin, min(begin + BATCH, rows)):
                self.now_ms += apart_ms
                seq = next(self._seq)
                letter = Letter(say(number), Moment(self.now_ms, 1_000, ClockTrust.NTP), seq.to_bytes(10, "big"))
                arrivals.append(judge(ADDRESS.topic(leaf), seal(letter, ADDRESS.source, EPOCH, seq).body))
            self._store.take(arrivals)


def measure(folder: Path, rows: int) -> None:
    kinds: dict[str, Callable[[Plant], Any]] = {
        "alert, a case of its own": lambda plant: plant.alerts(rows, GAP_MS + MINUTE_MS),
        "alert, in a case with others": lambda plant: plant.alerts(rows, MINUTE_MS),
        "judgement of one": lambda plant: plant.judgements(rows),
        "minute of one point": lambda plant: plant.minutes(rows),
        "call": lambda plant: plant.calls(rows),
        "entry of the audit log": lambda plant: plant.acts(min(rows, 2000)),
    }
    plant = Plant(folder / "fleet.sqlite")
    print(f"{'':<34}bytes each")
    for name, fill in kinds.items():
        before = plant.size()
        fill(plant)
        number = min(rows, 2000) if name.startswith("entry") else rows
        print(f"{name:<34}{(plant.size() - before) / number:>10.0f}")
    plant.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000)
    told = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="lepton-growth-") as folder:
        measure(Path(folder), told.rows)


if __name__ == "__main__":
    main()
