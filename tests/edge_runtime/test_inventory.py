from __future__ import annotations

from typing import TYPE_CHECKING

from edge_contracts.device import LONGEST_UP_S, InspectionPoint, PointState, State
from edge_contracts.message import MAX_BIRTH_BYTES, MAX_STATE_BYTES, SEQ_MAX, ClockTrust
from edge_contracts.station import StationConfig, Uplink
from edge_contracts.verdict import Outcome
from edge_runtime import inventory
from edge_runtime.outbox.delivery_clock import Moment
from edge_runtime.outbox.outbox_counts import SpoolDepth

if TYPE_CHECKING:
    from pathlib import Path

POINT = {"name": "gate", "bundle": "part.bundle", "source": {"kind": "folder", "path": "parts"}}
MOST_POINTS = 16
POINTS_WITHIN_1_KB = 6


def test_the_birth_of_a_full_station_fits_its_message() -> None:
    points = [
        InspectionPoint(
            name=f"{n:032}", source="rtsp rtsp://camera.local/" + "x" * 200, bundle="b" * 32, model="0" * 64
        )
        for n in range(16)
    ]
    birth = inventory.birth(7, "0" * 16, Uplink(host="broker"), "litert 2.3.0", points)
    assert birth.session == 7
    assert birth.python
    assert len(birth.model_dump_json(exclude_none=True).encode()) <= MAX_BIRTH_BYTES


def test_the_state_tells_clocks_spool_disk_and_points_and_fits_its_message(tmp_path: Path) -> None:
    moment = Moment(unix_ms=0, mono_ms=5, trust=ClockTrust.NONE)
    depth = SpoolDepth(rows=3, bytes=900, age_s=1.5)
    state = inventory.state(moment, 12.3456, depth, tmp_path, busy_points(POINTS_WITHIN_1_KB, 10**7))
    assert (state.time.year, state.clk, state.spool_depth, state.uptime_s) == (1970, ClockTrust.NONE, 3, 12.346)
    assert state.disk_free_bytes > 0
    assert size(state) <= 1024


def test_the_state_of_a_full_station_with_the_longest_names_and_counters_fits(tmp_path: Path) -> None:
    moment = Moment(unix_ms=1_700_000_000_123, mono_ms=5, trust=ClockTrust.FLOOR)
    depth = SpoolDepth(rows=SEQ_MAX, bytes=SEQ_MAX, age_s=float(SEQ_MAX))
    state = inventory.state(moment, LONGEST_UP_S, depth, tmp_path, busy_points(MOST_POINTS, SEQ_MAX))
    assert size(state) <= MAX_STATE_BYTES


def busy_points(number: int, count: int) -> tuple[PointState, ...]:
    names = [f"{n:032}" for n in range(number)]
    counts = {"good": count, "defect": count, "unknown": count}
    return tuple(
        PointState.model_validate({"point": name, "last": Outcome.UNKNOWN, "p95_ms": 123456.789, **counts})
        for name in names
    )


def size(state: State) -> int:
    return len(state.model_dump_json(exclude_none=True).encode())


def test_what_a_station_can_follows_from_its_file() -> None:
    plain = {"station": {"org": "plant", "site": "hall", "device": "cam", "state_folder": "state"}, "points": [POINT]}
    assert inventory.capabilities_of(StationConfig.model_validate({**plain, "commands": {"allowed": ["ping"]}})) == (
        "cmd/ping",
    )
    upload = {"url": "https://manager", "token_file": "token"}
    assert "upload" in inventory.capabilities_of(StationConfig.model_validate({**plain, "upload": upload}))


def test_a_board_always_has_a_name() -> None:
    assert inventory.hardware()
