"""The uplink: keeps a session with the broker and empties the spool through it, without ever holding up an inspection.

Each session announces itself (`status` with a will, `birth`), hears `ack`, says `state` once per period, and sends what
the spool holds. A lost session is tried again after a random time that grows (full jitter). MQTT 5 is spoken first; a
broker that refuses it is spoken to in 3.1.1, which is said once in the log.
"""

from __future__ import annotations

import logging
import os
import random
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from edge_contracts.command import REPLY_EXPIRY_S
from edge_contracts.device import Birth, Presence, State, Status
from edge_contracts.reconnect import FullJitter, MqttVersion, ProtocolChoice, ToldLosses, failures_after
from edge_contracts.topics import leaf_of
from edge_runtime.uplink.go_back_n import ResendRules
from edge_runtime.uplink.link_settings import link_options
from edge_runtime.uplink.mqtt_link import GivenUp, LinkLost, MqttLink, Will
from edge_runtime.uplink.sender import Sender
from edge_runtime.uplink.uplink_counts import UplinkCounters
from edge_runtime.uplink.version_lesson import version_lesson

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edge_contracts import station
    from edge_contracts.alarm import Alarm, AlarmType
    from edge_contracts.command import Reply
    from edge_contracts.configuration import Reported
    from edge_contracts.message import Payload
    from edge_contracts.topics import DeviceAddress
    from edge_runtime.outbox.outbox import Outbox

_LOG = logging.getLogger(__name__)
LONGEST_WAIT_S: Final = 1.0
_COMMANDS: Final = "cmd/"
GOODBYE_S: Final = 2.0
"""How long a clean stop waits for the broker to take the farewell."""
HANDOVER_S: Final = 11.0
"""How long an uplink lets the one before it say its farewell: 5 s to connect, 5 to be heard."""
_LOOK_S: Final = 0.05
MOST_UNASKED: Final = 16
"""Topics of which it is told that they were not asked for; a broker gone mad fills neither log nor memory."""


class Orders(Protocol):
    """Who does what the manager asks for; every call returns at once."""

    def order(self, name: str, body: bytes, *, retained: bool) -> None:
        """A command came."""

    def replies(self) -> Sequence[Reply]:
        """Answers that wait to be said."""

    def on_reply(self, wake: Callable[[], None] | None) -> None:
        """Have `wake` called when one waits."""


@dataclass(frozen=True, slots=True)
class Announcements:
    """What the service knows and the uplink says.

    birth: from session and epoch to the inventory. state: the health at this moment. alarms: one of each type, each
    said when a session begins and whenever it changes. reported: the configuration that runs, said alike; None for a
    station that takes none.
    """

    birth: Callable[[int, str], Birth]
    state: Callable[[], State]
    alarms: Callable[[], Sequence[Alarm]] = tuple
    reported: Callable[[], Reported | None] = lambda: None


@dataclass(frozen=True, slots=True)
class Pace:
    """How the uplink waits: for brokers and for acknowledgements."""

    reconnect: FullJitter = field(default_factory=FullJitter)
    resend: ResendRules = field(default_factory=ResendRules)


class Uplink:
    """One thread, one broker.

    Args:
        outbox: the spool, already started.
        address: of the device.
        settings: the `[uplink]` table of the station.
        announcements: what to say of the device.
        orders: does the manager's commands; None for a station that takes none.
        desired: takes the manager's configurations, and returns at once; None for a station that takes none.
        after: the uplink in whose place it comes, asked to stop: two would have one name at the broker. One that hangs
            in looking up a name is not waited for longer than `HANDOVER_S`: it says nothing to a broker and asks
            nothing of the spool any more, however long its answer takes.
        folder: relative paths of the settings start here.
        pace: how long to wait for what.
        draw: gives a number in [0, 1), for the jitter.
        monotonic_s: seconds that never go back.
    """

    def __init__(
        self,
        outbox: Outbox,
        address: DeviceAddress,
        settings: station.Uplink,
        announcements: Announcements,
        *,
        orders: Orders | None = None,
        desired: Callable[[bytes], None] | None = None,
        after: Uplink | None = None,
        folder: Path = Path(),
        pace: Pace | None = None,
        draw: Callable[[], float] = random.random,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._outbox, self._address, self._settings = outbox, address, settings
        self._announcements, self._orders, self._desired = announcements, orders, desired
        self._after = after
        self._pace = pace or Pace(resend=ResendRules(backlog_per_s=settings.backlog_alerts_per_s))
        self._draw, self._monotonic_s = draw, monotonic_s
        self._options = link_options(settings, address, folder)
        self._sender = Sender(outbox, address, settings.ack, self._pace.resend)
        self._protocol = ProtocolChoice(settings.mqtt)
        self._sessions = self._too_large = 0
        self._connected = False
        self._said_old_protocol = False
        self._losses = ToldLosses()
        self._unasked: set[str] = set()
        self._is_renewed = False
        self._stop = threading.Event()
        self._wake_fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._waking = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="uplink", daemon=True)

    @property
    def counters(self) -> UplinkCounters:
        """What happened since the daemon started."""
        sender = self._sender
        return UplinkCounters(
            self._sessions,
            sender.sent,
            sender.resends,
            sender.bad_acks,
            sender.refusals,
            sender.unheard,
            self._too_large,
            self._connected,
        )

    @property
    def running(self) -> bool:
        """Whether the thread is alive."""
        return self._thread.is_alive()

    @property
    def is_ending(self) -> bool:
        """Whether it, or one before it, has not said farewell yet."""
        return self.running or (self._after is not None and self._after.is_ending)

    def start(self) -> None:
        """Start trying; returns at once, broker or no broker."""
        self._outbox.on_change(self._wake)
        if self._orders is not None:
            self._orders.on_reply(self._wake)
        self._thread.start()

    def ask_to_stop(self) -> None:
        """Have the thread say goodbye and end, without waiting; whoever comes after it may start at once."""
        if self._stop.is_set():
            return
        self._outbox.on_change(None)
        if self._orders is not None:
            self._orders.on_reply(None)
        self._stop.set()
        self._wake()

    def stop(self, timeout_s: float = 15.0) -> bool:
        """Say goodbye and end the thread; what is not acknowledged stays in the spool.

        Returns:
            Whether the thread ended in time, and so did that of the uplink before it. Looking up a name may take longer
            than any time-out of ours; the thread is a daemon's, so the process can end all the same.
        """
        deadline_s = self._monotonic_s() + timeout_s
        self.ask_to_stop()
        self._thread.join(timeout_s)
        if self._thread.is_alive():
            self._say_left_alone(timeout_s)
            return False
        return self._after is None or self._after.stop(max(0.0, deadline_s - self._monotonic_s()))

    def announce_again(self) -> None:
        """The inspection points have changed: say so in a new birth."""
        self._is_renewed = True
        self._wake()

    def message(self, topic: str, body: bytes, *, retained: bool) -> None:
        """A message came: the manager's acknowledgement, a command, or a configuration."""
        leaf = topic.removeprefix(f"{self._address.source}/")
        if leaf == "ack":
            self._sender.take_ack(body, self._monotonic_s())
        elif self._orders is not None and leaf.startswith(_COMMANDS):
            self._orders.order(leaf.removeprefix(_COMMANDS), body, retained=retained)
        elif self._desired is not None and leaf == "desired":
            self._desired(body)
        else:
            self._pass_unasked(topic)

    def _pass_unasked(self, topic: str) -> None:
        """Said once per topic: amqtt 0.12 sends a station its own retained words at each connection."""
        is_new = topic not in self._unasked and len(self._unasked) < MOST_UNASKED
        _LOG.log(logging.WARNING if is_new else logging.DEBUG, "a message on %s was not asked for", topic)
        if is_new:
            self._unasked.add(topic)

    def stored_by_broker(self, mid: int, *, has_subscriber: bool) -> None:
        """The broker acknowledged a publication."""
        self._sender.confirmed(mid, self._monotonic_s(), has_subscriber=has_subscriber)

    def refused_by_broker(self, mid: int, reason: str) -> None:
        """The broker refused a publication or a subscription."""
        self._sender.refused(mid, reason)

    def _wake(self) -> None:
        with self._waking:
            if self._wake_fd >= 0:
                os.eventfd_write(self._wake_fd, 1)

    def _run(self) -> None:
        try:
            self._let_the_one_before_end()
            self._hold_sessions()
        finally:
            with self._waking:
                os.close(self._wake_fd)
                self._wake_fd = -1

    def _let_the_one_before_end(self) -> None:
        """Its farewell must come before this one's greeting."""
        if (before := self._after) is None:
            return
        deadline_s = self._monotonic_s() + HANDOVER_S
        while before.is_ending and not self._stop.is_set() and self._monotonic_s() < deadline_s:
            self._stop.wait(_LOOK_S)
        if not before.is_ending:
            self._after = None
        elif not self._stop.is_set():
            before._say_left_alone(HANDOVER_S)  # noqa: SLF001 - one of its own kind

    def _say_left_alone(self, waited_s: float) -> None:
        where = self._options.host
        _LOG.error("wanted the uplink stopped within %s s, found it busy with %s: left alone", waited_s, where)

    def _hold_sessions(self) -> None:
        failures = 0
        while not self._stop.is_set():
            began_s = self._monotonic_s()
            try:
                self._session()
            except GivenUp:
                return
            except LinkLost as err:
                self._note_loss(err)
            except Exception:  # noqa: BLE001 - whatever fails in a session, the next one must come
                _LOG.exception("the uplink's session failed; it begins again")
            failures = failures_after(failures, self._monotonic_s() - began_s)
            self._stop.wait(self._pace.reconnect.delay_s(failures, self._draw))

    def _note_loss(self, err: LinkLost) -> None:
        loss = f"{err}{version_lesson(self._protocol, err)}"
        level = logging.WARNING if self._losses.is_news(loss, self._monotonic_s()) else logging.DEBUG
        _LOG.log(level, "%s; alerts wait in the spool, trying again", loss)

    def _session(self) -> None:
        number = self._outbox.next_session()
        will = Will(self._address.topic("status"), _status(Presence.OFFLINE, number))
        link = MqttLink(self._options, self._protocol.offered, will, self)
        politely = False
        try:
            link.open(self._monotonic_s, lambda: not self._stop.is_set())
            self._settle(link)
            self._converse(link, number)
            politely = self._say_goodbye(link, number)
        finally:
            self._connected = False
            link.close(politely=politely)

    def _settle(self, link: MqttLink) -> None:
        self._protocol.accepted()
        self._losses.opened(self._monotonic_s())
        self._sessions += 1
        self._connected = True
        is_second_best = self._protocol.offered is MqttVersion.V311 and self._settings.mqtt == "auto"
        if is_second_best and not self._said_old_protocol:
            self._said_old_protocol = True
            _LOG.warning(
                "the broker does not speak MQTT 5: speaking 3.1.1, without expiry and without a delayed will; "
                'mqtt = "3.1.1" under [uplink] saves the attempt at each start'
            )
        if self._settings.ack == "manager":
            link.subscribe(self._address.topic("ack"))
        if self._orders is not None:
            link.subscribe(self._address.topic(f"{_COMMANDS}+"), qos=1)
        if self._desired is not None:
            link.subscribe(self._address.topic("desired"), qos=1)

    def _converse(self, link: MqttLink, number: int) -> None:
        epoch, state_due_s = "", 0.0
        told: dict[AlarmType, Alarm] = {}
        reported: Reported | None = None
        link.publish(self._address.topic("status"), _status(Presence.ONLINE, number), qos=1, retain=True)
        while not self._stop.is_set():
            now_s = self._monotonic_s()
            if epoch != self._outbox.epoch or self._is_renewed or self._sender.wants_announcement(now_s):
                self._is_renewed, is_new = False, epoch != self._outbox.epoch
                epoch = self._outbox.epoch
                self._announce(link, "birth", self._announcements.birth(number, epoch))
                if is_new:
                    self._sender.begin()
            if now_s >= state_due_s:
                state_due_s = now_s + self._settings.state_period_s
                self._announce(link, "state", self._announcements.state())
            self._tell_alarms(link, told)
            reported = self._report(link, reported)
            self._say_replies(link)
            self._sender.pump(link, now_s)
            link.turn(min(self._sender.wait_s(now_s, LONGEST_WAIT_S), max(0.0, state_due_s - now_s)), self._wake_fd)

    def _tell_alarms(self, link: MqttLink, told: dict[AlarmType, Alarm]) -> None:
        """Say those that differ from what was told in this session; how far the clock is trusted alone is no news."""
        for alarm in self._announcements.alarms():
            known = told.get(alarm.type)
            if known is None or alarm != known.model_copy(update={"clk": alarm.clk}):
                told[alarm.type] = alarm
                self._announce(link, f"alarm/{alarm.type.value}", alarm)

    def _report(self, link: MqttLink, told: Reported | None) -> Reported | None:
        """Say the configuration that runs where it differs from what was told in this session."""
        now = self._announcements.reported()
        if now is not None and now != told:
            self._announce(link, "reported", now)
        return now

    def _say_replies(self, link: MqttLink) -> None:
        for reply in self._orders.replies() if self._orders is not None else ():
            self._announce(link, "res", reply)

    def _announce(self, link: MqttLink, leaf: str, payload: Payload) -> None:
        body = payload.model_dump_json(exclude_none=True).encode()
        about = leaf_of(leaf)
        if len(body) > (limit := about.limit_bytes):
            self._too_large += 1
            _LOG.error("wanted %s within %d bytes, found %d: it is not sent; use shorter names", leaf, limit, len(body))
            return
        expiry_s = {"state": 3 * self._settings.state_period_s, "res": REPLY_EXPIRY_S}.get(leaf)
        link.publish(self._address.topic(leaf), body, qos=about.qos, retain=about.retained, expiry_s=expiry_s)

    def _say_goodbye(self, link: MqttLink, number: int) -> bool:
        self._say_replies(link)
        farewell = link.publish(self._address.topic("status"), _status(Presence.OFFLINE, number), qos=1, retain=True)
        deadline_s = self._monotonic_s() + GOODBYE_S
        while not link.is_confirmed(farewell) and self._monotonic_s() < deadline_s:
            link.turn(0.1)
        return True


def _status(presence: Presence, session: int) -> bytes:
    return Status(status=presence, session=session).model_dump_json().encode()
