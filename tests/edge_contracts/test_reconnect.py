from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_contracts.reconnect import (
    LASTING_S,
    LOSSES_TOLD,
    FullJitter,
    MqttVersion,
    ProtocolChoice,
    ToldLosses,
    failures_after,
    names_protocol,
)


@given(st.integers(0, 10_000), st.floats(0, 1, exclude_max=True))
def test_no_wait_is_longer_than_agreed(failures: int, drawn: float) -> None:
    assert 0 <= FullJitter(0.5, 60).delay_s(failures, lambda: drawn) <= 60


def test_the_limit_doubles_with_each_failure() -> None:
    limits = [FullJitter(0.5, 6).delay_s(failures, lambda: 1.0) for failures in range(1, 7)]
    assert limits == [0.5, 1, 2, 4, 6, 6]


def test_a_session_that_lived_a_while_makes_the_next_wait_small_again() -> None:
    assert failures_after(7, 0.5) == 8
    assert failures_after(7, 60.0) == 1


def test_a_loss_is_told_once_in_the_same_words_whatever_comes_between() -> None:
    losses = ToldLosses()
    assert [losses.is_news(loss, 0) for loss in ("refused", "refused", "not authorized", "refused")] == [1, 0, 1, 0]


def test_one_who_words_each_loss_anew_does_not_fill_the_log() -> None:
    losses = ToldLosses()
    assert sum(losses.is_news(f"closed after {number} s", 0) for number in range(3 * LOSSES_TOLD)) == LOSSES_TOLD


@pytest.mark.parametrize(("lived_s", "told"), [(LASTING_S, 0), (LASTING_S + 1, 1)])
def test_after_a_session_that_lasted_the_same_loss_is_news_again(lived_s: float, told: int) -> None:
    losses = ToldLosses()
    assert losses.is_news("closed", 0)
    losses.opened(10)
    assert losses.is_news("closed", 10 + lived_s) == told
    assert not losses.is_news("closed", 10_000)


def test_a_refusal_of_the_version_is_known_by_code_or_words() -> None:
    assert names_protocol(0x84, "Unsupported protocol version")
    assert names_protocol(0x01, "")
    assert names_protocol(0x80, "bad protocol version")
    assert not names_protocol(0x87, "Not authorized")


def test_mqtt_5_is_offered_first_and_3_1_1_to_a_broker_that_refuses_it() -> None:
    choice = ProtocolChoice()
    assert choice.offered is MqttVersion.V5
    choice.refused()
    assert choice.offered is MqttVersion.V311


def test_one_silent_close_may_be_a_restart_and_two_are_an_answer() -> None:
    choice = ProtocolChoice()
    choice.closed_silently()
    assert choice.offered is MqttVersion.V5
    choice.closed_silently()
    assert choice.offered is MqttVersion.V311


def test_what_a_broker_once_took_is_kept_through_its_restarts() -> None:
    choice = ProtocolChoice()
    choice.accepted()
    for _ in range(10):
        choice.closed_silently()
        choice.unanswered()
    assert choice.offered is MqttVersion.V5


def test_a_broker_that_never_answers_is_offered_the_other_version() -> None:
    choice = ProtocolChoice()
    choice.unanswered()
    assert choice.offered is MqttVersion.V311
    choice.unanswered()
    assert choice.offered is MqttVersion.V5


def test_a_version_that_was_asked_for_is_the_only_one_offered() -> None:
    choice = ProtocolChoice("3.1.1")
    choice.refused()
    choice.unanswered()
    assert choice.offered is MqttVersion.V311
