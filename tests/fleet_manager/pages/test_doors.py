"""What strangers may send: forms of any shape, and targets that lead elsewhere."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from edge_contracts.errors import BadInputError
from fleet_manager.pages.form import MOST_BYTES, read_form
from fleet_manager.pages.own_path import own_path

KIND = "application/x-www-form-urlencoded"


def sent(body: bytes, kind: str = KIND) -> dict[str, str]:
    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": body, "more_body": False}

    scope = {"type": "http", "method": "POST", "headers": [(b"content-type", kind.encode())]}
    return dict(asyncio.run(read_form(Request(scope, receive))))


def test_a_form_is_read() -> None:
    assert sent(b"name=anna&text=gr%C3%BCn+da&empty=") == {"name": "anna", "text": "grün da", "empty": ""}


@given(st.binary(max_size=300))
def test_whatever_comes_is_a_form_or_is_refused(body: bytes) -> None:
    try:
        fields = sent(body)
    except BadInputError:
        return
    assert all(isinstance(text, str) for pair in fields.items() for text in pair)


@pytest.mark.parametrize(
    ("body", "kind"),
    [(b"a" * (MOST_BYTES + 1), KIND), (b"{}", "application/json"), (b"a=%ff", KIND), (b"a&" * 40, KIND)],
)
def test_what_is_no_form_of_ours_is_refused(body: bytes, kind: str) -> None:
    with pytest.raises(BadInputError):
        sent(body, kind)


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "", "/a\nb", "x"]
)
def test_a_log_in_leads_nowhere_else(target: str) -> None:
    assert own_path(target) == "/"


def test_a_log_in_leads_back_to_where_somebody_wanted_to_go() -> None:
    assert own_path("/alerts/7?state=any") == "/alerts/7?state=any"
