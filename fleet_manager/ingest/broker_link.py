"""One MQTT connection of the manager, turned by its owner; messages are acknowledged by hand.

The session outlives the connection on the broker (MQTT 5: one day, unless told otherwise), so that what devices send
meanwhile waits there; a link that is made with `keeps_session=False` begins clean each time instead.
"""

from __future__ import annotations

import logging
import socket
import ssl
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

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
    from collections.abc import Callable, Sequence

    from paho.mqtt.reasoncodes import ReasonCode

_LOG = logging.getLogger(__name__)
SESSION_EXPIRY_S: Final = 86_400
FAREWELL_S: Final = 2.0
SECOND_MANAGER: Final = "one database has one manager: stop the other"
MOST_UNCONFIRMED: Final = 100
"""Messages of QoS 1 without the broker's word before whoever publishes should wait; the client keeps them in memory."""


class BrokerClosed(LeptonError, ConnectionError):
    """There is no connection to the broker; `is_silent` when it closed without an answer."""

    is_silent = False


class BrokerSilent(BrokerClosed):
    """The broker took the connection and closed it before it answered."""

    is_silent = True


class BrokerUnanswered(BrokerClosed):
    """The broker took the connection and never answered."""


class BrokerRefused(BrokerClosed):
    """The broker said no; `is_protocol` when it does not speak the version."""

    def __init__(self, message: str, *, is_protocol: bool) -> None:
        super().__init__(message)
        self.is_protocol = is_protocol


@dataclass(frozen=True, slots=True)
class BrokerOptions:
    """Where the broker is and who we are.

    Files are PEM paths; `mqtt` is the version to speak, or `auto`; `session_s` is how long an MQTT 5 broker keeps what
    comes while we are away.
    """

    host: str
    port: int
    client_id: str
    username: str | None = None
    password: str | None = None
    ca: str | None = None
    certificate: str | None = None
    key: str | None = None
    mqtt: Literal["auto", "5", "3.1.1"] = "auto"
    keepalive_s: int = 30
    timeout_s: float = 5.0
    session_s: int = SESSION_EXPIRY_S

    @property
    def where(self) -> str:
        """Host and port, for a person."""
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Heard:
    """A message as it came, with what the broker wants to hear when it is stored."""

    topic: str
    body: bytes
    mid: int
    qos: int


@dataclass(frozen=True, slots=True)
class Will:
    """What the broker says in our name, at once, when the connection ends without a farewell."""

    topic: str
    body: bytes
    qos: int = 1
    retain: bool = False


class BrokerLink:
    """A connection that is opened once and closed once.

    Args:
        options: where the broker is and who we are.
        version: the MQTT version to offer.
        will: what the broker says when we are cut off; None = nothing.
        keeps_session: whether messages wait on the broker while we are away.
    """

    def __init__(
        self, options: BrokerOptions, version: MqttVersion, *, will: Will | None = None, keeps_session: bool = True
    ) -> None:
        self._options, self._version, self._keeps_session = options, version, keeps_session
        self._answer: ReasonCode | None = None
        self._farewell: ReasonCode | None = None
        self._granted: list[ReasonCode] | None = None
        self._heard: list[Heard] = []
        self._unconfirmed: dict[int, str] = {}
        self._confirmed: set[int] = set()
        self._now_s: Callable[[], float] = time.monotonic
        is_v5 = version is MqttVersion.V5
        self._client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=options.client_id,
            clean_session=None if is_v5 else not keeps_session,
            protocol=MQTTProtocolVersion.MQTTv5 if is_v5 else MQTTProtocolVersion.MQTTv311,
            reconnect_on_failure=False,
            manual_ack=True,
        )
        self._client.on_disconnect = self._on_disconnect
        self._client.connect_timeout = options.timeout_s
        self._client.on_connect, self._client.on_message = self._on_connect, self._on_message
        self._client.on_subscribe, self._client.on_publish = self._on_subscribe, self._on_publish
        if will is not None:
            self._client.will_set(will.topic, will.body, will.qos, will.retain)

    def open(self, filters: Sequence[str], monotonic_s: Callable[[], float]) -> None:
        """Connect and subscribe at QoS 1; without filters only connect.

        Raises:
            BrokerClosed: no broker, or no answer, or it said no.
        """
        self._now_s, where = monotonic_s, self._options.where
        try:
            self._connect()
        except (OSError, ValueError) as err:
            raise BrokerClosed(f"wanted a broker at {where}, found {err}: {self._advice(err)}") from err
        deadline_s = monotonic_s() + self._options.timeout_s
        self._await(lambda: self._answer is not None, deadline_s, monotonic_s)
        self._judge_answer()
        if not filters:
            return
        self._client.subscribe([(name, 1) for name in filters])
        self._await(lambda: self._granted is not None, deadline_s, monotonic_s)
        if any(reason.value >= REFUSED for reason in self._granted or ()):
            raise BrokerRefused(
                f"wanted to hear {', '.join(filters)} at {where}, found it refused: check the broker's ACL",
                is_protocol=False,
            )

    def _advice(self, error: Exception) -> str:
        """What to do where no connection came about."""
        if isinstance(error, ssl.SSLCertVerificationError):
            return UNTRUSTED_BROKER
        if isinstance(error, socket.gaierror):
            return "check the broker's name, and that this machine can look it up"
        return f"start one (mosquitto -p {self._options.port}) or give --broker"

    def turn(self, timeout_s: float) -> list[Heard]:
        """Move bytes both ways; gives the messages that came.

        Raises:
            BrokerClosed: the connection broke.
        """
        code = self._client.loop(timeout_s)
        if code is not MQTTErrorCode.MQTT_ERR_SUCCESS:
            raise BrokerClosed(self._why_closed(code))
        heard, self._heard = self._heard, []
        return heard

    def publish(
        self, topic: str, body: bytes, qos: int = 0, *, retain: bool = False, expiry_s: float | None = None
    ) -> int:
        """Send, and say the message's id; at QoS 1 the broker's word is not waited for.

        The broker drops it after `expiry_s`, which needs MQTT 5 and is left out without it.
        """
        properties = None
        if expiry_s is not None and self._version is MqttVersion.V5:
            properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
            properties.MessageExpiryInterval = max(1, round(expiry_s))
        mid = self._client.publish(topic, body, qos=qos, retain=retain, properties=properties).mid
        self._confirmed.discard(mid)
        if qos:
            self._unconfirmed[mid] = topic
        return mid

    def is_confirmed(self, mid: int) -> bool:
        """Whether the broker has the last publication of this id, of QoS 1."""
        return mid in self._confirmed

    @property
    def is_behind(self) -> bool:
        """Whether the broker does not take what was said: bytes wait, or too much is unconfirmed."""
        return self._client.want_write() or len(self._unconfirmed) >= MOST_UNCONFIRMED

    def acknowledge(self, message: Heard) -> None:
        """Tell the broker that a message is stored."""
        self._client.ack(message.mid, message.qos)

    def close(self) -> None:
        """End the connection, after what was handed over is on its way."""
        deadline_s = self._now_s() + FAREWELL_S
        while (self._client.want_write() or self._unconfirmed) and self._now_s() < deadline_s:
            if self._client.loop(0.05) is not MQTTErrorCode.MQTT_ERR_SUCCESS:
                break
        sock = self._client.socket()
        self._client.disconnect()
        if sock is not None:
            sock.close()

    def cut(self) -> None:
        """End the connection without a word: the broker says the will."""
        sock = self._client.socket()
        if sock is not None:
            sock.close()

    def _connect(self) -> None:
        options = self._options
        if options.username is not None:
            self._client.username_pw_set(options.username, options.password)
        if options.ca is not None:
            self._client.tls_set_context(tls_context(options.ca, options.certificate, options.key))
        if self._version is MqttVersion.V5:
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            properties.SessionExpiryInterval = options.session_s if self._keeps_session else 0
            clean = not self._keeps_session
            self._client.connect(
                options.host, options.port, options.keepalive_s, clean_start=clean, properties=properties
            )
        else:
            self._client.connect(options.host, options.port, options.keepalive_s)

    def _await(self, is_done: Callable[[], bool], deadline_s: float, monotonic_s: Callable[[], float]) -> None:
        while not is_done():
            if monotonic_s() > deadline_s:
                raise BrokerUnanswered(
                    f"wanted an answer from {self._options.where} in time, found none: is it a broker?"
                )
            if self._client.loop(0.1) is not MQTTErrorCode.MQTT_ERR_SUCCESS:
                self._judge_answer()
                where = self._options.where
                raise BrokerSilent(f"wanted an answer from {where}, found the connection closed: {CLOSED_UNANSWERED}")

    def _why_closed(self, code: MQTTErrorCode) -> str:
        broker, name = f"the broker at {self._options.where}", self._options.client_id
        if self._farewell is None:
            return f"{broker} closed the connection ({code.name}) and said nothing: {CLOSED_WORDLESS}"
        advice = f"who else is called {name} there? {SECOND_MANAGER}" if self._farewell.value == TAKEN_OVER else ITS_LOG
        return f"{broker} ended the connection: {self._farewell}; {advice}"

    def _judge_answer(self) -> None:
        if self._answer is None or not self._answer.is_failure:
            return
        raise BrokerRefused(
            f"wanted to be let in at {self._options.where} with MQTT {self._version.value}, found {self._answer}:"
            " check user, password and certificate",
            is_protocol=names_protocol(self._answer.value, str(self._answer)),
        )

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
            self._farewell = reason

    def _on_subscribe(
        self, client: Client, userdata: object, mid: int, reasons: list[ReasonCode], properties: Properties | None
    ) -> None:
        del client, userdata, mid, properties
        self._granted = reasons

    def _on_message(self, client: Client, userdata: object, message: MQTTMessage) -> None:
        del client, userdata
        self._heard.append(Heard(message.topic, bytes(message.payload), message.mid, message.qos))

    def _on_publish(
        self, client: Client, userdata: object, mid: int, reason: ReasonCode, properties: Properties | None
    ) -> None:
        del client, userdata, properties
        topic = self._unconfirmed.pop(mid, None)
        if topic is None:
            return
        if not reason.is_failure:
            self._confirmed.add(mid)
        else:
            where = self._options.where
            _LOG.warning("wanted to publish %s at %s, found %s: check the broker's ACL", topic, where, reason)
