"""What the manager asks of its MQTT client; what the client then does is tried at a real broker."""

from __future__ import annotations

from typing import Any

import pytest
from paho.mqtt.client import Client

from edge_contracts.reconnect import MqttVersion
from fleet_manager.ingest import broker_link
from fleet_manager.ingest.broker_link import BrokerLink
from tests.fakes.broker_links import OPTIONS


@pytest.mark.parametrize("version", list(MqttVersion))
def test_no_message_is_acknowledged_before_the_ingest_says_so(
    monkeypatch: pytest.MonkeyPatch, version: MqttVersion
) -> None:
    asked: dict[str, Any] = {}

    def client(*arguments: Any, **named: Any) -> Client:
        asked.update(named)
        return Client(*arguments, **named)

    monkeypatch.setattr(broker_link, "Client", client)
    BrokerLink(OPTIONS, version)
    assert (asked["manual_ack"], asked["reconnect_on_failure"]) == (True, False)
