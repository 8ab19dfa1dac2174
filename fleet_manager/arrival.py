"""Judging what arrives: an alert, a gap, a minute, a device's word about itself, or something refused and kept.

Nothing that a device sends may stop the ingest, and nothing that is refused for ever may make the device send it for
ever: where epoch and sequence can be read, a refused message takes its place among the stored ones and lies in
quarantine with its body. The topic says who sent it, because the broker checks the topic; a source that differs is
refused.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from edge_contracts.alarm import Alarm
from edge_contracts.alert import AlertEvent
from edge_contracts.command import Reply
from edge_contracts.configuration import Reported
from edge_contracts.device import Birth, State, Status
from edge_contracts.errors import BadInputError
from edge_contracts.gap import GapEvent
from edge_contracts.identifiers import Epoch, Slug
from edge_contracts.message import Seq
from edge_contracts.stats import STATS, StatsEvent
from edge_contracts.topics import leaf_of, parse_topic

KEPT_BODY_BYTES: Final = 65_536
_SLUG: Final[TypeAdapter[str]] = TypeAdapter(Slug)
_SOURCE_FIRST: Final = "lepton/1/"
_SPOOLED: Final[dict[str, type[AlertEvent | GapEvent | StatsEvent]]] = {
    "alert": AlertEvent,
    "gap": GapEvent,
    STATS: StatsEvent,
}
_WORDS: Final[dict[str, type[Status | State | Reported]]] = {
    "status": Status,
    "state": State,
    "reported": Reported,
}


@dataclass(frozen=True, slots=True)
class Arrival:
    """One message, judged.

    address: `org/site/device` from the topic; empty when the topic names no device.
    epoch, seq: its place; None when there is none to read.
    event_id: the event's id, or `sha256:…` of the body of a refused one.
    content: what it says; None for a refused one. why: the reason of a refusal.
    """

    topic: str
    address: str
    body: bytes
    event_id: str
    epoch: str | None = None
    seq: int | None = None
    content: AlertEvent | GapEvent | StatsEvent | Birth | Status | State | Alarm | Reply | Reported | None = None
    why: str = ""

    @property
    def site(self) -> str:
        """`org/site` of the address."""
        return self.address.rpartition("/")[0]


class _Place(BaseModel):
    """The two fields that a message must have to have a place."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    epoch: Epoch
    seq: Seq


def judge(topic: str, body: bytes) -> Arrival:
    """What a message is; never raises."""
    known = _sender(topic)
    if known is None:
        return _refusal(topic, "", body, "the topic names no device")
    address, leaf = known
    try:
        return _read(topic, address, leaf, body)
    except ValidationError as err:
        first = err.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        return _refusal(topic, address, body, f"{err.error_count()} errors, the first: {place or leaf}: {first['msg']}")
    except BadInputError as err:
        return _refusal(topic, address, body, str(err))


@lru_cache(maxsize=16_384)
def _sender(topic: str) -> tuple[str, str] | None:
    """The device's address and the leaf; None for a topic that names no device."""
    try:
        sender, leaf = parse_topic(topic)
        for level in (sender.org, sender.site, sender.device):
            _SLUG.validate_python(level)
    except (BadInputError, ValidationError):
        return None
    return sender.source.removeprefix(_SOURCE_FIRST), leaf


def _read(topic: str, address: str, leaf: str, body: bytes) -> Arrival:
    if len(body) > (limit := leaf_of(leaf).limit_bytes):
        raise BadInputError(f"wanted at most {limit} bytes of {leaf}, found {len(body)}")
    if (kind := _SPOOLED.get(leaf)) is not None:
        event = kind.model_validate_json(body)
        _check_source(event.source, address)
        return Arrival(topic, address, body, event.id, event.epoch, event.seq, event)
    if leaf == "birth":
        birth = Birth.model_validate_json(body)
        return Arrival(topic, address, body, "", epoch=birth.epoch, content=birth)
    if leaf in _WORDS:
        return Arrival(topic, address, body, "", content=_WORDS[leaf].model_validate_json(body))
    if leaf == "res":
        reply = Reply.model_validate_json(body)
        return Arrival(topic, address, body, reply.id, content=reply)
    return Arrival(topic, address, body, "", content=_alarm(leaf, body))


def _alarm(leaf: str, body: bytes) -> Alarm:
    alarm = Alarm.model_validate_json(body)
    if leaf != f"alarm/{alarm.type.value}":
        raise BadInputError(f"wanted a condition of the topic's type, found {alarm.type.value} under {leaf}")
    return alarm


def _check_source(source: str, address: str) -> None:
    if source != _SOURCE_FIRST + address:
        raise BadInputError(f"the topic is {address}'s, the source says {source}")


def _refusal(topic: str, address: str, body: bytes, why: str) -> Arrival:
    event_id = f"sha256:{hashlib.sha256(body).hexdigest()}"
    kept = body[:KEPT_BODY_BYTES]
    unplaced = Arrival(topic, address, kept, event_id, why=why)
    if not address:
        return unplaced
    try:
        place = _Place.model_validate_json(body)
    except ValidationError:
        return unplaced
    return replace(unplaced, epoch=place.epoch, seq=place.seq)
