from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_manager.desk.courier import Courier
from fleet_manager.desk.couriers import Couriers
from fleet_manager.desk.deliveries import arrived, failed, list_deliveries, put_call, take_delivery
from fleet_manager.desk.desk import Desk
from fleet_manager.desk.escalation_rule import EscalationRule, Mail
from fleet_manager.desk.old_calls import KEPT_MS, forget_calls
from fleet_manager.desk.reach import Reach
from fleet_manager.store.database import writing
from tests.fakes.desks import NOON_MS

if TYPE_CHECKING:
    from tests.fakes.desks import FakeDesk

RULE = EscalationRule("night", Mail(("a@example.com",)))


def called(desk: FakeDesk, *, arrives: bool) -> None:
    with writing(desk.engine) as con:
        put_call(con, RULE, "{}", NOON_MS)
    one = take_delivery(desk.engine, NOON_MS)
    assert one is not None
    if arrives:
        arrived(desk.engine, one, NOON_MS)
    else:
        failed(desk.engine, one, NOON_MS, "away", lambda: 0.5, for_good=False)


def left(desk: FakeDesk) -> list[int]:
    with desk.engine.connect() as con:
        return [one.id for one in list_deliveries(con)]


def test_a_call_is_forgotten_when_it_ended_long_ago_and_never_on_its_way(desk: FakeDesk) -> None:
    for arrives in (True, False, True):
        called(desk, arrives=arrives)
    assert forget_calls(desk.engine, NOON_MS + KEPT_MS) == 0
    assert forget_calls(desk.engine, NOON_MS + KEPT_MS + 1) == 2
    assert left(desk) == [2]


def test_the_desk_forgets_by_itself(desk: FakeDesk) -> None:
    called(desk, arrives=True)
    desk.now_ms = NOON_MS + KEPT_MS + 1
    courier = Courier(desk.engine, None, Reach(), lambda: desk.now_ms, lambda: 0.5, print)
    Desk(desk.engine, Couriers(courier, print), lambda: desk.now_ms, print).follow_once()
    assert left(desk) == []


def test_calls_are_forgotten_a_few_at_a_time(desk: FakeDesk) -> None:
    for _ in range(3):
        called(desk, arrives=True)
    counts = [forget_calls(desk.engine, NOON_MS + KEPT_MS + 1, step=2) for _ in range(3)]
    assert counts == [2, 1, 0]
