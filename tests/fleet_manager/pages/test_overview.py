from __future__ import annotations

from edge_contracts.gap import GapReason
from fleet_manager.pages.device_reading import DeviceRow
from fleet_manager.pages.open_counts import OpenCounts
from fleet_manager.pages.overview import SHOWN_OF_MANY, overview_of
from fleet_manager.store.ledger import Shortfall

SITE = "plant/hall"


def rows(count: int) -> list[DeviceRow]:
    return [DeviceRow(f"{SITE}/d-{at:03}", SITE, "online") for at in range(count)]


def test_a_site_says_what_is_lost_and_that_nothing_is() -> None:
    missed = {f"{SITE}/d-001": Shortfall({GapReason.SHED: 3}, 2)}
    (site,) = overview_of(rows(2), missed, {}).sites
    assert site.ledger.lost == 3
    assert [(line.ledger.lost, line.ledger.words) for line in site.lines] == [
        (0, ""),
        (3, "shed 3, not yet arrived: 2"),
    ]


def test_what_nobody_proves_does_not_read_as_nothing_lost() -> None:
    device = DeviceRow(f"{SITE}/old", SITE, "online", is_proven=False)
    (site,) = overview_of([device], {}, {}).sites
    assert not site.lines[0].ledger.proven
    assert not site.ledger.proven
    assert "1 of 1 devices not proven" in site.ledger.words


def test_of_many_devices_those_that_want_a_look_are_shown_first() -> None:
    devices = rows(40)
    devices[30] = DeviceRow(f"{SITE}/d-030", SITE, "offline")
    devices[31] = DeviceRow(f"{SITE}/d-031", SITE, "online", alarms=("drift",))
    waiting = {f"{SITE}/d-035": OpenCounts(critical=1)}
    (site,) = overview_of(devices, {f"{SITE}/d-033": Shortfall({}, 1)}, waiting).sites
    shown = [line.name for line in site.lines]
    assert {"d-030", "d-031", "d-033", "d-035"} <= set(shown)
    assert len(shown) == SHOWN_OF_MANY
    assert shown == sorted(shown)
    assert site.hidden == 40 - SHOWN_OF_MANY
    assert len(overview_of(devices, {}, {}, SITE).sites[0].lines) == 40


def test_a_count_that_may_be_more_says_so() -> None:
    both = OpenCounts(critical=1) + OpenCounts(warning=2, is_floor=True)
    assert both.total_told == "3+"
    assert OpenCounts(info=7).total_told == "7"
