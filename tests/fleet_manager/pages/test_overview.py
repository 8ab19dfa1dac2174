from __future__ import annotations

import pytest

from edge_contracts.gap import GapReason
from fleet_manager.arrival import judge
from fleet_manager.pages.device_reading import DeviceRow
from fleet_manager.pages.open_counts import OpenCounts
from fleet_manager.pages.overview import SHOWN_OF_MANY, overview_of
from fleet_manager.store.alert_store import AlertStore
from fleet_manager.store.device_reading import STALE_S
from fleet_manager.store.ledger import Shortfall
from tests.fakes.arrivals import WHERE, birth_arrival, gap_arrival
from tests.fakes.letters import ADDRESS

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


@pytest.mark.parametrize(
    ("devices", "missed", "words"),
    [
        (rows(2), {}, "every alert is here, or on its way"),
        (rows(2), {f"{SITE}/d-001": Shortfall({GapReason.SHED: 3}, 0)}, "alerts that will never come"),
        ([*rows(2), DeviceRow(f"{SITE}/old", SITE, "online", is_proven=False)], {}, "1 of 3 devices not proven"),
        ([], {}, ""),
    ],
)
def test_nothing_is_lost_where_each_device_proves_it(devices, missed, words) -> None:
    assert overview_of(devices, missed, {}).ledger.words == words


def test_a_loss_of_a_station_that_was_never_born_stands_on_the_overview(visitors) -> None:
    AlertStore(visitors.desk.engine, visitors.office.clock).take([gap_arrival(5, (1, 4))])
    page = visitors.get("/").text
    assert '<dd class="defect">4 <small>alerts that will never come' in page
    assert "0 <small>of 1</small>" in page
    assert visitors.get(f"/devices/{WHERE}").status_code == 200


@pytest.mark.parametrize("path", ["/", "/alerts", "/cases", "/statistics", "/account", "/quarantine", "/waits-for"])
def test_every_page_says_that_alerts_are_not_heard(visitors, path: str) -> None:
    assert "not heard" not in visitors.get(path).text
    visitors.waits_for.append("ingest-1: no broker")
    assert "waiting for ingest-1: no broker" in visitors.get(path).text


def test_a_fleet_that_has_been_silent_for_days_is_not_online(visitors) -> None:
    status = judge(ADDRESS.topic("status"), b'{"status": "online", "session": 1}')
    AlertStore(visitors.desk.engine, visitors.office.clock).take([birth_arrival(), status])
    visitors.come_in()
    assert '<dd class="good">1 <small>of 1' in visitors.get("/").text
    visitors.office.clock.turn(STALE_S)
    page = visitors.get("/").text
    assert '<dd class="unknown">0 <small>of 1' in page
    assert '<span class="chip unknown">unknown</span>' in page
