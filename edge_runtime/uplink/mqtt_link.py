"""One MQTT connection, turned by its owner: no thread, no reconnecting, no queue that outlives it.

The owner calls `turn` in a loop; whatever goes wrong with the connection is a `LinkLost`, and a lost link is thrown
away.
paho's own threads and reconnects are not used, so that there is one place that decides when to try again.
"""

from __future__ import annotations

import os
import select
import ssl
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from edge_contracts.errors import LeptonError
from edge_contracts.reconnect import (
    CLOSED_UNANSWERED,
    CLOSED_WORDLESS,
    ITS_LOG,
    REFUSED,
    TAKEN_OVER,
    UNTRUSTED_BROKER,
    MqttVersion,
    names_protocol,
)
from edge_contracts.tls_files import tls_context

if TYPE_CHECKING:
    from collections.abc import Callable

    from paho.mqtt.reasoncodes import ReasonCode

WILL_DELAY_S: Final = 10
SESSION_EXPIRY_S: Final = 60
"""Longer than the will's delay, or the session's end would send the will at once (MQTT 5, 3.1.3.2.2)."""
NO_SUBSCRIBER: Final = 0x10
"""A broker that acknowledges a publication may say so (MQTT 5, 3.4.2.1); one that does not tells nothing."""
LONGEST_TURN_S: Final = 1.0
"""paho looks after its keep-alive once per turn."""


class LinkLost(LeptonError, ConnectionError):
    """The connection did not come about or broke; try again."""


class ProtocolRefused(LinkLost):
    """The broker does not speak the version that was offered."""


class ClosedSilently(LinkLost):
    """The broker took the connection and closed it before it answered."""


class Unanswered(LinkLost):
    """The broker took the connection and never answered."""


class GivenUp(LinkLost):
    """Nobody wanted the connection any more before it was open."""


@dataclass(frozen=True, slots=True)
class LinkOptions:
    """Where the broker is and who we are; files are PEM paths.

    keeps_session: what comes while we are away waits at the broker for a minute (MQTT 5).
    """

    host: str
    port: int
    client_id: str
    keepalive_s: int = 30
    timeout_s: float = 5.0
    username: str | None = None
    password: str | None = None
    ca: str | None = None
    certificate: str | None = None
    key: str | None = None
    keeps_session: bool = True


@dataclass(frozen=True, slots=True)
class Will:
    """What the broker says when we are gone.

    delay_s: how long it waits for us to come back (MQTT 5).
    """

    topic: str
    body: bytes
    delay_s: int = WILL_DELAY_S


class LinkEvents(Protocol):
    """What the owner hears, in its own thread, while it turns the link."""

    def message(self, topic: str, body: bytes, *, retained: bool) -> None:
        """A message came; a retained one is what the broker kept from some time before."""

    def stored_by_broker(self, mid: int, *, has_subscriber: bool) -> None:
        """The broker acknowledged the publication `mid`; one of MQTT 5 may add that nobody has subscribed to it."""

    def refused_by_broker(self, mid: int, reason: str) -> None:
        """The broker refused the publication or subscription `mid`."""


class MqttLink:
    """A connection that is opened once and closed once."""

    def __init__(self, options: LinkOptions, version: MqttVersion, will: Will | None, events: LinkEvents) -> None:
        self._options, self._version, self._events = options, version, events
        self._answer: ReasonCode | None = None
        self._confirmed: set[int] = set()
        self._is_wanted: Callable[[], bool] = lambda: True
        self._client = self._build(will)

    def open(
        self, monotonic_s: Callable[[], float] = time.monotonic, is_wanted: Callable[[], bool] = lambda: True
    ) -> None:
        """Connect and wait for the broker's answer.

        Args:
            monotonic_s: seconds that never go back.
            is_wanted: asked before the first word and while the answer is waited for; looking up a name may have taken
                so long that another link stands in this one's place, and its broker would end that one.

        Raises:
            GivenUp: it is not wanted any more.
            ProtocolRefused, ClosedSilently: try the other protocol version.
            LinkLost: no broker, or it said no.
        """
        where = f"{self._options.host}:{self._options.port}"
        self._is_wanted = is_wanted
        try:
            self._connect()
        except LinkLost:
            raise
        except (OSError, ValueError) as err:
            is_untrusted = isinstance(err, ssl.SSLCertVerificationError)
            advice = UNTRUSTED_BROKER if is_untrusted else "is it running, is the address right?"
            raise LinkLost(f"wanted a broker at {where}, found {err}: {advice}") from err
        deadline_s = monotonic_s() + self._options.timeout_s
        while self._answer is None:
            self._check_wanted()
            if monotonic_s() > deadline_s:
                raise Unanswered(
                    f"wanted an answer from {where} with MQTT {self._version.value} in "
                    f"{self._options.timeout_s:g} s, found none: is it a broker, and one of this version?"
                )
            try:
                self.turn(0.1)
            except LinkLost as err:
                self._judge_answer(where)
                closed = f"wanted an answer from {where}, found the connection closed: {CLOSED_UNANSWERED}"
                raise ClosedSilently(closed) from err
        self._judge_answer(where)

    def publish(self, topic: str, body: bytes, *, qos: int, retain: bool = False, expiry_s: float | None = None) -> int:
        """Hand a message to the socket; says its message id. The expiry needs MQTT 5 and is left out without it."""
        properties = None
        if expiry_s is not None and self._version is MqttVersion.V5:
            properties = _properties(PacketTypes.PUBLISH)
            properties.MessageExpiryInterval = max(1, round(expiry_s))
        mid = self._client.publish(topic, body, qos=qos, retain=retain, properties=properties).mid
        self._confirmed.discard(mid)
        return mid

    def subscribe(self, topic: str, qos: int = 0) -> None:
        """Ask for a topic; a refusal comes as an event.

        With MQTT 5 a message that is to be retained says so also when it comes at once.
        """
        if self._version is MqttVersion.V5:
            options = SubscribeOptions(qos, retainAsPublished=True)
            self._check(self._client.subscribe(topic, options=options)[0])
        else:
            self._check(self._client.subscribe(topic, qos)[0])

    def is_confirmed(self, mid: int) -> bool:
        """Whether the broker acknowledged the last publication of this id."""
        return mid in self._confirmed

    def turn(self, timeout_s: float, wake_fd: int | None = None) -> None:
        """Move bytes both ways; returns after something happened, `wake_fd` became readable, or the time is over.

        Raises:
            LinkLost: the connection broke.
        """
        sock = self._client.socket()
        if sock is None:
            raise LinkLost(f"the connection to the broker is closed: {CLOSED_WORDLESS}")
        held = sock.pending() if hasattr(sock, "pending") else 0
        poll = select.poll()
        poll.register(sock.fileno(), select.POLLIN | (select.POLLOUT if self._client.want_write() else 0))
        if wake_fd is not None:
            poll.register(wake_fd, select.POLLIN)
        ready = dict(poll.poll(0 if held else min(timeout_s, LONGEST_TURN_S) * 1000))
        state = ready.get(sock.fileno(), 0)
        if wake_fd in ready and wake_fd is not None:
            os.eventfd_read(wake_fd)
        if held or state & ~select.POLLOUT:
            self._check(self._client.loop_read())
        if state & select.POLLOUT:
            self._check(self._client.loop_write())
        self._check(self._client.loop_misc())

    def close(self, *, politely: bool) -> None:
        """End the connection; politely means without the will."""
        sock = self._client.socket()
        if politely:
            self._client.disconnect()
        if sock is not None:
            sock.close()

    def _build(self, will: Will | None) -> Client:
        options, is_v5 = self._options, self._version is MqttVersion.V5
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=options.client_id,
            clean_session=None if is_v5 else True,
            protocol=MQTTProtocolVersion.MQTTv5 if is_v5 else MQTTProtocolVersion.MQTTv311,
            reconnect_on_failure=False,
        )
        client.connect_timeout = options.timeout_s
        client.on_connect, client.on_message = self._on_connect, self._on_message
        client.on_publish, client.on_subscribe = self._on_publish, self._on_subscribe
        client.on_disconnect = self._on_disconnect
        client.on_socket_open = lambda *_: self._check_wanted()
        if will is not None:
            properties = None
            if is_v5:
                properties = _properties(PacketTypes.WILLMESSAGE)
                properties.WillDelayInterval = will.delay_s
            client.will_set(will.topic, will.body, qos=1, retain=True, properties=properties)
        return client

    def _connect(self) -> None:
        options = self._options
        if options.username is not None:
            self._client.username_pw_set(options.username, options.password)
        if options.ca is not None:
            self._client.tls_set_context(tls_context(options.ca, options.certificate, options.key))
        properties = None
        if self._version is MqttVersion.V5:
            properties = _properties(PacketTypes.CONNECT)
            properties.SessionExpiryInterval = SESSION_EXPIRY_S if options.keeps_session else 0
            is_clean = not options.keeps_session
            self._client.connect(
                options.host, options.port, options.keepalive_s, clean_start=is_clean, properties=properties
            )
        else:
            self._client.connect(options.host, options.port, options.keepalive_s)

    def _judge_answer(self, where: str) -> None:
        if self._answer is None or not self._answer.is_failure:
            return
        if names_protocol(self._answer.value, str(self._answer)):
            raise ProtocolRefused(f"the broker at {where} does not speak MQTT {self._version.value}")
        raise LinkLost(f"wanted to be let in at {where}, found {self._answer}: check user, password and certificate")

    def _check(self, code: MQTTErrorCode) -> None:
        if code is not MQTTErrorCode.MQTT_ERR_SUCCESS:
            where = f"{self._options.host}:{self._options.port}"
            raise LinkLost(f"the broker at {where} closed the connection ({code.name}): {CLOSED_WORDLESS}")

    def _check_wanted(self) -> None:
        if not self._is_wanted():
            raise GivenUp(f"the connection to {self._options.host}:{self._options.port} is not wanted any more")

    def _on_connect(
        self, client: Client, userdata: object, flags: ConnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        del client, userdata, flags, properties
        self._answer = reason

    def _on_disconnect(
        self,
        client: Client,
        userdata: object,
        flags: DisconnectFlags,
        reason: ReasonCode,
        properties: Properties | None,
    ) -> None:
        del client, userdata, properties
        if flags.is_disconnect_packet_from_server:
            advice = f"who else is called {self._options.client_id}?" if reason.value == TAKEN_OVER else ITS_LOG
            raise LinkLost(f"the broker ended the connection: {reason}; {advice}")

    def _on_message(self, client: Client, userdata: object, message: MQTTMessage) -> None:
        del client, userdata
        self._events.message(message.topic, bytes(message.payload), retained=message.retain)

    def _on_publish(
        self, client: Client, userdata: object, mid: int, reason: ReasonCode, properties: Properties | None
    ) -> None:
        del client, userdata, properties
        if reason.value >= REFUSED:
            self._events.refused_by_broker(mid, str(reason))
        else:
            self._confirmed.add(mid)
            self._events.stored_by_broker(mid, has_subscriber=reason.value != NO_SUBSCRIBER)

    def _on_subscribe(
        self, client: Client, userdata: object, mid: int, reasons: list[ReasonCode], properties: Properties | None
    ) -> None:
        del client, userdata, properties
        for reason in reasons:
            if reason.value >= REFUSED:
                self._events.refused_by_broker(mid, f"subscription refused: {reason}")


def _properties(packet: int) -> Properties:
    return Properties(packet)  # type: ignore[no-untyped-call]
