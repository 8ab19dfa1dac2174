from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_contracts.errors import BadInputError
from edge_contracts.station import Web
from edge_runtime.web.access import SESSION_S, SESSIONS_MAX, Access, is_loopback, read_token
from tests.fakes.web import TOKEN

if TYPE_CHECKING:
    from pathlib import Path


class Now:
    ns = 0

    def __call__(self) -> int:
        return self.ns


def access(token: str | None = TOKEN, now: Now | None = None, **settings) -> Access:
    numbers = iter(range(1000))
    web = Web(**settings)
    return Access(web, token, ("board", "board.local"), now or Now(), lambda: f"secret-{next(numbers)}")


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8080", "192.168.1.4", "[::1]:8080", "localhost:8080", "BOARD.local", "page.plant.example:80"]
)
def test_addresses_and_own_names_are_known(host: str) -> None:
    assert access(names=("page.plant.example",)).knows_host(host)


@pytest.mark.parametrize(
    "host",
    ["", "evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "a@localhost", "localhost:x", "[::1"],
)
def test_a_name_that_somebody_points_at_the_board_is_refused(host: str) -> None:
    assert not access().knows_host(host)


@given(st.text(max_size=60))
def test_no_host_header_raises(host: str) -> None:
    assert access().knows_host(host) in {True, False}
    assert Access.is_own_origin(host, "board") in {True, False}


def test_only_the_page_itself_is_its_own_origin() -> None:
    assert Access.is_own_origin("http://board:8080", "board:8080")
    assert not Access.is_own_origin("http://board:8081", "board:8080")
    assert not Access.is_own_origin("http://evil.example", "board:8080")
    assert not Access.is_own_origin("null", "board:8080")


def test_only_the_token_opens_a_session() -> None:
    gate = access()
    assert gate.open_session("wrong") is None
    secret = gate.open_session(TOKEN)
    assert secret is not None
    assert gate.session_is_open(secret)
    assert not gate.session_is_open("")
    assert not gate.session_is_open(TOKEN)


def test_a_session_ends_after_its_time_and_by_logging_out() -> None:
    now = Now()
    gate = access(now=now)
    first, second = gate.open_session(TOKEN), gate.open_session(TOKEN)
    assert first is not None
    assert second is not None
    gate.close_session(first)
    assert not gate.session_is_open(first)
    assert gate.session_is_open(second)
    now.ns = SESSION_S * 1_000_000_000
    assert not gate.session_is_open(second)


def test_sessions_are_bounded_and_the_oldest_goes() -> None:
    gate = access()
    secrets = [gate.open_session(TOKEN) or "" for _ in range(SESSIONS_MAX + 1)]
    assert not gate.session_is_open(secrets[0])
    assert all(map(gate.session_is_open, secrets[1:]))


def test_a_token_is_the_first_line_of_its_file(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f" {TOKEN} \nmore\n")
    assert read_token(str(tmp_path / "token")) == TOKEN
    assert read_token(None) is None


@pytest.mark.parametrize("content", [b"", b"short\n", b"\xff" * 40, "ä".encode() * 30])
def test_a_token_that_keeps_nobody_out_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "token").write_bytes(content)
    with pytest.raises(BadInputError, match=r"web.token_file: wanted a token"):
        read_token(str(tmp_path / "token"))


def test_only_this_board_is_loopback() -> None:
    assert is_loopback("127.0.0.1")
    assert is_loopback("::1")
    assert not is_loopback("192.168.1.4")
    assert not is_loopback("testclient")
