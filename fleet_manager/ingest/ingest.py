"""The ingest: hears every device, stores in batches, and only then says `ack`.

A message is acknowledged to the broker and to its device after the commit that holds it. What cannot be understood is
kept in quarantine, counted and shown; it never stops the rest. When the store's disk refuses, the batch is kept and
tried again.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

from edge_contracts.ack import Ack
from edge_contracts.errors import LeptonError
from edge_contracts.reconnect import FullJitter, ProtocolChoice, failures_after
from edge_contracts.stats import STATS
from edge_contracts.topics import ROOT, DeviceAddress, filter_for
from fleet_manager.arrival import Arrival, judge
from fleet_manager.ingest.broker_link import BrokerClosed, BrokerLink, BrokerOptions, Heard
from fleet_manager.ingest.link import learn
from fleet_manager.store.database import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_contracts.reconnect import MqttVersion
    from fleet_manager.ingest.link import Link
    from fleet_manager.store.alert_store import AlertStore, Taken

_LOG = logging.getLogger(__name__)
SPOOLED: Final = ("alert", "gap", STATS)
SAID: Final = ("birth", "status", "state", "alarm/+", "reported", "res")
LARGEST_BATCH: Final = 500
BATCH_WINDOW_S: Final = 0.02
"""A batch waits no longer than this,"""
PAUSE_S: Final = 0.002
"""and no longer than the stream pauses: a broker sends only so many messages (mosquitto: 20) before it hears of any."""
RETRY_STORE_S: Final = 1.0
PROBE_EVERY_S: Final = 30.0
"""How often an ingest says something to itself; what stays away until the next time does not come back."""


class NoBroker(LeptonError, ConnectionError):
    """No broker answered in the time that was given."""


@dataclass(frozen=True, slots=True)
class Ears:
    """What one ingest listens to.

    leaves: of every device. share: the group that divides the messages among its members; empty = each hears all.
    """

    leaves: tuple[str, ...] = (*SPOOLED, *SAID)
    share: str = ""

    def filters(self, probe: str) -> list[str]:
        """The subscriptions, the topic of the own probe among them."""
        names = [*(filter_for(leaf) for leaf in self.leaves), probe]
        return [f"$share/{self.share}/{name}" for name in names] if self.share else names


class Watcher(Protocol):
    """Who is told of what happens."""

    def connected(self, where: str) -> None:
        """A broker let us in."""

    def ready(self) -> None:
        """What we said to ourselves came back: messages arrive."""

    def silent(self) -> None:
        """What we said to ourselves does not come back: the broker delivers nothing."""

    def disconnected(self, err: LeptonError) -> None:
        """The broker is gone, or there is none; the ingest keeps trying."""

    def stored(self, taken: Taken) -> None:
        """A batch is durable."""

    def store_failed(self, err: Exception) -> None:
        """The store's disk refused a batch; it is kept and tried again."""


class StopSignal(Protocol):
    """What `threading.Event` offers."""

    def is_set(self) -> bool:
        """Whether to stop."""

    def wait(self, timeout: float) -> bool:
        """Wait until then, or so long."""


@dataclass(slots=True)
class _Batch:
    arrivals: list[Arrival] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)
    began_s: float = 0.0


class Ingest:
    """One broker, one store, one thread: the caller's.

    Args:
        store: where alerts go.
        options: where the broker is.
        watcher: who is told.
        ears: what it listens to.
        give_up_s: raise `NoBroker` when none answered in this time; None = try for ever.
        reconnect: how long to wait between attempts.
        draw: gives a number in [0, 1), for the jitter.
        monotonic_s: seconds that never go back.
        make_link: how a connection is made.
    """

    def __init__(
        self,
        store: AlertStore,
        options: BrokerOptions,
        watcher: Watcher,
        *,
        draw: Callable[[], float],
        ears: Ears | None = None,
        give_up_s: float | None = None,
        reconnect: FullJitter | None = None,
        monotonic_s: Callable[[], float] = time.monotonic,
        make_link: Callable[[BrokerOptions, MqttVersion], Link] = BrokerLink,
    ) -> None:
        self._make_link = make_link
        self._alerts, self._options, self._watcher = store, options, watcher
        self._give_up_s, self._reconnect = give_up_s, reconnect or FullJitter(longest_s=5.0)
        self._draw, self._monotonic_s = draw, monotonic_s
        self._ears = ears or Ears()
        self._probe = DeviceAddress("manager", "manager", options.client_id).topic("probe")
        self._protocol = ProtocolChoice(options.mqtt)
        self._batch = _Batch()
        self._was_connected = False
        self._probed_s, self._is_probe_back = 0.0, False

    def run(self, stop: StopSignal) -> None:
        """Work until `stop` is set.

        Raises:
            NoBroker: none answered within `give_up_s`.
        """
        began_s = self._monotonic_s()
        failures = 0
        while not stop.is_set():
            session_began_s = self._monotonic_s()
            try:
                self._session(stop)
            except BrokerClosed as err:
                self._note(err)
                if self._give_up_s is not None and not self._was_connected:
                    self._give_up_after(began_s, err)
            failures = failures_after(failures, self._monotonic_s() - session_began_s)
            if not stop.is_set():
                stop.wait(self._reconnect.delay_s(failures, self._draw))

    def _note(self, err: BrokerClosed) -> None:
        learn(self._protocol, err)
        self._watcher.disconnected(err)

    def _give_up_after(self, began_s: float, err: BrokerClosed) -> None:
        if self._monotonic_s() - began_s >= (self._give_up_s or 0.0):
            raise NoBroker(f"{err}; gave up after {self._give_up_s} s") from err

    def _session(self, stop: StopSignal) -> None:
        link = self._make_link(self._options, self._protocol.offered)
        try:
            link.open(self._ears.filters(self._probe), self._monotonic_s)
            self._protocol.accepted()
            self._was_connected = True
            self._watcher.connected(f"{self._options.host}:{self._options.port}, MQTT {self._protocol.offered.value}")
            self._ask(link)
            while not stop.is_set():
                messages = link.turn(PAUSE_S if self._batch.arrivals else 0.2)
                self._hear(messages)
                self._ask_again(link, is_quiet=not messages)
                if self._is_ripe(pauses=not messages):
                    self._commit(link, stop)
            self._commit(link, stop)
        finally:
            self._store(stop)
            self._batch = _Batch()
            link.close()

    def _ask(self, link: Link) -> None:
        self._probed_s, self._is_probe_back = self._monotonic_s(), False
        link.publish(self._probe, b"{}")

    def _ask_again(self, link: Link, *, is_quiet: bool) -> None:
        """An answer may wait behind other messages, so only a pause proves that there is none."""
        if self._monotonic_s() - self._probed_s < PROBE_EVERY_S or not (self._is_probe_back or is_quiet):
            return
        if not self._is_probe_back:
            self._watcher.silent()
        self._ask(link)

    def _hear(self, messages: list[Heard]) -> None:
        if not self._batch.arrivals:
            self._batch.began_s = self._monotonic_s()
        for message in messages:
            if message.topic == self._probe:
                self._is_probe_back = True
                self._watcher.ready()
                continue
            self._batch.heard.append(message)
            self._batch.arrivals.append(judge(message.topic, message.body))

    def _is_ripe(self, *, pauses: bool) -> bool:
        batch = self._batch
        if not batch.arrivals:
            return False
        return pauses or len(batch.arrivals) >= LARGEST_BATCH or self._monotonic_s() - batch.began_s >= BATCH_WINDOW_S

    def _commit(self, link: Link, stop: StopSignal) -> None:
        """Store first, then tell the device, then the broker."""
        heard = self._batch.heard
        taken = self._store(stop)
        if taken is None:
            return
        for word in taken.words:
            body = Ack(epoch=word.epoch, seq=word.through).model_dump_json().encode()
            link.publish(f"{ROOT}/{word.address}/ack", body)
        for message in heard:
            link.acknowledge(message)

    def _store(self, stop: StopSignal) -> Taken | None:
        if not self._batch.arrivals:
            return None
        try:
            taken = self._alerts.take(self._batch.arrivals)
        except StoreUnavailable as err:
            self._watcher.store_failed(err)
            stop.wait(RETRY_STORE_S)
            return None
        self._batch = _Batch()
        self._watcher.stored(taken)
        return taken
