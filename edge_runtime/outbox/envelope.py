"""Letters for the spool: a payload gets its envelope once, with its place and its id, and is never built again."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge_contracts.alert import Alert, AlertEvent
from edge_contracts.errors import BadInputError
from edge_contracts.gap import Gap, GapEvent
from edge_contracts.identifiers import uuid7
from edge_contracts.message import MAX_ALERT_BYTES, Payload
from edge_contracts.stats import STATS, Stats, StatsEvent
from edge_contracts.verdict import Outcome
from edge_contracts.wire_time import wire_time
from edge_runtime.outbox.spool_policy import RowClass

if TYPE_CHECKING:
    from edge_runtime.outbox.delivery_clock import Moment

NOISE_BYTES: Final = 10
"""Random bytes of a letter's id."""
ELLIPSIS: Final = "…"
_LEAVES: Final[dict[type[Payload], str]] = {Gap: "gap", Stats: STATS}
_EVENTS: Final[dict[type[Payload], type[GapEvent | StatsEvent | AlertEvent]]] = {Gap: GapEvent, Stats: StatsEvent}


@dataclass(frozen=True, slots=True)
class Letter:
    """What is to be spooled.

    data: an `Alert`, a `Gap` or a minute of `Stats`.
    moment: when it was offered, on all clocks.
    noise: `NOISE_BYTES` random bytes for its id.
    """

    data: Payload
    moment: Moment
    noise: bytes

    @property
    def is_patient(self) -> bool:
        """Whether nobody waits for it: a minute is told a second later as well."""
        return isinstance(self.data, Stats)


@dataclass(frozen=True, slots=True)
class Sealed:
    """A letter in its envelope.

    leaf: the topic's last level.
    row_class: what it is worth when the spool is full.
    event_id: UUIDv7.
    body: CloudEvents JSON, UTF-8, at most 4096 bytes.
    """

    leaf: str
    row_class: RowClass
    event_id: str
    body: bytes


def row_class_of(data: Payload) -> RowClass:
    """What a payload is worth when the spool is full.

    Raises:
        BadInputError: the payload is of a kind that is not spooled.
    """
    if isinstance(data, Gap):
        return RowClass.KEPT
    if isinstance(data, Alert):
        return RowClass.DEFECT if data.outcome is Outcome.DEFECT else RowClass.UNKNOWN
    if isinstance(data, Stats):
        return RowClass.STATISTICS
    raise BadInputError(f"wanted an alert, a gap or statistics for the spool, found {type(data).__name__}")


def seal(letter: Letter, source: str, epoch: str, seq: int) -> Sealed:
    """Put a letter into its envelope; an alert over 4096 bytes has its reason shortened, never its facts.

    Raises:
        BadInputError: the payload is not spooled, or is over 4096 bytes even without a reason.
    """
    row_class = row_class_of(letter.data)
    event_id = uuid7(letter.moment.unix_ms & ((1 << 48) - 1), letter.noise)
    leaf = _LEAVES.get(type(letter.data), "alert")
    body = _json(letter.data, event_id, letter.moment, source, epoch, seq)
    if isinstance(letter.data, Alert) and len(body) > MAX_ALERT_BYTES:
        shorter = _shortened(letter.data, len(body) - MAX_ALERT_BYTES)
        body = _json(shorter, event_id, letter.moment, source, epoch, seq)
    if len(body) > MAX_ALERT_BYTES:
        raise BadInputError(
            f"wanted a message of at most {MAX_ALERT_BYTES} bytes, found {len(body)}: name fewer pieces of evidence"
        )
    return Sealed(leaf, row_class, event_id, body)


def _json(data: Payload, event_id: str, moment: Moment, source: str, epoch: str, seq: int) -> bytes:
    kind = _EVENTS.get(type(data), AlertEvent)
    fields = {
        "id": event_id,
        "source": source,
        "time": wire_time(moment.unix_ms),
        "epoch": epoch,
        "seq": seq,
        "clk": moment.trust,
        "mono": moment.mono_ms,
        "data": data,
    }
    return kind.model_validate(fields).model_dump_json(exclude_none=True).encode()


def _shortened(alert: Alert, excess_bytes: int) -> Alert:
    """The alert with a reason that is at least `excess_bytes` shorter once it is JSON."""
    reason = alert.reason
    while reason and _cost(alert.reason) - _cost(reason + ELLIPSIS) < excess_bytes:
        reason = reason[: len(reason) * 3 // 4]
    return alert.model_copy(update={"reason": reason + ELLIPSIS})


def _cost(text: str) -> int:
    return len(json.dumps(text, ensure_ascii=False).encode())
