"""From a device's message to news; what is no news, or no message of ours, is none.

Alerts that are sent again or come late from a backlog are not the last one any more; an offline word of an older
session is a will that came after the device was back. The ingest counts and shows what is malformed; here it is only
passed over.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pydantic import BaseModel, TypeAdapter, ValidationError

from edge_contracts.alarm import Alarm
from edge_contracts.alert import AlertEvent
from edge_contracts.device import Birth, Presence, State, Status
from edge_contracts.errors import BadInputError
from edge_contracts.identifiers import Slug
from edge_contracts.topics import DeviceAddress, filter_for, leaf_of, parse_topic
from fleet_manager.adapters.news import Gone, Said

if TYPE_CHECKING:
    from fleet_manager.adapters.news import News

FILTERS: Final = tuple(filter_for(leaf) for leaf in ("status", "birth", "state", "alert", "alarm/+"))
MOST_POINTS: Final = 256
"""Points of one device whose last alert is remembered; a station has 16."""
_SLUG: Final[TypeAdapter[str]] = TypeAdapter(Slug)
_CONTRACTS: Final[dict[str, type[BaseModel]]] = {
    "status": Status,
    "birth": Birth,
    "state": State,
    "alert": AlertEvent,
    "alarm": Alarm,
}


@dataclass(frozen=True, slots=True)
class _Place:
    epoch: str
    seq: int


class Hearing:
    """Remembers per device which session is its latest, and per point which alert.

    Attributes:
        passed_over: messages that were not understood.
    """

    def __init__(self) -> None:
        self.passed_over = 0
        self._sessions: dict[DeviceAddress, int] = {}
        self._alerts: dict[DeviceAddress, dict[str, _Place]] = {}

    def hear(self, topic: str, body: bytes) -> News | None:
        """What a message tells; never raises."""
        try:
            device, leaf = _sender(topic)
            if not body:
                return self._emptied(device, leaf)
            said = _read(device, leaf, body)
        except (BadInputError, ValidationError):
            self.passed_over += 1
            return None
        return said if self._is_news(said) else None

    def _emptied(self, device: DeviceAddress, leaf: str) -> Gone | None:
        """Who removes a device clears what the broker keeps of it; its birth stands for all."""
        if leaf != "birth":
            return None
        self._sessions.pop(device, None)
        self._alerts.pop(device, None)
        return Gone(device)

    def _is_news(self, said: Said) -> bool:
        content = said.content
        if isinstance(content, Status):
            return self._is_latest_session(said.device, content)
        return self._is_latest_alert(said.device, content) if isinstance(content, AlertEvent) else True

    def _is_latest_session(self, device: DeviceAddress, status: Status) -> bool:
        """Online is always believed: the counter begins anew with a new spool."""
        if status.status is Presence.OFFLINE:
            return status.session >= self._sessions.get(device, 0)
        self._sessions[device] = status.session
        return True

    def _is_latest_alert(self, device: DeviceAddress, event: AlertEvent) -> bool:
        points = self._alerts.setdefault(device, {})
        known = points.get(event.data.point)
        if known is not None and known.epoch == event.epoch and event.seq <= known.seq:
            return False
        points[event.data.point] = _Place(event.epoch, event.seq)
        if len(points) > MOST_POINTS:
            del points[next(iter(points))]
        return True


def _sender(topic: str) -> tuple[DeviceAddress, str]:
    device, leaf = parse_topic(topic)
    for level in (device.org, device.site, device.device):
        _SLUG.validate_python(level)
    return device, leaf


def _read(device: DeviceAddress, leaf: str, body: bytes) -> Said:
    limit_bytes = leaf_of(leaf).limit_bytes
    if len(body) > limit_bytes:
        raise BadInputError(f"wanted at most {limit_bytes} bytes of {leaf}, found {len(body)}")
    kind, _, last = leaf.partition("/")
    contract = _CONTRACTS.get(kind)
    if contract is None:
        raise BadInputError(f"wanted one of {', '.join(_CONTRACTS)}, found {leaf!r}")
    content = contract.model_validate_json(body)
    _check_speaker(device, last, content)
    return Said(device, content)  # type: ignore[arg-type]


def _check_speaker(device: DeviceAddress, last: str, content: BaseModel) -> None:
    if isinstance(content, Alarm) and content.type.value != last:
        raise BadInputError(f"the topic says {last}, the alarm {content.type.value}")
    if isinstance(content, AlertEvent) and content.source != device.source:
        raise BadInputError(f"the topic is {device.source}'s, the source says {content.source}")
