from __future__ import annotations

import json
import ssl
import threading
import time
from ipaddress import ip_network
from typing import TYPE_CHECKING

import pytest
from standardwebhooks.webhooks import Webhook as Verifier
from standardwebhooks.webhooks import WebhookVerificationError

from fleet_manager.desk import deliveries
from fleet_manager.desk.courier import Courier
from fleet_manager.desk.couriers import Couriers
from fleet_manager.desk.deliveries import GIVE_UP_MS, TAKEN_MS, Delivery, list_deliveries, put_call, take_delivery
from fleet_manager.desk.desk import Desk
from fleet_manager.desk.escalation_rule import EscalationRule, Mail, Webhook, new_secret
from fleet_manager.desk.escalation_rules import save_rule
from fleet_manager.desk.mail import MailServer
from fleet_manager.desk.reach import Reach
from fleet_manager.desk.webhook import signed_headers
from fleet_manager.store.database import writing
from tests.fakes.desks import NOON_MS
from tests.fakes.patience import eventually, free_port
from tests.fakes.receivers import HttpReceiver, dripping_receiver, http_receiver, mail_receiver, make_certificate
from tests.system.required import require_tool

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fakes.desks import FakeDesk

SECRET = new_secret(b"k" * 32)
HERE = Reach((ip_network("127.0.0.1"),))
FIRST = {"stored": "2026-01-01T00:00:00+00:00", "address": "plant/hall/cam-1", "point": "gate", "part": "p-1"}
SAID = {"outcome": "unknown", "cause": "frozen", "label": None, "severity": "critical", "url": "https://fleet/alerts/1"}
TOLD = {"rule": "Nacht – früh", "alerts": 3, "severity": "critical", "waited_s": 300, "first": [{**FIRST, **SAID}]}
BODY = json.dumps({"type": "lepton.escalation.v1", "timestamp": "2026-01-01T00:00:00Z", "data": TOLD})


class Clock:
    def __init__(self) -> None:
        self.unix_ms = NOON_MS

    def __call__(self) -> int:
        return self.unix_ms


@pytest.fixture
def hook() -> Iterator[HttpReceiver]:
    with http_receiver() as receiver:
        yield receiver


def queue(desk: FakeDesk, target: Webhook | Mail, rule: str = "night") -> None:
    with writing(desk.engine) as con:
        put_call(con, EscalationRule(rule, target), BODY, NOON_MS)


def courier(desk: FakeDesk, clock: Clock, lines: list[str] | None = None, mail: MailServer | None = None) -> Courier:
    said = [] if lines is None else lines
    return Courier(desk.engine, mail, HERE, clock, lambda: 0.5, said.append)


def deliver(carrier: Courier) -> bool:
    one = carrier.take()
    if one is not None:
        carrier.deliver(one)
    return one is not None


def newest(desk: FakeDesk) -> Delivery:
    with desk.engine.connect() as con:
        return list_deliveries(con)[0]


def test_a_call_arrives_signed_so_that_any_library_can_check_it(desk: FakeDesk, hook: HttpReceiver) -> None:
    queue(desk, Webhook(hook.url(), SECRET))
    assert deliver(courier(desk, Clock()))
    assert not deliver(courier(desk, Clock()))
    ((path, headers, body),) = hook.calls
    assert (path, body.decode(), headers["content-type"]) == ("/hook?line=1", BODY, "application/json")
    assert headers["webhook-id"] == newest(desk).name
    assert (newest(desk).ended_ms, newest(desk).error) == (NOON_MS, "")


def test_another_programs_library_takes_the_signature_and_no_changed_body() -> None:
    headers = signed_headers(SECRET, "lepton-1-1", int(time.time()), BODY.encode())
    assert Verifier(SECRET).verify(BODY, headers) == json.loads(BODY)
    with pytest.raises(WebhookVerificationError):
        Verifier(SECRET).verify(BODY.replace("frozen", "dark"), headers)
    with pytest.raises(WebhookVerificationError):
        Verifier(new_secret(b"x" * 32)).verify(BODY, headers)


def test_a_call_that_fails_is_tried_again_later_and_later_with_one_id(desk: FakeDesk, hook: HttpReceiver) -> None:
    hook.statuses += [500, 302, 429]
    queue(desk, Webhook(hook.url(), SECRET))
    clock, lines, waits = Clock(), [], []
    for _ in range(4):
        assert deliver(courier(desk, clock, lines))
        due_ms = newest(desk).due_ms
        if due_ms is not None:
            waits.append((due_ms - clock.unix_ms) / 1000)
            clock.unix_ms = due_ms - 1
            assert not deliver(courier(desk, clock)), "it is not due yet"
            clock.unix_ms = due_ms
    assert waits == [5.0, 10.0, 20.0]
    assert [path for path, _, _ in hook.calls] == ["/hook?line=1"] * 4, "no redirection is followed"
    assert len({headers["webhook-id"] for _, headers, _ in hook.calls}) == 1
    assert newest(desk).ended_ms == clock.unix_ms
    assert "found 500" in lines[0]
    assert SECRET not in "".join(lines) + repr(newest(desk))


def test_a_receiver_that_is_gone_and_one_that_never_answers_are_given_up(desk: FakeDesk, hook: HttpReceiver) -> None:
    hook.statuses += [410]
    queue(desk, Webhook(hook.url(), SECRET))
    clock = Clock()
    deliver(courier(desk, clock))
    assert (newest(desk).ended_ms, newest(desk).attempts) == (NOON_MS, 1)
    assert newest(desk).error.endswith("found 410")
    queue(desk, Webhook(f"http://127.0.0.1:{free_port()}/", SECRET))
    deliver(courier(desk, clock))
    assert newest(desk).due_ms is not None
    clock.unix_ms += GIVE_UP_MS
    deliver(courier(desk, clock))
    assert (newest(desk).due_ms, newest(desk).attempts) == (None, 2)
    assert "ConnectionRefusedError" in newest(desk).error


def test_a_call_whose_taker_died_is_taken_again(desk: FakeDesk, hook: HttpReceiver) -> None:
    queue(desk, Webhook(hook.url(), SECRET))
    clock = Clock()
    dead = take_delivery(desk.engine, clock())
    assert dead is not None
    assert not deliver(courier(desk, clock))
    clock.unix_ms += TAKEN_MS
    assert deliver(courier(desk, clock))
    assert newest(desk).ended_ms == clock.unix_ms
    deliveries.failed(desk.engine, dead, clock(), "too late", lambda: 0.5, for_good=False)
    assert newest(desk).ended_ms == clock.unix_ms, "who lost a call says no more about it"


def test_managers_that_take_at_once_take_different_calls(desk: FakeDesk) -> None:
    for _ in range(6):
        queue(desk, Mail(("a@example.com",)))
    start, taken = threading.Barrier(3), []

    def work() -> None:
        start.wait(10)
        while (one := take_delivery(desk.engine, NOON_MS)) is not None:
            taken.append(one.id)

    threads = [threading.Thread(target=work, name=f"manager-{turn}") for turn in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(taken) == len(set(taken)) == 6


def test_mail_waits_and_says_why_where_no_server_is_named(desk: FakeDesk) -> None:
    queue(desk, Mail(("a@example.com",)))
    lines: list[str] = []
    deliver(courier(desk, Clock(), lines))
    assert "found none configured" in lines[0]
    assert newest(desk).due_ms == NOON_MS + 5_000


@pytest.mark.parametrize("fleet_engine", ["sqlite"], indirect=True)
def test_a_call_goes_by_encrypted_mail(desk: FakeDesk, tmp_path: Path) -> None:
    certificate, key = make_certificate(require_tool("openssl"), tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    queue(desk, Mail(("night-shift@example.com",)))
    with mail_receiver(context, ("fleet", "pass word")) as receiver:
        told = {"port": receiver.port, "username": "fleet", "password": "pass word"}
        stranger = MailServer("127.0.0.1", "fleet@example.com", **told)
        lines: list[str] = []
        clock = Clock()
        deliver(courier(desk, clock, lines, stranger))
        assert "CERTIFICATE_VERIFY_FAILED" in lines[0], "a server that cannot prove itself gets no password"
        assert receiver.users == []
        clock.unix_ms = newest(desk).due_ms or 0
        server = MailServer("127.0.0.1", "fleet@example.com", ca=str(certificate), **told)
        assert "pass word" not in repr(server)
        deliver(courier(desk, clock, lines, server))
    assert newest(desk).error == ""
    assert (receiver.users, receiver.encrypted) == (["fleet"], [True])
    (got,) = receiver.letters
    text = got.content.decode()
    assert got.rcpt_tos == ["night-shift@example.com"]
    assert f"<{newest(desk).name}@example.com>" in text
    assert "plant/hall/cam-1  gate  unknown frozen  part p-1" in text.replace("=\r\n", "")
    assert "2 more" in text


@pytest.mark.parametrize("fleet_engine", ["sqlite"], indirect=True)
def test_a_mailbox_that_does_not_exist_is_given_up_and_a_full_one_is_tried_again(desk: FakeDesk) -> None:
    clock = Clock()
    with mail_receiver() as receiver:
        server = MailServer("127.0.0.1", "fleet@example.com", receiver.port, security="none")
        queue(desk, Mail(("nobody@example.com",)))
        deliver(courier(desk, clock, mail=server))
        assert (newest(desk).ended_ms, newest(desk).attempts) == (NOON_MS, 1)
        assert "550 no such mailbox for nobody@example.com" in newest(desk).error
        receiver.replies.append("452 mailbox full")
        queue(desk, Mail(("a@example.com",)))
        deliver(courier(desk, clock, mail=server))
        assert "452 mailbox full" in newest(desk).error
        clock.unix_ms = newest(desk).due_ms or 0
        deliver(courier(desk, clock, mail=server))
    assert newest(desk).error == ""
    assert len(receiver.letters) == 1


@pytest.mark.parametrize("fleet_engine", ["sqlite"], indirect=True)
def test_the_desk_calls_by_itself_and_ends_when_it_is_told(desk: FakeDesk, hook: HttpReceiver) -> None:
    clock, lines = Clock(), []
    with writing(desk.engine) as con:
        save_rule(con, EscalationRule("now", Webhook(hook.url(), SECRET), after_s=0))
    number = desk.store(severity="critical")
    couriers = Couriers(courier(desk, clock, lines), lines.append)
    one = Desk(desk.engine, couriers, clock, lines.append)
    one.start()
    try:
        eventually(lambda: hook.calls)
    finally:
        one.stop()
    assert json.loads(hook.calls[0][2])["data"]["first"][0]["id"] == number
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("desk")]
    assert lines == []


def test_a_receiver_that_never_ends_holds_up_no_other_rule(desk: FakeDesk, hook: HttpReceiver) -> None:
    clock, lines = Clock(), []
    couriers = Couriers(courier(desk, clock, lines), lines.append)
    with dripping_receiver() as port:
        for _ in range(2):
            queue(desk, Webhook(f"http://127.0.0.1:{port}/", SECRET), "slow")
        queue(desk, Webhook(hook.url(), SECRET), "night")
        assert couriers.send_one()
        assert couriers.send_one()
        assert not couriers.send_one(), "one call of a rule at a time"
        assert hook.came.wait(10)
        assert [thread.daemon for thread in threading.enumerate() if thread.name == "desk-call-1"] == [True]
    couriers.wait(10)
    assert couriers.send_one(), "the slow one's next call goes out when the first is over"
    couriers.wait(10)
    with desk.engine.connect() as con:
        assert {one.rule: one.error for one in list_deliveries(con)}["night"] == ""


def test_each_recipient_is_a_call_of_their_own(desk: FakeDesk) -> None:
    queue(desk, Mail(("nobody@example.com", "a@example.com", "later@example.com")))
    clock = Clock()
    with mail_receiver() as receiver:
        server = MailServer("127.0.0.1", "fleet@example.com", receiver.port, security="none")
        while deliver(courier(desk, clock, mail=server)):
            pass
        with desk.engine.connect() as con:
            later, here, nobody = list_deliveries(con)
        assert (nobody.due_ms, here.due_ms, here.error) == (None, None, "")
        assert later.due_ms is not None, "a mailbox that is greylisted takes it later"
        clock.unix_ms = later.due_ms
        assert deliver(courier(desk, clock, mail=server))
        assert newest(desk).error == ""
    assert [letter.rcpt_tos for letter in receiver.letters] == [["a@example.com"], ["later@example.com"]]
