"""Hears the devices for all faces, on a connection of its own: what the broker retains tells the whole state at once.

So the ingest has no part in it, and several ingest workers make no difference. When the broker is away for longer than
a device's own will would take, the faces are told that the devices are unheard; and of each that said to be online and
is silent for as long as the pages believe it, that it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fleet_manager.adapters.connection import StandingConnection, Surroundings
from fleet_manager.adapters.face import Terms
from fleet_manager.adapters.hearing import FILTERS, Hearing
from fleet_manager.adapters.news import Unheard
from fleet_manager.adapters.silence import Silence

if TYPE_CHECKING:
    import threading
    from collections.abc import Sequence

    from fleet_manager.adapters.mailbox import Mailbox
    from fleet_manager.adapters.news import News
    from fleet_manager.ingest.broker_link import BrokerOptions
    from fleet_manager.ingest.link import Link

TURN_S: Final = 0.2
UNHEARD_AFTER_S: Final = 10.0
"""As long as the broker waits with a device's will."""


class DeviceEar:
    """One broker, one thread, a mailbox for each face.

    Args:
        options: where the devices' broker is; the client id belongs to this ear alone.
        mailboxes: who is told.
        surroundings: clocks, randomness, links.

    Attributes:
        is_connected: for whoever shows how the faces do.
    """

    def __init__(
        self, options: BrokerOptions, mailboxes: Sequence[Mailbox], surroundings: Surroundings | None = None
    ) -> None:
        self._mailboxes, self._around = mailboxes, surroundings or Surroundings()
        self.is_connected = False
        self._hearing, self._silence = Hearing(), Silence()
        self._heard_at_s: float | None = None
        self._connection = StandingConnection("faces-ear", options, self, self._around)
        self.start, self.ask_to_stop = self._connection.start, self._connection.ask_to_stop
        self.stop = self._connection.stop

    @property
    def passed_over(self) -> int:
        """Messages that were not understood."""
        return self._hearing.passed_over

    def post(self, news: News) -> None:
        """Tell every face."""
        for mailbox in self._mailboxes:
            mailbox.post(news)

    def terms(self) -> Terms:
        """Everything that devices say of their state."""
        return Terms(filters=FILTERS)

    def converse(self, link: Link, stop: threading.Event) -> None:
        """Hear until the end."""
        self.is_connected = True
        while not stop.is_set():
            for message in link.turn(TURN_S):
                link.acknowledge(message)
                news = self._hearing.hear(message.topic, message.body)
                if news is not None:
                    self._post_all(self._silence.after(news, self._around.monotonic_s()))
            self._heard_at_s = self._around.monotonic_s()
            self._post_all(self._silence.fallen(self._heard_at_s))

    def lost(self) -> None:
        """Say once per outage, and not at its beginning, that the devices are unheard."""
        self.is_connected = False
        since_s = self._heard_at_s
        if since_s is not None and self._around.monotonic_s() - since_s >= UNHEARD_AFTER_S:
            self._heard_at_s = None
            self._silence.forget()
            self.post(Unheard())

    def _post_all(self, told: Sequence[News]) -> None:
        for news in told:
            self.post(news)
