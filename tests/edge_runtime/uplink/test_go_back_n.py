from __future__ import annotations

from edge_runtime.uplink.go_back_n import GoBackN, ResendRules

RULES = ResendRules(window=4, first_s=2.0, longest_s=300.0)


def sending(count: int, at_s: float = 0.0) -> GoBackN:
    window = GoBackN(RULES)
    window.begin(1, 0)
    for seq in range(1, count + 1):
        window.sent(seq, at_s)
    return window


def room(window: GoBackN, now_s: float = 0.0) -> int:
    return sum(portion.most for portion in window.portions(now_s))


def test_no_more_than_the_window_is_on_the_wire() -> None:
    window = sending(4)
    assert room(window) == 0
    window.acknowledged(2, 4, 0.1)
    assert room(window) == 2
    assert window.next_row == 5


def test_silence_sends_the_lowest_unacknowledged_row_and_all_behind_it_again() -> None:
    window = sending(3)
    window.acknowledged(1, 4, 1.0)
    window.look(4, 2.9)
    assert window.next_row == 4
    window.look(4, 3.0)
    assert window.next_row == 2
    assert window.resends == 1


def test_the_silence_doubles_up_to_five_minutes() -> None:
    window = sending(1)
    waited, now_s = [], 0.0
    for _ in range(10):
        assert window.deadline_s is not None
        waited.append(window.deadline_s - now_s)
        now_s = window.deadline_s
        window.look(4, now_s)
        window.sent(1, now_s)
    assert waited == [2, 4, 8, 16, 32, 64, 128, 256, 300, 300]


def test_progress_makes_the_silence_short_again() -> None:
    window = sending(2)
    window.look(4, 2.0)
    window.sent(1, 2.0)
    window.sent(2, 2.0)
    window.acknowledged(1, 4, 3.0)
    assert window.deadline_s == 5.0


def test_everything_acknowledged_waits_for_nothing() -> None:
    window = sending(3)
    window.acknowledged(3, 4, 1.0)
    assert window.deadline_s is None
    window.look(4, 1e9)
    assert window.next_row == 4


def test_a_manager_that_comes_back_is_sent_to_at_once() -> None:
    window = sending(3)
    window.look(4, 2.0)
    for seq in (1, 2, 3):
        window.sent(seq, 2.0)
    window.acknowledged(0, 4, 4.5)
    assert window.next_row == 1


def test_an_answer_without_progress_does_not_make_a_storm() -> None:
    window = sending(3, at_s=10.0)
    window.acknowledged(0, 4, 10.1)
    assert window.next_row == 4


def test_a_new_session_sends_everything_again() -> None:
    window = sending(3)
    window.sent_gap(9, 0.0)
    window.begin(2, 9)
    assert (window.next_row, window.next_gap, window.next_live, window.deadline_s) == (2, 2, 10, None)


def test_a_gap_record_is_not_held_up_by_a_full_window() -> None:
    window = sending(4)
    assert room(window) == 0
    window.sent_gap(900, 0.5)
    assert window.next_gap == 901
    window.acknowledged(900, 900, 1.0)
    assert (window.base, window.next_row, room(window)) == (901, 901, 4)


def test_a_late_acknowledgement_moves_nothing_back() -> None:
    window = sending(4)
    window.acknowledged(3, 4, 1.0)
    window.acknowledged(1, 4, 1.1)
    assert (window.base, window.next_row) == (4, 5)
