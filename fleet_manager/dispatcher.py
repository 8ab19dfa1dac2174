"""Sends what is for devices, on a connection of its own: the pages never wait for a broker.

What is sent is a row first, and is marked when the broker has it. Who is cut off between the two sends it again; a
device takes each once, by its id or revision.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from fleet_manager.adapters.connection import StandingConnection, Surroundings
from fleet_manager.adapters.face import Terms
from fleet_manager.store.database import StoreUnavailable, asking, writing

if TYPE_CHECKING:
    import threading
    from collections.abc import Collection, Sequence

    from sqlalchemy import Connection, Engine

    from fleet_manager.ingest.broker_link import BrokerOptions
    from fleet_manager.ingest.link import Link

_LOG = logging.getLogger(__name__)
TURN_S: Final = 0.25
"""How often it looks for something new."""
CONFIRM_S: Final = 5.0
"""How long the broker may take to say that it has something; then it is sent again."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One message for a device, of QoS 1.

    number: of its row. expiry_s: the broker drops it then; None = never.
    """

    number: int
    topic: str
    body: bytes
    retain: bool = False
    expiry_s: float | None = None


class Post(Protocol):
    """Rows of one kind; called by the dispatcher's thread alone."""

    def due(self, con: Connection, now_ms: int) -> Sequence[Letter]:
        """What is to be sent now; a portion, where there is much."""

    def sent(self, con: Connection, numbers: Collection[int], now_ms: int) -> None:
        """The broker has these."""

    def connected(self) -> None:
        """A connection stands; the broker may have forgotten everything."""


class Dispatcher:
    """One broker, one thread.

    Args:
        engine: the database.
        options: where the broker is; the client id belongs to this connection alone.
        posts: what there is to send, by kind.
        surroundings: clocks, randomness, links.
    """

    def __init__(
        self, engine: Engine, options: BrokerOptions, posts: Sequence[Post], surroundings: Surroundings | None = None
    ) -> None:
        self._engine, self._posts, self._around = engine, posts, surroundings or Surroundings()
        self._store_is_well = True
        self._connection = StandingConnection("dispatcher", options, self, self._around)
        self.start, self.stop = self._connection.start, self._connection.stop

    @staticmethod
    def terms() -> Terms:
        """Nothing is heard here: the ingest hears what devices answer."""
        return Terms()

    def converse(self, link: Link, stop: threading.Event) -> None:
        """Send until the end."""
        for post in self._posts:
            post.connected()
        while not stop.is_set():
            self._send_all(link, stop)
            link.turn(TURN_S)

    def lost(self) -> None:
        """What is not sent waits."""

    def _send_all(self, link: Link, stop: threading.Event) -> None:
        """An outage of the database is said once, and waited for on the connection that stands."""
        try:
            for post in self._posts:
                self._send(post, link, stop)
        except StoreUnavailable as err:
            if self._store_is_well:
                _LOG.warning("nothing is sent to stations: the database answers %s; trying again", err)
            self._store_is_well = False
            return
        if not self._store_is_well:
            _LOG.warning("the database answers again: what waits for stations is sent")
        self._store_is_well = True

    def _send(self, post: Post, link: Link, stop: threading.Event) -> None:
        with asking(), self._engine.connect() as con:
            letters = post.due(con, self._around.unix_ms())
        if not letters:
            return
        numbers = {
            link.publish(one.topic, one.body, 1, retain=one.retain, expiry_s=one.expiry_s): one.number
            for one in letters
        }
        taken = self._confirmed(link, set(numbers), stop)
        if taken:
            with writing(self._engine) as con:
                post.sent(con, [numbers[mid] for mid in taken], self._around.unix_ms())

    def _confirmed(self, link: Link, mids: set[int], stop: threading.Event) -> set[int]:
        until_s = self._around.monotonic_s() + CONFIRM_S
        taken: set[int] = set()
        while taken != mids and not stop.is_set() and self._around.monotonic_s() < until_s:
            link.turn(TURN_S)
            taken = {mid for mid in mids if link.is_confirmed(mid)}
        return taken
