"""One MQTT topic on a connection of its own: listened to, or published to and confirmed.

The session is clean: a message that waited at the broker while we were away would announce a part that is gone.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edge_contracts.errors import BadInputError
from edge_contracts.reconnect import ProtocolChoice
from edge_contracts.tls_files import check_tls_files
from edge_runtime.terminals.wire import WireLost
from edge_runtime.uplink.mqtt_link import LinkLost, LinkOptions, MqttLink
from edge_runtime.uplink.version_lesson import version_lesson

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_contracts.station import MqttBroker
    from edge_runtime.uplink.mqtt_link import Will

CONFIRM_S = 2.0
"""How long a broker may take to acknowledge a message of QoS 1."""
_ANSWER_S = 2.0
_TURN_S = 0.05


@dataclass(frozen=True, slots=True)
class Message:
    """What came on a topic.

    at_ns: monotonic time at which it was read.
    retained: the broker kept it from some time before.
    """

    at_ns: int
    body: bytes
    retained: bool


class OpenTopic:
    """A connection to a broker.

    Args:
        broker: the `broker` table.
        name: begins the client id; its random end keeps two boards from throwing each other out.
        will: what the broker says when we are gone.
        now_ns: monotonic.
    """

    def __init__(self, broker: MqttBroker, name: str, *, will: Will | None = None, now_ns: Callable[[], int]) -> None:
        self._options = options_of(broker, f"{name}-{secrets.token_hex(4)}")
        self._protocol = ProtocolChoice(broker.mqtt)
        self._will = will
        self._now_ns = now_ns
        self._link: MqttLink | None = None
        self._heard: list[Message] = []
        self._refused: str | None = None

    def open(self) -> None:
        """Connect.

        Raises:
            WireLost: no broker, or it said no.
        """
        self.close()
        self._heard, self._refused = [], None
        link = MqttLink(self._options, self._protocol.offered, self._will, self)
        try:
            link.open()
        except LinkLost as error:
            link.close(politely=False)
            raise WireLost(f"{error}{version_lesson(self._protocol, error)}") from error
        self._protocol.accepted()
        self._link = link

    def subscribe(self, topic: str) -> None:
        """Listen to a topic, QoS 0: the broker keeps nothing for us.

        Raises:
            WireLost: the connection broke.
        """
        try:
            self._opened().subscribe(topic)
        except LinkLost as error:
            raise WireLost(str(error)) from error

    def turn(self, timeout_s: float) -> list[Message]:
        """Move bytes, and give what came.

        Raises:
            WireLost: the connection broke, or the broker refused the subscription.
        """
        try:
            self._opened().turn(timeout_s)
        except LinkLost as error:
            raise WireLost(f"wanted the broker, found that {error}; check that it runs") from error
        if self._refused:
            raise WireLost(f"wanted to use a topic, found {self._refused}; check the broker's access list")
        heard, self._heard = self._heard, []
        return heard

    def publish(self, topic: str, body: bytes, *, qos: int, retain: bool = False) -> None:
        """Publish, and with QoS 1 wait until the broker has acknowledged it.

        Raises:
            WireLost: the connection broke, the broker refused the message, or did not acknowledge it in 2 s.
        """
        try:
            mid = self._opened().publish(topic, body, qos=qos, retain=retain)
        except (LinkLost, ValueError, RuntimeError) as error:
            raise WireLost(f"wanted to publish to {topic}, found {error}") from error
        until_s = time.monotonic() + CONFIRM_S
        while qos and not self._opened().is_confirmed(mid):
            if time.monotonic() > until_s:
                raise WireLost(f"wanted the broker to acknowledge a message to {topic} within {CONFIRM_S:g} s")
            self.turn(_TURN_S)
        self.turn(0.0)

    def close(self) -> None:
        """End the connection; politely, so that the broker does not speak our will."""
        link, self._link = self._link, None
        if link is not None:
            link.close(politely=True)

    def message(self, topic: str, body: bytes, *, retained: bool) -> None:
        """A message came."""
        del topic
        self._heard.append(Message(self._now_ns(), body, retained))

    def stored_by_broker(self, mid: int, *, has_subscriber: bool) -> None:
        """The broker acknowledged a message; `publish` asks the link."""

    def refused_by_broker(self, mid: int, reason: str) -> None:
        """The broker refused a message or the subscription."""
        del mid
        self._refused = reason

    def _opened(self) -> MqttLink:
        if self._link is None:
            raise WireLost("the connection to the broker is closed")
        return self._link


def options_of(broker: MqttBroker, client_id: str) -> LinkOptions:
    """How to connect.

    Raises:
        BadInputError: a file is missing, or no PEM of its kind.
    """
    tls = broker.tls
    ca, certificate, key = (tls.ca, tls.certificate, tls.key) if tls else (None, None, None)
    check_tls_files(ca, certificate, key)
    return LinkOptions(
        host=broker.host,
        port=broker.port,
        client_id=client_id,
        keepalive_s=broker.keepalive_s,
        timeout_s=_ANSWER_S,
        username=broker.username,
        password=_password(broker.password_file),
        ca=ca,
        certificate=certificate,
        key=key,
        keeps_session=False,
    )


def _password(file: str | None) -> str | None:
    if file is None:
        return None
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise BadInputError(f"wanted the broker's password in {file}, found {error}: correct the path") from error
