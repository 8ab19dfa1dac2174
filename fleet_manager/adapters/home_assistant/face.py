"""Announces devices to Home Assistant: at their birth, when they change, and whenever Home Assistant has started."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from edge_contracts.device import Birth
from edge_contracts.errors import BadInputError
from fleet_manager.adapters.face import Terms
from fleet_manager.adapters.home_assistant.document import Documents, standing
from fleet_manager.adapters.news import Gone, Said
from fleet_manager.adapters.publication import Publication

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_contracts.topics import DeviceAddress
    from fleet_manager.adapters.home_assistant.settings import HomeAssistantSettings
    from fleet_manager.adapters.news import News

_LOG = logging.getLogger(__name__)
_ONLINE: Final = b"online"


class HomeAssistantFace:
    """Knows each device's birth and what the broker keeps of its document.

    Args:
        settings: the site's.
        version: the manager's own.
    """

    name = "home-assistant"
    wants_out = False

    def __init__(self, settings: HomeAssistantSettings, version: str) -> None:
        self._settings = settings
        self._documents = Documents(settings, version)
        self._births: dict[DeviceAddress, Birth] = {}
        self._devices: dict[str, DeviceAddress] = {}
        self._standing: dict[str, dict[str, str]] = {}
        self._said: dict[DeviceAddress, int] = {}
        self._removed: set[str] = set()

    def terms(self, now_ms: int) -> Terms:
        """Home Assistant's own word, and the documents that stand."""
        del now_ms
        self._standing.clear()
        self._said.clear()
        return Terms(filters=(self._settings.status_topic, self._documents.filter))

    def connected(self, now_ms: int) -> Iterator[Publication]:
        """Announce every device, and take away again whatever was removed while there was no connection."""
        del now_ms
        self._said.clear()
        yield from (_removal(topic) for topic in sorted(self._removed))
        for device in sorted(self._births, key=lambda one: one.source):
            yield from self._announce(device)

    def tell(self, news: News, now_ms: int) -> Iterator[Publication]:
        """A birth may change the document; all else is read from the device's own topics."""
        del now_ms
        if isinstance(news, Gone):
            yield from self._remove(news.device)
        elif isinstance(news, Said) and isinstance(news.content, Birth):
            self._births[news.device] = news.content
            topic = self._documents.topic(news.device)
            self._devices[topic] = news.device
            self._removed.discard(topic)
            yield from self._announce(news.device)

    def heard(self, topic: str, body: bytes, now_ms: int) -> Iterator[Publication]:
        """Home Assistant has started, or the broker gives back a document."""
        if topic == self._settings.status_topic:
            if body.strip().lower() == _ONLINE:
                yield from self.connected(now_ms)
        elif self._documents.is_document(topic):
            yield from self._recall(topic, body)

    def farewell(self, now_ms: int) -> tuple[Publication, ...]:
        """The documents stay: the devices speak for themselves."""
        del now_ms
        return ()

    def _announce(self, device: DeviceAddress) -> Iterator[Publication]:
        topic = self._documents.topic(device)
        body = self._documents.body(device, self._births[device], self._standing.get(topic, {}))
        mark = hash(body)
        if self._said.get(device) != mark:
            self._said[device] = mark
            yield Publication(topic, body, qos=1, retain=True)

    def _recall(self, topic: str, body: bytes) -> Iterator[Publication]:
        """A document of an earlier time may announce entities that the device has no more."""
        try:
            found = standing(body) if body else None
        except BadInputError as err:
            _LOG.warning("%s: %s", topic, err)
            return
        if found is None:
            self._standing.pop(topic, None)
            return
        self._standing[topic] = found
        device = self._devices.get(topic)
        if device is not None:
            yield from self._announce(device)

    def _remove(self, device: DeviceAddress) -> Iterator[Publication]:
        self._births.pop(device, None)
        self._said.pop(device, None)
        topic = self._documents.topic(device)
        self._devices.pop(topic, None)
        self._standing.pop(topic, None)
        self._removed.add(topic)
        yield _removal(topic)


def _removal(topic: str) -> Publication:
    return Publication(topic, b"", qos=1, retain=True)
