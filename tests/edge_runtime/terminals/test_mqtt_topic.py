"""A broker that does not speak the one version that was asked for is told with the setting that offers both."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import pytest

from edge_contracts.station import MqttBroker
from edge_runtime.terminals.mqtt_topic import OpenTopic
from edge_runtime.terminals.wire import WireLost

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE_S: Final = 10.0
REFUSED_AS_OLD: Final = bytes.fromhex("20020001")
"""CONNACK of MQTT 3.1.1, 3.2.2.3: unacceptable protocol version."""
REFUSED_AS_NEW: Final = bytes.fromhex("2003008400")
"""CONNACK of MQTT 5, 3.2.2.2: unsupported protocol version."""


@contextmanager
def broker(answer: bytes) -> Iterator[int]:
    """The port of one that answers the first CONNECT so, and closes."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(answer)

        thread = threading.Thread(target=serve, name="old broker")
        thread.start()
        yield server.getsockname()[1]
        thread.join(PATIENCE_S)


@pytest.mark.parametrize(("asked", "answer", "says"), [
    ("5", REFUSED_AS_OLD, 'does not speak MQTT 5; mqtt = "auto" offers the other version, too'),
    ("5", REFUSED_AS_NEW, 'does not speak MQTT 5; mqtt = "auto" offers the other version, too'),
    ("auto", REFUSED_AS_NEW, "does not speak MQTT 5$"),
    ("5", b"", 'found the connection closed: .* mqtt = "auto" offers the other version, too'),
])  # fmt: skip
def test_a_refusal_of_the_version_names_the_setting(asked: str, answer: bytes, says: str) -> None:
    with broker(answer) as port:
        settings = MqttBroker.model_validate({"host": "127.0.0.1", "port": port, "mqtt": asked})
        with pytest.raises(WireLost, match=says):
            OpenTopic(settings, "gate", now_ns=time.monotonic_ns).open()
