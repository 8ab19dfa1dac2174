from __future__ import annotations

from typing import TYPE_CHECKING

from edge_contracts.device import InspectionPoint, PointState
from edge_contracts.message import MAX_BIRTH_BYTES, MAX_STATE_BYTES, ClockTrust
from edge_contracts.station import Uplink
from edge_contracts.verdict import Outcome
from edge_runtime import inventory
from edge_runtime.outbox.delivery_clock import Moment
from edge_runtime.outbox.outbox import SpoolDepth

if TYPE_CHECKING:
    from pathlib import Path

POINTS_THAT_FIT = 6


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
    points = tuple(
        PointState(point=f"{n:032}", last=Outcome.UNKNOWN, good=10**7, defect=10**5, unknown=10**5, p95_ms=123.456)
        for n in range(POINTS_THAT_FIT)
    )
    moment = Moment(unix_ms=0, mono_ms=5, trust=ClockTrust.NONE)
    state = inventory.state(moment, 12.3456, SpoolDepth(rows=3, bytes=900, age_s=1.5), tmp_path, points)
    assert (state.time.year, state.clk, state.spool_depth, state.uptime_s) == (1970, ClockTrust.NONE, 3, 12.346)
    assert state.disk_free_bytes > 0
    assert len(state.model_dump_json(exclude_none=True).encode()) <= MAX_STATE_BYTES


def test_a_board_always_has_a_name() -> None:
    assert inventory.hardware()
