from __future__ import annotations

import itertools
import threading

import pytest

from edge_contracts.errors import BadInputError
from fleet_manager.desk.handling import AlertChanged, NoSuchAlert, alert_file, change_state, comment
from fleet_manager.desk.life_cycle import TRANSITIONS, AlertState, check_change
from fleet_manager.store.database import writing
from tests.fakes.desks import NOON_MS, FakeDesk

NEW, SEEN, TRUE, FALSE, CLOSED = AlertState
WAYS = {
    NEW: [],
    SEEN: [SEEN],
    TRUE: [TRUE],
    FALSE: [FALSE],
    CLOSED: [SEEN, CLOSED],
}


def change(
    desk: FakeDesk, alert_id: int, expected: AlertState, after: AlertState, who: str = "ann", text: str = ""
) -> None:
    with writing(desk.engine) as con:
        change_state(con, alert_id, expected, after, who, desk.now_ms, text)


def brought_to(desk: FakeDesk, state: AlertState) -> int:
    alert_id = desk.store()
    for before, after in itertools.pairwise([NEW, *WAYS[state]]):
        change(desk, alert_id, before, after)
    return alert_id


@pytest.mark.parametrize(("before", "after"), list(itertools.product(AlertState, AlertState)))
def test_only_the_transitions_of_the_table_are_allowed(before: AlertState, after: AlertState) -> None:
    if after in TRANSITIONS[before]:
        check_change(before, after)
    else:
        with pytest.raises(BadInputError, match=f"after {before.value}, found {after.value}"):
            check_change(before, after)


def test_every_state_can_be_reached_and_left_but_none_leads_back_to_new() -> None:
    assert set(TRANSITIONS) == set(AlertState)
    assert set().union(*TRANSITIONS.values()) == set(AlertState) - {NEW}
    assert all(TRANSITIONS.values())


def test_each_allowed_change_is_made_and_written_down(desk: FakeDesk) -> None:
    for before in AlertState:
        for after in TRANSITIONS[before]:
            alert_id = brought_to(desk, before)
            change(desk, alert_id, before, after, "bob", "looked at it")
            with desk.engine.connect() as con:
                found = alert_file(con, alert_id)
            last = found.history[-1]
            assert (found.line.state, found.line.who) == (after, "bob")
            assert (last.who, last.at_ms, last.before, last.after) == ("bob", NOON_MS, before, after)
            assert last.text == "looked at it"
            assert len(found.history) == len(WAYS[before]) + 1


def test_who_comes_second_is_told_who_was_first(desk: FakeDesk) -> None:
    alert_id = desk.store()
    change(desk, alert_id, NEW, SEEN, "ann")
    for expected, after in ((NEW, TRUE), (FALSE, CLOSED)):
        with pytest.raises(AlertChanged, match="found it acknowledged by ann meanwhile: look again") as caught:
            change(desk, alert_id, expected, after, "bob")
        assert caught.value.found is SEEN
    with desk.engine.connect() as con:
        assert [entry.who for entry in alert_file(con, alert_id).history] == ["ann"]


def test_of_many_at_once_exactly_one_wins(desk: FakeDesk) -> None:
    alert_id = desk.store()
    start = threading.Barrier(6)
    ends: list[str] = []

    def act(who: str) -> None:
        start.wait(10)
        try:
            change(desk, alert_id, NEW, SEEN, who)
            ends.append(who)
        except AlertChanged:
            ends.append("")

    threads = [threading.Thread(target=act, args=(f"person-{turn}",), name=f"person-{turn}") for turn in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    winner = [who for who in ends if who]
    assert (len(ends), len(winner)) == (6, 1)
    with desk.engine.connect() as con:
        assert [entry.who for entry in alert_file(con, alert_id).history] == winner


def test_comments_stand_among_the_changes(desk: FakeDesk) -> None:
    alert_id = desk.store()
    with writing(desk.engine) as con:
        comment(con, alert_id, "ann", NOON_MS, "the lamp <b>flickers</b> – again")
    change(desk, alert_id, NEW, SEEN)
    with desk.engine.connect() as con:
        found = alert_file(con, alert_id)
    assert [(one.text, one.after) for one in found.history] == [("the lamp <b>flickers</b> – again", None), ("", SEEN)]


@pytest.mark.parametrize("text", ["", " \n", "x" * 4001, "a\0b", "\ud800"])
def test_a_comment_that_says_nothing_or_cannot_be_stored_is_refused(desk: FakeDesk, text: str) -> None:
    alert_id = desk.store()
    with pytest.raises(BadInputError), writing(desk.engine) as con:
        comment(con, alert_id, "ann", NOON_MS, text)


def test_an_alert_of_another_site_is_as_if_it_were_not_there(desk: FakeDesk) -> None:
    alert_id = desk.store()
    with desk.engine.connect() as con:
        assert alert_file(con, alert_id, ("plant/hall",)).line.id == alert_id
        for number, sites in ((alert_id, ("plant/yard",)), (alert_id, ()), (alert_id + 1, None)):
            with pytest.raises(NoSuchAlert, match=f"none of number {number}"):
                alert_file(con, number, sites)
    with pytest.raises(NoSuchAlert):
        change(desk, alert_id + 1, NEW, SEEN)
    with pytest.raises(NoSuchAlert), writing(desk.engine) as con:
        comment(con, alert_id + 1, "ann", NOON_MS, "hello")


def test_the_file_holds_the_message_as_it_came(desk: FakeDesk) -> None:
    alert_id = desk.store(reason="a scratch of 3 mm", count=7)
    with desk.engine.connect() as con:
        found = alert_file(con, alert_id)
    assert '"a scratch of 3 mm"' in found.body
    assert (found.line.reason, found.line.count) == ("a scratch of 3 mm", 7)
