"""An edge node, the host that watches it, and the connection between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_manager.adapters.news import Said
from fleet_manager.adapters.sparkplug.codec import PayloadCodec
from fleet_manager.adapters.sparkplug.edge_node import EdgeNode
from fleet_manager.adapters.sparkplug.payload import DataType, Metric, Payload
from fleet_manager.adapters.sparkplug.settings import SparkplugSettings
from tests.fakes.device_words import STATION
from tests.fakes.sparkplug_host import SparkplugHost

if TYPE_CHECKING:
    from fleet_manager.adapters.publication import Publication

CODEC = PayloadCodec()
SETTINGS = SparkplugSettings(org="plant", site="hall")
NCMD = "spBv1.0/hall/NCMD/plant"
REBIRTH = CODEC.encode(Payload(1, (Metric(DataType.BOOLEAN, True, 1, "Node Control/Rebirth"),)))
NOW_MS = 1_700_000_000_000


class Line:
    """Whatever the edge node says is held against the rules at once.

    said: kinds of messages since the last look. heard: every message.
    """

    def __init__(self, configured: SparkplugSettings = SETTINGS) -> None:
        self.node = EdgeNode(configured, CODEC, "1.2.3")
        self.host = SparkplugHost(configured.group, configured.edge_node)
        self.said: list[str] = []
        self.heard: list[Publication] = []
        self.filters: tuple[str, ...] = ()

    def connect(self):
        terms = self.node.terms(NOW_MS)
        self.filters = terms.filters
        self.host.connects(terms.will)
        self._deliver(self.node.connected(NOW_MS))
        return self

    def cut(self):
        self.host.cut()

    def leave(self):
        self._deliver(self.node.farewell(NOW_MS))

    def tell(self, *words, device=STATION):
        for word in words:
            self._deliver(self.node.tell(Said(device, word), NOW_MS))
        return self

    def news(self, news):
        self._deliver(self.node.tell(news, NOW_MS))

    def hear(self, topic, body):
        self._deliver(self.node.heard(topic, body, NOW_MS))

    def kinds(self):
        """The messages since the last look, by kind."""
        found, self.said = self.said, []
        return found

    def _deliver(self, publications):
        for one in publications:
            self.said.append(one.topic.split("/")[2])
            self.heard.append(one)
            self.host.hears(one)
