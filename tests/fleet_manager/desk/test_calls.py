"""One attempt of a call: it has an end, goes where it may, and says no word of the other side."""

from __future__ import annotations

import socket
import ssl
import time
from ipaddress import ip_network
from typing import TYPE_CHECKING

import pytest

from fleet_manager.desk.call_connection import cut_after, places
from fleet_manager.desk.escalation_rule import Mail, Webhook, new_secret
from fleet_manager.desk.mail import MailServer, call_mail
from fleet_manager.desk.outlet import CallFailed
from fleet_manager.desk.reach import Reach
from fleet_manager.desk.webhook import call_webhook
from tests.fakes.receivers import dripping_receiver, http_receiver, mail_receiver, make_certificate
from tests.system.required import require_tool

if TYPE_CHECKING:
    from pathlib import Path

SECRET = new_secret(bytes(32))
HERE = Reach((ip_network("127.0.0.1"),))
BODY = '{"data": {"rule": "night", "alerts": 0, "severity": "info", "first": []}}'
TO = Mail(("a@example.com",))
TLS_HELLO = b"\x16\x03\x03\x40\x00\x02\x00\x3f\xf0"


def refusal(url: str, reach: Reach = HERE, timeout_s: float = 0.2) -> CallFailed:
    with pytest.raises(CallFailed) as told:
        call_webhook(Webhook(url, SECRET), "lepton-1", 1, BODY, reach, timeout_s=timeout_s)
    return told.value


@pytest.mark.parametrize(
    ("scheme", "first", "drip"),
    [("http", b"", b"H"), ("http", b"HTTP/1.1 200 OK\r\nx", b"x"), ("https", TLS_HELLO, b"\x00")],
)
def test_a_receiver_that_drips_its_answer_is_cut_off_in_time(scheme: str, first: bytes, drip: bytes) -> None:
    with dripping_receiver(first, drip) as port:
        started_s = time.monotonic()
        err = refusal(f"{scheme}://127.0.0.1:{port}/")
    assert str(err) == f"wanted an answer of {scheme}://127.0.0.1:{port}, found TimeoutError"
    assert not err.for_good
    assert time.monotonic() - started_s < 5


def test_what_was_answered_counts_however_long_the_rest_drips() -> None:
    with dripping_receiver(b"HTTP/1.1 200 OK\r\ncontent-length: 4000\r\n\r\n", b"x") as port:
        call_webhook(Webhook(f"http://127.0.0.1:{port}/", SECRET), "lepton-1", 1, BODY, HERE, timeout_s=0.2)


def test_an_error_repeats_nothing_that_another_service_said() -> None:
    with dripping_receiver(b"-ERR secret of the inside\r\n") as port:
        err = refusal(f"http://127.0.0.1:{port}/")
    assert str(err) == f"wanted an answer of http://127.0.0.1:{port}, found BadStatusLine"


def test_a_call_by_tls_goes_to_whom_a_trusted_authority_signed(tmp_path: Path) -> None:
    certificate, key = make_certificate(require_tool("openssl"), tmp_path)
    own = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    own.load_cert_chain(certificate, key)
    with http_receiver(own) as receiver:
        url = receiver.url().replace("http:", "https:")
        err = refusal(url, timeout_s=20)
        trusted = ssl.create_default_context(cafile=certificate)
        call_webhook(Webhook(url, SECRET), "lepton-1", 1, BODY, HERE, trusted)
    assert "found SSLCertVerificationError: self" in str(err)
    ((_, headers, body),) = receiver.calls
    assert (headers["host"], body.decode()) == (f"127.0.0.1:{receiver.port}", BODY)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]", "0"])
def test_no_rule_reaches_the_managers_own_machine(host: str) -> None:
    with http_receiver() as receiver:
        err = refusal(f"http://{host}:{receiver.port}/", Reach())
    assert "[webhooks] of site.toml" in str(err)
    assert receiver.calls == []


def test_a_mail_server_that_drips_is_cut_off_in_time() -> None:
    with dripping_receiver(b"220-", b"x") as port:
        server = MailServer("127.0.0.1", "fleet@example.com", port, security="none")
        with pytest.raises(CallFailed, match="no end in") as told:
            call_mail(server, TO, "lepton-1", 1, BODY, letter_s=0.2)
    assert not told.value.for_good


@pytest.mark.parametrize(("reply", "for_good"), [("554 no such letters", True), ("451 later", False)])
def test_the_code_says_whether_another_attempt_would_help(reply: str, *, for_good: bool) -> None:
    with mail_receiver() as receiver:
        receiver.replies.append(reply)
        server = MailServer("127.0.0.1", "fleet@example.com", receiver.port, security="none")
        with pytest.raises(CallFailed, match=reply) as told:
            call_mail(server, TO, "lepton-1", 1, BODY)
    assert told.value.for_good is for_good


def test_a_sender_that_is_refused_waits_for_a_mended_site_file() -> None:
    with mail_receiver() as receiver:
        server = MailServer("127.0.0.1", "nobody@example.com", receiver.port, security="none")
        with pytest.raises(CallFailed, match="found 550 no such sender") as told:
            call_mail(server, TO, "lepton-1", 1, BODY)
    assert not told.value.for_good


def test_a_connection_that_ends_in_time_is_not_cut() -> None:
    here, there = socket.socketpair()
    with here, there, cut_after(here, 60):
        there.sendall(b"x")
        assert here.recv(1) == b"x"


def test_an_error_of_another_kind_passes() -> None:
    here, there = socket.socketpair()
    with here, there, pytest.raises(ConnectionError), cut_after(here, 60):
        raise ConnectionError


def test_a_name_leads_to_places_of_its_port() -> None:
    assert ("127.0.0.1", 25) in [(address, port) for _, address, port in places("localhost", 25)]
