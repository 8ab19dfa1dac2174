"""What the units of a station stand on, and who is told first."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from edge_contracts.station import StationConfig
from edge_runtime.infer.predictor import Predictor
from edge_runtime.units.outputs import OUTPUTS
from edge_runtime.units.plan import plan_of
from edge_runtime.units.points import _identity
from edge_runtime.units.records import RECORDS
from edge_runtime.units.running import Running
from edge_runtime.units.spool import DELIVERY
from tests.fakes.stations import opens

if TYPE_CHECKING:
    from pathlib import Path

    from edge_runtime.supervisor import Unit

WHO = {"org": "acme", "site": "north", "device": "line-1"}
POINT = {"name": "gate", "bundle": "b", "source": {"kind": "video", "path": "belt.avi"}}


def units() -> dict[str, Unit]:
    around: Any = None
    config = StationConfig.model_validate({"station": WHO, "points": [POINT]})
    return {unit.name: unit for unit in plan_of(config, around, opens(Predictor))}


def test_a_point_stands_on_whatever_must_hear_of_every_part() -> None:
    assert {OUTPUTS, DELIVERY, RECORDS, "source of gate"} <= set(units()["point gate"].needs)


def test_each_unit_stands_on_units_before_it() -> None:
    seen: set[str] = set()
    for unit in units().values():
        assert set(unit.needs) <= seen, unit.name
        seen.add(unit.name)


def test_what_rejects_a_part_is_told_before_anybody_else() -> None:
    log: Any = "log"
    panel: Any = "panel"
    running = Running(sinks=[log])
    running.first = (panel,)
    running.sinks.insert(0, "delivery")  # type: ignore[arg-type]
    assert running.told() == ("panel", "delivery", "log")


def test_other_bytes_under_the_same_name_are_another_bundle(tmp_path: Path) -> None:
    path = tmp_path / "part.bundle"
    path.write_bytes(b"one")
    before = _identity(path)
    path.write_bytes(b"two")
    os.utime(path, ns=(1, 1))
    assert _identity(path) != before
