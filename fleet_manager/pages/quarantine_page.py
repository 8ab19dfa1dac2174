"""The quarantine as a list: what came that could not be accepted, from whom, why, and how often. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from fleet_manager.pages.overview import device_href
from fleet_manager.pages.wording import moment_of, size

if TYPE_CHECKING:
    from datetime import datetime

    from fleet_manager.store.quarantine import QuarantinePage, RefusedMessage

SHOWN_TOPIC: Final = 200


@dataclass(frozen=True, slots=True)
class RefusedLine:
    """One message.

    device: `site/device`, empty where the topic names none. place: its sequence, empty where it has none.
    """

    first: datetime
    device: str
    device_href: str
    topic: str
    place: str
    why: str
    times: str
    size: str
    text: str
    is_cut: bool


@dataclass(frozen=True, slots=True)
class QuarantineView:
    """The page; `older` is where the next one is, empty where nothing is older."""

    lines: tuple[RefusedLine, ...]
    older: str


def quarantine_view(found: QuarantinePage) -> QuarantineView:
    """A page of messages."""
    older = f"/quarantine?{urlencode({'before': str(found.older)})}" if found.older else ""
    return QuarantineView(tuple(_line(one) for one in found.messages), older)


def _line(one: RefusedMessage) -> RefusedLine:
    return RefusedLine(
        moment_of(one.first_ms),
        one.address.partition("/")[2],
        device_href(one.address) if one.address else "",
        one.topic[:SHOWN_TOPIC],
        "" if one.seq is None else f"{one.epoch} · {one.seq:,}",
        one.why,
        f"{one.times:,}",
        size(len(one.body)),
        one.text,
        one.is_cut,
    )
