"""Carries one face: news from its mailbox become messages on a connection of its own."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from fleet_manager.adapters.connection import StandingConnection, Surroundings
from fleet_manager.adapters.mailbox import Mailbox

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fleet_manager.adapters.face import Face, Terms
    from fleet_manager.adapters.publication import Publication
    from fleet_manager.ingest.broker_link import BrokerOptions, Heard
    from fleet_manager.ingest.link import Link

TURN_S: Final = 0.1
MOST_PER_TURN: Final = 256


class FaceRunner:
    """One face, one broker, one thread.

    Args:
        face: the translation.
        options: where the broker is; the client id belongs to this runner alone.
        surroundings: clocks, randomness, links.

    Attributes:
        mailbox: where news for the face are posted, from any thread.
        is_connected, published: for whoever shows how the faces do.
    """

    def __init__(self, face: Face, options: BrokerOptions, surroundings: Surroundings | None = None) -> None:
        self.mailbox = Mailbox()
        self.is_connected = False
        self.published = 0
        self._face, self._around = face, surroundings or Surroundings()
        self._early: list[Heard] = []
        self._stop = threading.Event()
        self._connection = StandingConnection(f"face-{face.name}", options, self, self._around)
        self.start, self.ask_to_stop = self._connection.start, self._connection.ask_to_stop
        self.stop = self._connection.stop

    @property
    def name(self) -> str:
        """The face's name."""
        return self._face.name

    def terms(self) -> Terms:
        """What the face wants of its next connection."""
        return self._face.terms(self._around.unix_ms())

    def converse(self, link: Link, stop: threading.Event) -> None:
        """Say everything, then what is new, and in the end farewell."""
        self._stop = stop
        self._early.clear()
        self._catch_up()
        self._say(link, self._face.connected(self._around.unix_ms()))
        self.is_connected = True
        while not stop.is_set() and not self._face.wants_out:
            self._listen(link)
            if not link.is_behind:
                self._tell(link)
        self._say(link, self._face.farewell(self._around.unix_ms()))

    def lost(self) -> None:
        """There is no connection."""
        self.is_connected = False

    def _catch_up(self) -> None:
        for news in self.mailbox.take(len(self.mailbox)):
            tuple(self._face.tell(news, self._around.unix_ms()))

    def _listen(self, link: Link) -> None:
        early, self._early = self._early, []
        for message in [*early, *link.turn(0.0 if early else TURN_S)]:
            link.acknowledge(message)
            self._say(link, self._face.heard(message.topic, message.body, self._around.unix_ms()))

    def _tell(self, link: Link) -> None:
        """The face takes each of the news whole, even when the connection breaks over what comes of it."""
        for news in self.mailbox.take(MOST_PER_TURN):
            self._say(link, tuple(self._face.tell(news, self._around.unix_ms())))

    def _say(self, link: Link, publications: Iterable[Publication]) -> None:
        """No faster than the broker takes it; what it says meanwhile is heard afterwards."""
        for one in publications:
            while link.is_behind and not self._stop.is_set():
                self._early += link.turn(TURN_S)
            link.publish(one.topic, one.body, one.qos, retain=one.retain)
            self.published += 1
