"""Sends what people ask of devices, on a connection of its own: the pages never wait for a broker.

A row is marked as sent when the broker has it. Who is cut off between the two sends it again, and the device does it
once, by its id.
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Final

from edge_contracts.command import Command
from edge_contracts.topics import DeviceAddress
from fleet_manager.adapters.connection import StandingConnection, Surroundings
from fleet_manager.adapters.face import Terms
from fleet_manager.commands.command_log import note_sent, unsent_commands
from fleet_manager.store.database import writing

if TYPE_CHECKING:
    import threading

    from sqlalchemy import Engine

    from fleet_manager.adapters.connection import Link
    from fleet_manager.commands.command import GivenCommand
    from fleet_manager.ingest.broker_link import BrokerOptions

TURN_S: Final = 0.25
"""How often it looks for new ones."""
CONFIRM_S: Final = 5.0
"""How long the broker may take to say that it has one; then it is sent again."""
_MS: Final = 1000


class Dispatcher:
    """One broker, one thread.

    Args:
        engine: the database.
        options: where the broker is; the client id belongs to this connection alone.
        surroundings: clocks, randomness, links.
    """

    def __init__(self, engine: Engine, options: BrokerOptions, surroundings: Surroundings | None = None) -> None:
        self._engine, self._around = engine, surroundings or Surroundings()
        self._connection = StandingConnection("dispatcher", options, self, self._around)
        self.start, self.stop = self._connection.start, self._connection.stop

    @staticmethod
    def terms() -> Terms:
        """Nothing is heard here: the ingest hears the answers."""
        return Terms()

    def converse(self, link: Link, stop: threading.Event) -> None:
        """Send until the end."""
        while not stop.is_set():
            self._send(link, stop)
            link.turn(TURN_S)

    def lost(self) -> None:
        """What is not sent waits, until its time is over."""

    def _send(self, link: Link, stop: threading.Event) -> None:
        now_ms = self._around.unix_ms()
        with self._engine.connect() as con:
            waiting = unsent_commands(con, now_ms)
        if not waiting:
            return
        numbers = {_publish(link, one, now_ms): one.id for one in waiting}
        taken = self._confirmed(link, set(numbers), stop)
        if taken:
            with writing(self._engine) as con:
                note_sent(con, [numbers[mid] for mid in taken], self._around.unix_ms())

    def _confirmed(self, link: Link, mids: set[int], stop: threading.Event) -> set[int]:
        until_s = self._around.monotonic_s() + CONFIRM_S
        taken: set[int] = set()
        while taken != mids and not stop.is_set() and self._around.monotonic_s() < until_s:
            link.turn(TURN_S)
            taken = {mid for mid in mids if link.is_confirmed(mid)}
        return taken


def _publish(link: Link, one: GivenCommand, now_ms: int) -> int:
    expires = datetime.fromtimestamp(one.expires_ms / _MS, timezone.utc)
    body = Command(id=one.command_id, expires=expires).model_dump_json()
    topic = DeviceAddress(*one.address.split("/")).topic(f"cmd/{one.name}")
    return link.publish(topic, body.encode(), 1, expiry_s=(one.expires_ms - now_ms) / _MS)
