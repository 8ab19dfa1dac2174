"""Keeps the mirror: one retained document per subject, said again only when it has changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge_contracts.device import Birth
from fleet_manager.adapters.face import Terms
from fleet_manager.adapters.news import Gone, Said
from fleet_manager.adapters.publication import Publication
from fleet_manager.adapters.unified_namespace.leaves import Fields, Leaf, leaves, text
from fleet_manager.adapters.unified_namespace.places import Places

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from edge_contracts.topics import DeviceAddress
    from fleet_manager.adapters.news import News
    from fleet_manager.adapters.unified_namespace.settings import UnifiedNamespaceSettings

UNHEARD: Final = "unheard"
_OFTEN: Final = frozenset({"state", "verdict"})
"""Said again within seconds, so a lost one is soon replaced: QoS 0."""


@dataclass(frozen=True, slots=True)
class _Kept:
    point: str | None
    fields: Fields
    publication: Publication


class UnifiedNamespaceFace:
    """Knows what the broker keeps of each device.

    Args:
        settings: the site's.
    """

    name = "unified-namespace"
    wants_out = False

    def __init__(self, settings: UnifiedNamespaceSettings) -> None:
        self._places, self._status_topic = Places(settings), settings.status_topic
        self._kept: dict[DeviceAddress, dict[str, _Kept]] = {}
        self._removed: set[str] = set()

    def terms(self, now_ms: int) -> Terms:
        """The will says that nobody keeps the mirror any more."""
        return Terms(self._mirror("offline", now_ms))

    def connected(self, now_ms: int) -> Iterator[Publication]:
        """Everything: a broker without persistence has forgotten it."""
        yield self._mirror("online", now_ms)
        yield from self._remove(sorted(self._removed))
        for device in sorted(self._kept, key=lambda one: one.source):
            for kept in self._kept[device].values():
                yield kept.publication

    def tell(self, news: News, now_ms: int) -> Iterator[Publication]:
        """Write what changed; take away what is gone."""
        if isinstance(news, Said):
            if isinstance(news.content, Birth):
                yield from self._drop_points(news.device, {one.name for one in news.content.points})
            for leaf in leaves(news.content):
                yield from self._write(news.device, leaf, now_ms)
        elif isinstance(news, Gone):
            yield from self._remove(self._kept.pop(news.device, {}))
        else:
            for device in sorted(self._kept if news.device is None else {news.device}, key=lambda one: one.source):
                yield from self._write(device, Leaf("status", None, {"status": UNHEARD}), now_ms)

    def heard(self, topic: str, body: bytes, now_ms: int) -> tuple[Publication, ...]:
        """Nothing is subscribed to."""
        del topic, body, now_ms
        return ()

    def farewell(self, now_ms: int) -> tuple[Publication, ...]:
        """The mirror stands still from here on."""
        return (self._mirror("offline", now_ms),)

    def _write(self, device: DeviceAddress, leaf: Leaf, now_ms: int) -> Iterator[Publication]:
        topic = self._places.topic(device, leaf.name, leaf.point)
        kept = self._kept.setdefault(device, {})
        known = kept.get(topic)
        if known is not None and known.fields == leaf.fields:
            return
        qos = 0 if leaf.name in _OFTEN else 1
        publication = Publication(topic, text(leaf.fields, device.source, now_ms), qos, retain=True)
        self._removed.discard(topic)
        kept[topic] = _Kept(leaf.point, leaf.fields, publication)
        yield publication

    def _drop_points(self, device: DeviceAddress, points: set[str]) -> Iterator[Publication]:
        """A device that inspects something else now leaves no verdicts of before."""
        kept = self._kept.get(device, {})
        gone = [topic for topic, one in kept.items() if one.point is not None and one.point not in points]
        for topic in gone:
            del kept[topic]
        yield from self._remove(gone)

    def _remove(self, topics: Iterable[str]) -> Iterator[Publication]:
        for topic in topics:
            self._removed.add(topic)
            yield Publication(topic, b"", qos=1, retain=True)

    def _mirror(self, status: str, now_ms: int) -> Publication:
        return Publication(self._status_topic, text({"status": status}, self.name, now_ms), qos=1, retain=True)
