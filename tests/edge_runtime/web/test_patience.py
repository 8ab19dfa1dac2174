"""How long the page waits for a stranger: a body that does not come, a connection that says nothing."""

from __future__ import annotations

import asyncio
import json
import socket
from contextlib import contextmanager
from http.client import HTTPResponse
from typing import TYPE_CHECKING, Any

import pytest
from starlette.exceptions import HTTPException
from starlette.requests import Request

from edge_runtime.web import bounded_http, desk
from tests.fakes.web import Served, served_page

if TYPE_CHECKING:
    from collections.abc import Iterator

SHORT_S = 0.2
HEARD_S = 5.0
"""After so long a test gives up; far below the limits that are served."""
HEALTH = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
UPLOAD = b"POST /points/gate/judge HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served_page(tmp_path_factory.mktemp("page")) as served:
        yield served


@contextmanager
def connected(page: Served, said: bytes) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", page.port), HEARD_S) as connection:
        connection.sendall(said)
        yield connection


def answered(connection: socket.socket) -> tuple[int, Any]:
    """Status and JSON of the next answer, read to its end."""
    answer = HTTPResponse(connection)
    answer.begin()
    return answer.status, json.loads(answer.read())


def is_cut(connection: socket.socket) -> bool:
    """Whether the page hangs up; a time-out fails."""
    try:
        return connection.recv(9999) == b""
    except ConnectionError:
        return True


def test_a_body_that_stays_unfinished_is_told_and_frees_its_place(
    page: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk, "BODY_S", SHORT_S)
    for _ in range(desk.BODIES_MAX + 1):
        with connected(page, UPLOAD + b"half") as connection:
            status, told = answered(connection)
        assert (status, told["error"]) == (408, "wanted the whole body within 0.2 s, found it unfinished")


@pytest.mark.parametrize("said", [b"", b"GET /healthz HTTP/1.1\r\nHost: local", b"GET"])
def test_a_connection_that_finishes_no_head_is_cut(page: Served, monkeypatch: pytest.MonkeyPatch, said: bytes) -> None:
    monkeypatch.setattr(bounded_http, "REQUEST_S", SHORT_S)
    with connected(page, said) as connection:
        assert is_cut(connection)


def test_a_connection_that_asks_nothing_more_is_cut(page: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded_http, "REQUEST_S", SHORT_S)
    with connected(page, HEALTH) as connection:
        assert answered(connection)[0] == 200
        assert is_cut(connection)


def test_whoever_is_being_answered_is_not_silent(page: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded_http, "REQUEST_S", SHORT_S)
    with connected(page, UPLOAD) as slow:
        with connected(page, b"") as silent:
            assert is_cut(silent)
        slow.sendall(b"a picture")
        assert answered(slow)[0] == 400


def test_a_client_that_leaves_in_the_middle_of_a_body_is_no_fault_of_the_page() -> None:
    pieces = [{"type": "http.request", "body": b"half", "more_body": True}, {"type": "http.disconnect"}]

    async def receive() -> dict[str, object]:
        return pieces.pop(0)

    with pytest.raises(HTTPException, match="found that the client left"):
        asyncio.run(desk.body(Request({"type": "http", "headers": []}, receive), 99))


def test_the_limits_are_those_that_the_page_is_served_with() -> None:
    assert (desk.BODY_S, bounded_http.REQUEST_S) == (30.0, 30.0)
