"""A mosquitto that a test starts, kills and starts again, and a client of its own at it."""

from __future__ import annotations

import socket
import subprocess
import threading
from typing import TYPE_CHECKING

from delivery_rig import mosquitto
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from tests.fakes.patience import eventually, free_port

if TYPE_CHECKING:
    from pathlib import Path


class LineBroker:
    """Keeps nothing over a kill, and for a session that is kept every message that it may."""

    def __init__(self, folder: Path, *lines: str) -> None:
        self.port = free_port()
        self._config = folder / "broker.conf"
        self._config.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence false\nqueue_qos0_messages true\n"
            + "".join(f"{line}\n" for line in lines)
        )
        self._log = folder / "broker.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> LineBroker:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen([mosquitto(), "-c", str(self._config)], stdout=log, stderr=log)
        eventually(self._answers)
        return self

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
        self._process = None

    def __enter__(self) -> LineBroker:  # noqa: PYI034 - Self is not in Python 3.10
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.kill()

    def _answers(self) -> bool:
        with socket.socket() as sock:
            return sock.connect_ex(("127.0.0.1", self.port)) == 0


class Programmer:
    """The line's own program at the broker: publishes, and hears everything under `line/`, or what it asks for."""

    def __init__(self, port: int, *filters: str) -> None:
        self.heard: list[tuple[str, bytes, bool]] = []
        self._subscribed = threading.Event()
        self._client = Client(CallbackAPIVersion.VERSION2)
        self._client.on_message = self._on_message
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        self._client.subscribe([(name, 1) for name in filters or ("line/#",)])
        assert self._subscribed.wait(10)

    def publish(self, topic: str, body: bytes, *, retain: bool = False) -> None:
        self._client.publish(topic, body, qos=1, retain=retain).wait_for_publish(10)

    def bodies(self, topic: str) -> list[bytes]:
        return [body for heard, body, _ in self.heard if heard == topic]

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _on_message(self, client: Client, userdata: object, message: MQTTMessage) -> None:
        del client, userdata
        self.heard.append((message.topic, bytes(message.payload), message.retain))
