from __future__ import annotations

from edge_contracts.verdict import Cause, Outcome
from edge_runtime.web.live_view import LAST_VERDICTS, LiveView
from tests.fakes.parts import inspected, verdict


def test_a_point_that_nothing_is_known_of_is_empty() -> None:
    view = LiveView().view("gate")
    assert (view.number, view.last, view.rejected, view.verdicts) == (0, None, None, ())


def test_the_last_verdicts_are_kept_newest_first_and_all_are_counted() -> None:
    live = LiveView()
    for number in range(25):
        live.take(inspected(verdict(Cause.CLEAN if number % 5 else Cause.THRESHOLD, part=str(number))))
    view = live.view("gate")
    assert [one.part for one in view.verdicts] == [str(number) for number in range(24, 4, -1)]
    assert len(view.verdicts) == LAST_VERDICTS
    assert view.counts == {Outcome.GOOD: 20, Outcome.DEFECT: 5, Outcome.UNKNOWN: 0}


def test_the_last_part_that_was_not_good_stays_while_good_ones_pass() -> None:
    live = LiveView()
    for number, cause in enumerate([Cause.THRESHOLD, Cause.CLEAN, Cause.CLEAN]):
        live.take(inspected(verdict(cause, part=str(number))))
    view = live.view("gate")
    assert view.rejected is not None
    assert view.last is not None
    assert (view.rejected.inspected.verdict.part, view.last.inspected.verdict.part) == ("0", "2")


def test_a_part_without_a_picture_leaves_the_last_picture_and_its_own_verdict() -> None:
    live = LiveView()
    live.take(inspected(verdict(Cause.CLEAN, part="seen")))
    live.take(inspected(verdict(Cause.SOURCE_LOST, part="unseen"), with_frame=False))
    view = live.view("gate")
    assert view.last is not None
    assert (view.last.inspected.verdict.part, view.verdicts[0].part) == ("seen", "unseen")


def test_the_picture_is_no_copy() -> None:
    live, part = LiveView(), inspected()
    live.take(part)
    last = live.view("gate").last
    assert last is not None
    assert last.inspected is part


def test_numbers_differ_when_something_happened() -> None:
    live = LiveView()
    before = live.numbers(("gate", "exit"))
    live.take(inspected())
    assert (before, live.numbers(("gate", "exit"))) == ((0, 0), (1, 0))
