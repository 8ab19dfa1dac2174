"""A runner carries a face over every broken connection, and an ear hears for all of them."""

from __future__ import annotations

import logging

import pytest

from fleet_manager.adapters.connection import Surroundings
from fleet_manager.adapters.ear import UNHEARD_AFTER_S, DeviceEar
from fleet_manager.adapters.face import Terms
from fleet_manager.adapters.hearing import FILTERS
from fleet_manager.adapters.mailbox import Mailbox
from fleet_manager.adapters.news import Said, Unheard
from fleet_manager.adapters.publication import Publication
from fleet_manager.adapters.runner import FaceRunner
from fleet_manager.store.device_reading import STALE_S
from tests.fakes.broker_links import OPTIONS, FakeBroker
from tests.fakes.device_words import STATION, birth, body, online
from tests.fakes.patience import eventually

NOW_MS = 1_700_000_000_000


class EchoFace:
    """Says what it is told, in words."""

    name = "echo"
    wants_out = False

    def __init__(self) -> None:
        self.told: list[object] = []

    def terms(self, now_ms):
        return Terms(Publication("echo/will", b"", 1, retain=True), (f"echo/{now_ms}",))

    def connected(self, now_ms):
        del now_ms
        yield Publication("echo/all", str(len(self.told)).encode())

    def tell(self, news, now_ms):
        del now_ms
        self.told.append(news)
        yield Publication("echo/told", news.subject.encode(), 1, retain=True)

    def heard(self, topic, body, now_ms):
        del now_ms
        if body == b"fail":
            raise RuntimeError("a face's mistake")
        self.wants_out = body == b"leave"
        yield Publication("echo/heard", topic.encode())

    def farewell(self, now_ms):
        del now_ms
        self.wants_out = False
        yield Publication("echo/bye", b"")


@pytest.fixture
def broker():
    return FakeBroker()


@pytest.fixture
def runner(broker):
    around = Surroundings(unix_ms=lambda: NOW_MS, draw=lambda: 0.0, make_link=broker.link)
    made = FaceRunner(EchoFace(), OPTIONS, around)
    yield made
    made.stop()


def _topics(link):
    return [topic for topic, _, _, _ in link.published]


def test_each_loss_in_other_words_is_a_warning_and_none_is_one_twice(broker, runner, caplog):
    broker.is_up = False
    runner.start()
    eventually(lambda: broker.attempts >= 3)
    broker.is_up = True
    for number in (1, 2):
        eventually(lambda number=number: len(broker.connections) == number)
        broker.connections[-1].break_off()
    eventually(lambda: len(broker.connections) == 3)
    runner.stop()
    told = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert [line.partition(": ")[2] for line in told] == [
        "wanted a broker, found none; trying again",
        "the connection broke; trying again",
    ]


def test_the_face_decides_the_will_and_the_filters(broker, runner):
    runner.start()
    eventually(lambda: runner.is_connected)
    link = broker.connections[0]
    assert (link.will.topic, link.will.retain, link.filters) == ("echo/will", True, (f"echo/{NOW_MS}",))


def test_news_reach_the_broker_with_the_quality_that_the_face_asked_for(broker, runner):
    runner.start()
    eventually(lambda: runner.is_connected)
    runner.mailbox.post(Said(STATION, online()))
    eventually(lambda: ("echo/told", b"status", 1, True) in broker.connections[0].published)


def test_news_that_came_before_the_connection_are_in_what_it_begins_with(broker, runner):
    runner.mailbox.post(Said(STATION, online()))
    runner.start()
    eventually(lambda: runner.is_connected)
    assert broker.connections[0].published == [("echo/all", b"1", 0, False)]


def test_a_broken_connection_is_followed_by_another_that_says_everything(broker, runner):
    runner.start()
    eventually(lambda: runner.is_connected)
    broker.connections[0].break_off()
    eventually(lambda: len(broker.connections) > 1 and broker.connections[1].published)
    assert broker.connections[0].ended == "cut"
    assert _topics(broker.connections[1]) == ["echo/all"]


def test_a_message_is_handed_to_the_face_and_acknowledged(broker, runner):
    runner.start()
    eventually(lambda: runner.is_connected)
    broker.connections[0].deliver("x", b"hello")
    eventually(lambda: ("echo/heard", b"x", 0, False) in broker.connections[0].published)
    assert broker.connections[0].acknowledged == 1


def test_a_face_that_fails_is_cut_so_that_its_will_is_said_and_begins_anew(broker, runner, caplog):
    runner.start()
    eventually(lambda: runner.is_connected)
    broker.connections[0].deliver("x", b"fail")
    eventually(lambda: len(broker.connections) > 1)
    assert broker.connections[0].ended == "cut"
    assert "a face's mistake" in caplog.text


def test_a_face_that_wants_out_says_farewell_and_gets_another_connection(broker, runner):
    runner.start()
    eventually(lambda: runner.is_connected)
    broker.connections[0].deliver("x", b"leave")
    eventually(lambda: len(broker.connections) > 1)
    assert broker.connections[0].ended == "closed"
    assert _topics(broker.connections[0])[-1] == "echo/bye"


def test_stopping_says_farewell(broker, runner):
    runner.start()
    eventually(lambda: runner.is_connected)
    runner.stop()
    assert _topics(broker.connections[0])[-1] == "echo/bye"
    assert broker.connections[0].ended == "closed"
    assert not runner.is_connected


def test_a_broker_that_does_not_read_is_given_nothing_more_and_nothing_it_says_is_lost(broker, runner):
    runner.start()
    eventually(lambda: runner.is_connected)
    link = broker.connections[0]
    link.is_behind = True
    for topic in ("x", "y"):
        link.deliver(topic, b"")
    eventually(lambda: link.delivered == 2)
    runner.mailbox.post(Said(STATION, online()))
    assert _topics(link) == ["echo/all"]
    link.is_behind = False
    eventually(lambda: "echo/told" in _topics(link))
    eventually(lambda: [body for topic, body, _, _ in link.published if topic == "echo/heard"] == [b"x", b"y"])


def test_a_runner_can_be_stopped_while_its_broker_does_not_read(broker, runner):
    runner.start()
    eventually(lambda: runner.is_connected)
    broker.connections[0].is_behind = True
    broker.connections[0].deliver("x", b"")
    eventually(lambda: broker.connections[0].delivered)
    runner.stop()
    assert broker.connections[0].ended == "closed"


class _Hours:
    """Seconds that a test moves."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def hours():
    return _Hours()


@pytest.fixture
def mailboxes():
    return [Mailbox(), Mailbox()]


@pytest.fixture
def ear(broker, hours, mailboxes):
    around = Surroundings(monotonic_s=hours, draw=lambda: 0.0, make_link=broker.link)
    made = DeviceEar(OPTIONS, mailboxes, around)
    made.start()
    yield made
    made.stop()


def test_the_ear_tells_every_face_what_a_device_says(broker, ear, mailboxes):
    eventually(lambda: broker.connections)
    assert broker.connections[0].filters == FILTERS
    broker.connections[0].deliver(STATION.topic("birth"), body(birth("line-1")))
    broker.connections[0].deliver(STATION.topic("birth"), b"nonsense")
    eventually(lambda: ear.passed_over == 1)
    assert [box.take(9) for box in mailboxes] == [[Said(STATION, birth("line-1"))]] * 2


@pytest.mark.usefixtures("ear")
def test_devices_are_called_unheard_once_and_only_when_their_broker_stays_away(broker, hours, mailboxes):
    eventually(lambda: broker.connections)
    broker.connections[0].deliver(STATION.topic("status"), body(online()))
    eventually(lambda: len(mailboxes[0]))
    broker.is_up = False
    broker.connections[0].break_off()
    hours.now_s = UNHEARD_AFTER_S - 1
    eventually(lambda: broker.attempts > 3)
    assert mailboxes[1].take(9) == [Said(STATION, online())]
    hours.now_s = 2 * UNHEARD_AFTER_S
    eventually(lambda: mailboxes[1].take(9) == [Unheard()])
    tried = broker.attempts
    eventually(lambda: broker.attempts > tried + 3)
    broker.is_up = True
    eventually(lambda: len(broker.connections) > 1)
    assert mailboxes[1].take(9) == []


@pytest.mark.usefixtures("ear")
def test_a_device_that_falls_silent_while_its_broker_is_heard_is_called_unheard(broker, hours, mailboxes):
    eventually(lambda: broker.connections)
    broker.connections[0].deliver(STATION.topic("status"), body(online()))
    eventually(lambda: mailboxes[0].take(9) == [Said(STATION, online())])
    hours.now_s = STALE_S
    eventually(lambda: mailboxes[0].take(9) == [Unheard(STATION)])
