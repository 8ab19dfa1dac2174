"""Who is online, and who is a device at all: what no face may tell better than it is."""

from __future__ import annotations

import pytest

from edge_contracts.device import Presence
from edge_contracts.topics import DeviceAddress
from fleet_manager.arrival import judge
from fleet_manager.store.device_reading import STALE_S, HeardDevice, heard_devices, read_devices
from tests.fakes.arrivals import WHERE, alert_arrival, birth_arrival, gap_arrival
from tests.fakes.stores import opened_store

NOW_MS = 1_700_000_000_000
LONG_AGO_MS = NOW_MS - STALE_S * 1000


@pytest.mark.parametrize(
    ("said", "said_ms", "state_ms", "presence"),
    [
        (None, None, None, None),
        (Presence.OFFLINE, NOW_MS, NOW_MS, Presence.OFFLINE),
        (Presence.ONLINE, NOW_MS, None, Presence.ONLINE),
        (Presence.ONLINE, LONG_AGO_MS, NOW_MS, Presence.ONLINE),
        (Presence.ONLINE, LONG_AGO_MS, LONG_AGO_MS, None),
        (Presence.ONLINE, LONG_AGO_MS, NOW_MS + STALE_S * 1000, None),
    ],
    ids=["never said", "offline", "just come", "long here", "silent", "from a clock that was set back"],
)
def test_online_is_who_said_so_and_is_heard(said, said_ms, state_ms, presence) -> None:
    assert HeardDevice(WHERE, said, said_ms, state_ms=state_ms).presence(NOW_MS) is presence


@pytest.fixture
def engine(tmp_path):
    """One device that was born, and one of another site whose every message but a gap was refused."""
    store = opened_store(tmp_path / "store.sqlite")
    store.take([birth_arrival(), alert_arrival(1)])
    strange = DeviceAddress("plant", "yard", "line-7")
    body = gap_arrival(5, (1, 4)).body.replace(b"plant/hall/station-1", b"plant/yard/line-7")
    store.take([judge(strange.topic("birth"), b"no birth"), judge(strange.topic("gap"), body)])
    store.take([judge("lepton/1/A B/c/d/alert", b"of nobody")])
    yield store.engine
    store.close()


def test_a_device_that_only_the_ledger_knows_is_a_device(engine) -> None:
    with engine.connect() as con:
        assert [one.address for one in heard_devices(con, {"*"})] == [WHERE, "plant/yard/line-7"]
        assert [one.address for one in heard_devices(con, {"plant/yard"})] == ["plant/yard/line-7"]
        assert [one.heard.address for one in read_devices(con, {"*"})] == [WHERE, "plant/yard/line-7"]
        assert [one.heard.address for one in read_devices(con, {"*"}, after=WHERE)] == ["plant/yard/line-7"]
        assert [one.heard.address for one in read_devices(con, {"*"}, address=WHERE)] == [WHERE]
        assert list(read_devices(con, {"plant/hall"}, address="plant/yard/line-7")) == []
        assert heard_devices(con, set()) == []
