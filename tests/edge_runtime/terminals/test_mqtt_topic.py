"""A broker that does not speak the one version that was asked for is told with the setting that offers both."""

from __future__ import annotations

import time

import pytest

from edge_contracts.station import MqttBroker
from edge_runtime.terminals.mqtt_topic import OpenTopic
from edge_runtime.terminals.wire import WireLost
from tests.fakes.old_broker import REFUSED_AS_NEW, REFUSED_AS_OLD, old_broker


@pytest.mark.parametrize(("asked", "answer", "says"), [
    ("5", REFUSED_AS_OLD, r'does not speak MQTT 5 \(mqtt = "auto" offers the other version, too\)$'),
    ("5", REFUSED_AS_NEW, r'does not speak MQTT 5 \(mqtt = "auto" offers the other version, too\)$'),
    ("auto", REFUSED_AS_NEW, "does not speak MQTT 5$"),
    ("5", b"", r'found the connection closed: .*\? \(mqtt = "auto" offers the other version, too\)$'),
])  # fmt: skip
def test_a_refusal_of_the_version_names_the_setting(asked: str, answer: bytes, says: str) -> None:
    with old_broker(answer) as port:
        settings = MqttBroker.model_validate({"host": "127.0.0.1", "port": port, "mqtt": asked})
        with pytest.raises(WireLost, match=says):
            OpenTopic(settings, "gate", now_ns=time.monotonic_ns).open()
