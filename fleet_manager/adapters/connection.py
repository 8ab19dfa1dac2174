"""A thread that keeps an MQTT connection: opens it, hands it to its owner, opens another when it ends.

Each connection begins clean: retained messages say what there is. Waits between attempts have full jitter.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

from edge_contracts.reconnect import FullJitter, MqttVersion, ProtocolChoice, ToldLosses, failures_after
from fleet_manager.ingest.broker_link import BrokerClosed, BrokerLink, BrokerOptions, Will
from fleet_manager.ingest.link import learn

if TYPE_CHECKING:
    from collections.abc import Callable

    from fleet_manager.adapters.face import Terms
    from fleet_manager.ingest.link import Link

_LOG = logging.getLogger(__name__)
STOP_S: Final = 15.0
"""Longer than a connection may take to be made or refused."""
LONGEST_WAIT_S: Final = 10.0


class Owner(Protocol):
    """Who uses the connection; called by its thread alone."""

    def terms(self) -> Terms:
        """A connection is about to be made."""

    def converse(self, link: Link, stop: threading.Event) -> None:
        """It stands; return when `stop` is set or another one is wanted."""

    def lost(self) -> None:
        """There is none, or no more."""


LinkMaker: TypeAlias = "Callable[[BrokerOptions, MqttVersion, Will | None], Link]"


def clean_link(options: BrokerOptions, version: MqttVersion, will: Will | None) -> BrokerLink:
    """A connection that begins without a past."""
    return BrokerLink(options, version, will=will, keeps_session=False)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a connection takes from outside.

    unix_ms: wall clock, milliseconds. monotonic_s: seconds that never go back. draw: a number in [0, 1), for the
    jitter. make_link: how a connection is made.
    """

    unix_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000
    monotonic_s: Callable[[], float] = time.monotonic
    draw: Callable[[], float] = random.random
    make_link: LinkMaker = clean_link


class StandingConnection:
    """One owner, one broker, one thread.

    Args:
        name: the thread's.
        options: where the broker is; the client id belongs to this connection alone.
        owner: who uses it.
        surroundings: clocks, randomness, links.
    """

    def __init__(self, name: str, options: BrokerOptions, owner: Owner, surroundings: Surroundings) -> None:
        self._name, self._options, self._owner, self._around = name, options, owner, surroundings
        self._reconnect, self._protocol = FullJitter(longest_s=LONGEST_WAIT_S), ProtocolChoice(options.mqtt)
        self._losses = ToldLosses()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin; returns at once, whether or not there is a broker."""
        self._thread.start()

    def ask_to_stop(self) -> None:
        """Say farewell soon; returns at once."""
        self._stop.set()

    def stop(self) -> None:
        """Say farewell and end; one that was never started has nothing to say.

        Raises:
            TimeoutError: the thread did not end in time.
        """
        self._stop.set()
        if self._thread.ident is None:
            return
        self._thread.join(STOP_S)
        if self._thread.is_alive():
            raise TimeoutError(f"wanted {self._name} to end within {STOP_S} s, found it running: look at its log")

    def _run(self) -> None:
        failures = 0
        while not self._stop.is_set():
            began_s = self._around.monotonic_s()
            try:
                self._session()
            except BrokerClosed as err:
                self._note(err)
            except Exception:  # noqa: BLE001 - one face's mistake ends a connection, never the site
                _LOG.exception("%s failed; it begins anew", self._name)
            self._owner.lost()
            failures = failures_after(failures, self._around.monotonic_s() - began_s)
            self._stop.wait(self._reconnect.delay_s(failures, self._around.draw))

    def _session(self) -> None:
        terms = self._owner.terms()
        last = terms.will
        will = None if last is None else Will(last.topic, last.body, last.qos, last.retain)
        link = self._around.make_link(self._options, self._protocol.offered, will)
        try:
            link.open(terms.filters, self._around.monotonic_s)
            self._protocol.accepted()
            self._losses.opened(self._around.monotonic_s())
            _LOG.info("%s is connected to %s", self._name, self._options.where)
            self._owner.converse(link, self._stop)
        except BaseException:
            link.cut()
            raise
        link.close()

    def _note(self, err: BrokerClosed) -> None:
        learn(self._protocol, err)
        level = logging.WARNING if self._losses.is_news(str(err), self._around.monotonic_s()) else logging.DEBUG
        _LOG.log(level, "%s: %s; trying again", self._name, err)
