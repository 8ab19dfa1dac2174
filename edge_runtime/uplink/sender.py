"""From the spool to the wire: sends what the go-back-N rules allow, and takes acknowledgements back to the spool."""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Literal

from pydantic import ValidationError

from edge_contracts.ack import Ack
from edge_contracts.stats import STATS
from edge_runtime.outbox.spool_errors import SpoolBusy
from edge_runtime.outbox.spool_policy import AckVerdict
from edge_runtime.uplink.go_back_n import GoBackN, Portion, ResendRules
from edge_runtime.uplink.low_word import LowWord

if TYPE_CHECKING:
    from edge_contracts.topics import DeviceAddress
    from edge_runtime.outbox.outbox import Outbox
    from edge_runtime.outbox.spool_batch import SpooledRow
    from edge_runtime.uplink.mqtt_link import MqttLink

_LOG = logging.getLogger(__name__)
ROWS_PER_PUMP: Final = 64
_MISTAKES: Final = frozenset({AckVerdict.OTHER_EPOCH, AckVerdict.BEYOND_SENT})


class Sender:
    """What is on the wire of one device; used by the uplink's thread alone.

    Attributes:
        sent: publications, re-sends counted. bad_acks: acknowledgements that were refused or not understood.
        refusals: publications and subscriptions that the broker refused. unheard: alerts and losses, re-sends counted,
            that the broker took though nobody had subscribed, where its word is to free them.
    """

    def __init__(
        self,
        outbox: Outbox,
        address: DeviceAddress,
        ack_by: Literal["manager", "broker"],
        rules: ResendRules,
    ) -> None:
        self._outbox, self._address, self._ack_by = outbox, address, ack_by
        self._window = GoBackN(rules)
        self._row_of_mid: dict[int, tuple[int, str]] = {}
        self._unconfirmed: set[int] = set()
        self._low_word = LowWord()
        self._epoch = outbox.epoch
        self.sent = 0
        self.bad_acks = 0
        self.refusals = 0
        self.unheard = 0

    @property
    def resends(self) -> int:
        """How often silence made it go back."""
        return self._window.resends

    def begin(self) -> None:
        """A session begins: everything that is not acknowledged is sent again, behind what is new from now on."""
        self._epoch = self._outbox.epoch
        self._row_of_mid.clear()
        self._unconfirmed.clear()
        self._low_word.begin()
        self._window.begin(self._outbox.freed_through + 1, self._outbox.last_seq)

    def pump(self, link: MqttLink, now_s: float) -> None:
        """Send what may be sent at monotonic time `now_s`; no row while a commit hangs."""
        with suppress(SpoolBusy):
            self._pump(link, now_s)

    def _pump(self, link: MqttLink, now_s: float) -> None:
        last_seq = self._outbox.last_seq
        self._window.look(last_seq, now_s)
        if last_seq < min(self._window.next_gap, self._window.next_row):
            return
        for row in self._outbox.read_gaps(self._window.next_gap, ROWS_PER_PUMP):
            self._send(link, row)
            self._window.sent_gap(row.seq, now_s)
        for portion in self._window.portions(now_s):
            self._send_rows(link, portion, now_s)

    def wait_s(self, now_s: float, longest_s: float) -> float:
        """Seconds until there is something to do without being told."""
        wait_s = self._window.wait_s(self._outbox.last_seq, now_s)
        return longest_s if wait_s is None else min(longest_s, wait_s)

    def take_ack(self, body: bytes, now_s: float) -> None:
        """The manager's word; what cannot be understood or be true is counted, logged and frees nothing."""
        try:
            ack = Ack.model_validate_json(body)
        except ValidationError as err:
            self._refuse_ack(f"wanted {{epoch, seq}}, found {body[:80]!r} ({err.error_count()} errors)")
            return
        try:
            verdict = self._outbox.acknowledge(ack)
        except SpoolBusy:
            return  # sent again when the silence is over, and acknowledged again
        self._low_word.heard(verdict, ack.seq, now_s)
        if verdict in _MISTAKES:
            self._refuse_ack(f"{verdict.value}: epoch {ack.epoch} seq {ack.seq}, this spool is {self._outbox.epoch}")
        else:
            self._window.acknowledged(ack.seq, self._outbox.last_seq, now_s)

    def wants_announcement(self, now_s: float) -> bool:
        """Whether the manager is to be asked for its word again; true once for each reason."""
        return self._low_word.is_due(now_s)

    def confirmed(self, mid: int, now_s: float, *, has_subscriber: bool) -> None:
        """The broker's PUBACK; frees rows, in order, only where the station asked for that.

        An alert or a loss that nobody has subscribed to is kept by nobody: it stays, and is sent again when the silence
        is over. A minute is freed all the same: who wants alerts alone need not hear of it.
        """
        seq, leaf = self._row_of_mid.pop(mid, (None, ""))
        if seq is None:
            return
        self._window.answered(seq)
        if self._ack_by != "broker":
            return
        if not has_subscriber and leaf != STATS:
            self._note_unheard(leaf)
            return
        self._unconfirmed.discard(seq)
        self._free_confirmed(now_s)

    def _free_confirmed(self, now_s: float) -> None:
        """Free up to the first row that the broker has not confirmed; a place without a row was told of by its gap."""
        through = min(self._unconfirmed | {self._window.next_row}) - 1
        if through >= self._window.base:
            with suppress(SpoolBusy):  # the next confirmation frees these, too
                self._outbox.acknowledge(Ack(epoch=self._epoch, seq=through))
                self._window.acknowledged(through, self._outbox.last_seq, now_s)

    def refused(self, mid: int, reason: str) -> None:
        """The broker said no to a publication; the row stays and is sent again when the silence is over."""
        if (row := self._row_of_mid.pop(mid, None)) is not None:
            self._window.answered(row[0])
        self.refusals += 1
        if _is_power_of_two(self.refusals):
            _LOG.error("the broker refused a message or subscription (%d so far): %s", self.refusals, reason)

    def _send_rows(self, link: MqttLink, portion: Portion, now_s: float) -> None:
        top, most = self._outbox.last_seq, min(portion.most, ROWS_PER_PUMP)
        rows = self._outbox.read(portion.first, most, portion.last)
        for row in rows:
            self._send_in_turn(link, row, now_s)
        if len(rows) < most:
            self._window.exhausted(portion, top)
            if self._ack_by == "broker":
                self._free_confirmed(now_s)

    def _send_in_turn(self, link: MqttLink, row: SpooledRow, now_s: float) -> None:
        if row.leaf == "gap":
            if row.seq >= self._window.next_gap:
                self._send(link, row)
                self._window.sent_gap(row.seq, now_s)
            self._window.skip_through(row.seq)
            return
        self._send(link, row)
        self._window.sent(row.seq, now_s)

    def _send(self, link: MqttLink, row: SpooledRow) -> None:
        mid = link.publish(self._address.topic(row.leaf), row.body, qos=1)
        self.sent += 1
        self._row_of_mid[mid] = (row.seq, row.leaf)
        if self._ack_by == "broker":
            self._unconfirmed.add(row.seq)

    def _note_unheard(self, leaf: str) -> None:
        self.unheard += 1
        if _is_power_of_two(self.unheard):
            topic = self._address.topic(leaf)
            _LOG.error(
                "wanted a subscriber to %s, found none at the broker (%d so far): it stays in the spool and is sent "
                "again; subscribe to alert and gap in a session that the broker keeps",
                topic,
                self.unheard,
            )

    def _refuse_ack(self, what: str) -> None:
        self.bad_acks += 1
        if _is_power_of_two(self.bad_acks):
            _LOG.warning("an acknowledgement was refused (%d so far): %s", self.bad_acks, what)


def _is_power_of_two(number: int) -> bool:
    return number & (number - 1) == 0
