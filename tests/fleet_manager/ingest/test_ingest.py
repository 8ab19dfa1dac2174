"""The ingest beside a broker and a store that misbehave: nobody is told of what is not stored."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from fleet_manager.ingest.ingest import PROBE_EVERY_S, Ingest
from fleet_manager.ingest.watchers import QuietWatcher
from fleet_manager.store.database import StoreUnavailable
from tests.fakes.arrivals import alert_body
from tests.fakes.broker_links import OPTIONS, FakeBroker, FakeLink
from tests.fakes.letters import ADDRESS
from tests.fakes.stores import opened_store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from fleet_manager.arrival import Arrival
    from fleet_manager.ingest.broker_link import Heard
    from fleet_manager.store.alert_store import AlertStore, Taken

ACK = ADDRESS.topic("ack")


class Noting(QuietWatcher):
    """Remembers in which order it was told what."""

    def __init__(self) -> None:
        super().__init__(lambda _: None, lambda: None)
        self.told: list[str] = []

    def connected(self, where: str) -> None:
        self.told.append(f"connected to {where.partition(':')[0]}")

    def ready(self) -> None:
        self.told.append("ready")

    def silent(self) -> None:
        self.told.append("silent")

    def disconnected(self, err: Exception) -> None:
        self.told.append(f"disconnected: {err}")

    def stored(self, taken: Taken) -> None:
        self.told.append(f"stored {len(taken.alerts)}")

    def store_failed(self, err: Exception) -> None:
        self.told.append(f"failed: {err}")


@dataclass
class Stage:
    """An ingest, its broker, and a clock that each turn moves on by `turn_s`, until `end_s`."""

    store: AlertStore
    broker: FakeBroker = field(default_factory=FakeBroker)
    watcher: Noting = field(default_factory=Noting)
    now_s: float = 0.0
    turn_s: float = 1.0
    end_s: float = 10.0
    refuses: bool = False
    opened: Callable[[FakeLink], None] = lambda _: None

    def run(self) -> FakeLink:
        """The first connection, after the end."""
        Ingest(
            self,  # type: ignore[arg-type] - stands before the store
            OPTIONS,
            self.watcher,
            draw=lambda: 0.0,
            monotonic_s=lambda: self.now_s,
            make_link=lambda options, version: Turned(self, self.broker.link(options, version, None)),  # type: ignore[arg-type,return-value]
        ).run(self)
        return self.broker.connections[0]

    def take(self, arrivals: Sequence[Arrival]) -> Taken:
        if self.refuses:
            raise StoreUnavailable("database or disk is full")
        return self.store.take(arrivals)

    def is_set(self) -> bool:
        return self.now_s >= self.end_s

    def wait(self, timeout: float) -> bool:
        self.now_s += timeout
        return self.is_set()


class Turned:
    """A link that moves the clock when it is turned."""

    def __init__(self, stage: Stage, link: FakeLink) -> None:
        self._stage, self._link = stage, link

    def __getattr__(self, name: str) -> object:
        return getattr(self._link, name)

    def open(self, filters: Sequence[str], monotonic_s: Callable[[], float]) -> None:
        self._link.open(filters, monotonic_s)
        self._stage.opened(self._link)

    def turn(self, timeout_s: float) -> list[Heard]:
        self._stage.now_s += self._stage.turn_s
        return self._link.turn(timeout_s)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    store = opened_store(tmp_path / "alerts.sqlite")
    yield Stage(store)
    store.close()


def words(link: FakeLink) -> list[str]:
    return [topic for topic, *_ in link.published if topic == ACK]


def test_what_is_stored_is_told_to_its_device_and_to_the_broker(stage: Stage) -> None:
    stage.opened = lambda link: link.deliver(ADDRESS.topic("alert"), alert_body(1))
    link = stage.run()
    assert (words(link), link.acknowledged) == ([ACK], 1)


def test_while_the_store_takes_nothing_neither_device_nor_broker_is_told(stage: Stage) -> None:
    stage.opened = lambda link: link.deliver(ADDRESS.topic("alert"), alert_body(1))
    stage.refuses = True
    link = stage.run()
    assert "failed: database or disk is full" in stage.watcher.told
    assert (words(link), link.acknowledged) == ([], 0)


def test_what_was_heard_and_not_stored_is_forgotten_with_its_connection_because_the_broker_has_it(stage: Stage) -> None:
    def opened(link: FakeLink) -> None:
        link.deliver(ADDRESS.topic("alert"), alert_body(1))
        if len(stage.broker.connections) == 1:
            link.break_off()
        stage.refuses = len(stage.broker.connections) == 1

    stage.opened = opened
    first = stage.run()
    second = stage.broker.connections[1]
    assert (first.acknowledged, second.acknowledged) == (0, 1)
    assert "stored 1" in stage.watcher.told


def test_a_broker_that_delivers_nothing_any_more_is_found_out(stage: Stage) -> None:
    stage.end_s = 4 * PROBE_EVERY_S
    stage.run()
    assert stage.watcher.told.count("silent") >= 2


def test_a_broker_that_delivers_is_asked_again_and_stays_ready(stage: Stage) -> None:
    def answered(link: FakeLink) -> None:
        publish = link.publish

        def echo(topic: str, body: bytes, qos: int = 0, *, retain: bool = False, expiry_s: float | None = None) -> int:
            link.deliver(topic, body)
            return publish(topic, body, qos, retain=retain, expiry_s=expiry_s)

        link.publish = echo  # type: ignore[method-assign]

    stage.opened, stage.end_s = answered, 4 * PROBE_EVERY_S
    stage.run()
    assert "silent" not in stage.watcher.told
    assert stage.watcher.told.count("ready") >= 3
