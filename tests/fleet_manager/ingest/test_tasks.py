"""Which process of a manager listens to what, and under which names."""

from __future__ import annotations

from fleet_manager.ingest.broker_link import SESSION_EXPIRY_S, BrokerOptions
from fleet_manager.ingest.ingest import SAID, SPOOLED
from fleet_manager.ingest.workers import SHARED_SESSION_S, tasks

BROKER = BrokerOptions("broker.local", 1883, "lepton-fleet-aa")


def test_one_hears_what_devices_say_of_themselves_and_the_others_share_the_alerts() -> None:
    first, *others = tasks("sqlite://", BROKER, 3, shares=True)
    assert (first.ears.leaves, first.ears.share, first.broker.session_s) == (SAID, "", SESSION_EXPIRY_S)
    assert {(one.ears.leaves, one.ears.share) for one in others} == {(SPOOLED, "lepton-fleet-aa-3")}
    assert {one.broker.session_s for one in others} == {SHARED_SESSION_S}
    assert len({one.broker.client_id for one in (first, *others)}) == 4


def test_managers_of_two_databases_never_share_a_group_nor_does_one_with_its_life_before() -> None:
    other = BrokerOptions("broker.local", 1883, "lepton-fleet-bb")
    groups = [tasks("sqlite://", one, count, shares=True)[1].ears.share for one in (BROKER, other) for count in (1, 2)]
    assert len(set(groups)) == 4


def test_a_broker_that_cannot_share_has_one_listener_for_everything() -> None:
    (only,) = tasks("sqlite://", BROKER, 3, shares=False)
    assert only.ears.share == ""
    assert set(only.ears.leaves) == {*SPOOLED, *SAID}
