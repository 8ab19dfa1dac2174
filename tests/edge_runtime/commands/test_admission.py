"""A command is done in time, once, and only where the station allows it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_contracts.message import ClockTrust
from edge_runtime.commands.admission import CommandRefused, CommandUnread, Order, admit, read
from edge_runtime.outbox.delivery_clock import Moment
from tests.fakes.letters import HandClock
from tests.fakes.orders import ID, order

NOW_MS = HandClock().unix_ms
ALLOWED = ("ping", "restart")


def judge(one: Order, trust: ClockTrust = ClockTrust.NTP, now_ms: int = NOW_MS) -> None:
    admit(one, read(one), ALLOWED, Moment(now_ms, 1, trust))


@pytest.mark.parametrize("trust", list(ClockTrust))
def test_a_command_in_time_that_the_station_allows_is_done(trust):
    judge(order("restart"), trust)


def test_a_command_that_the_broker_keeps_is_refused():
    with pytest.raises(CommandRefused, match="retained"):
        judge(order(retained=True))


@pytest.mark.parametrize("name", ["reload", "format-disk"])
def test_a_command_that_is_unknown_or_not_allowed_here_is_refused(name):
    with pytest.raises(CommandRefused, match=rf"allows \(ping, restart\), found {name}"):
        judge(order(name))


@pytest.mark.parametrize("trust", [ClockTrust.NTP, ClockTrust.FLOOR])
def test_an_expired_command_is_refused(trust):
    with pytest.raises(CommandRefused, match="expired 5 s ago"):
        judge(order(in_s=-5), trust)


@pytest.mark.parametrize("now_ms", [0, 4_000_000_000_000])
def test_a_clock_that_nobody_vouches_for_is_not_asked(now_ms):
    judge(order(in_s=-5), ClockTrust.NONE, now_ms)


def test_a_command_that_is_good_for_days_is_refused():
    with pytest.raises(CommandRefused, match="at most 3600 s"):
        judge(order(in_s=90_000))


def test_a_floor_may_lie_far_behind_the_true_time():
    judge(order(in_s=90_000), ClockTrust.FLOOR)


def test_an_argument_that_nobody_reads_is_refused():
    with pytest.raises(CommandRefused, match="without arguments, found force"):
        judge(order(arguments={"force": True}))


GIANT = [
    {"arguments": {"text": "x" * 5000}},
    {"arguments": {"text": "x" * 257}},
    {"arguments": {f"a_{chr(97 + at)}": at for at in range(17)}},
    {"arguments": {"deep": {"a": 1}}},
]


@pytest.mark.parametrize("fields", [*GIANT, {"id": "1"}, {"expires": "tomorrow"}, {"expires": "2026-01-01T00:00:00"}])
def test_what_is_no_command_is_not_read(fields):
    with pytest.raises(CommandUnread, match="wanted"):
        read(order(**fields))


@given(
    body=st.binary(max_size=200) | st.recursive(st.none() | st.text(), st.lists).map(lambda v: json.dumps(v).encode())
)
def test_whatever_comes_is_no_command_or_is_one(body):
    with pytest.raises(CommandUnread):
        read(Order("ping", body, retained=False))


@pytest.mark.parametrize("name", ["", "Ping", "a b", "x" * 33])
def test_a_name_that_no_topic_of_ours_has_is_not_read(name):
    with pytest.raises(CommandUnread):
        read(order(name))


def test_fields_of_a_newer_manager_are_passed_over():
    assert read(order(priority="high")).id == ID
