"""A receiver as most are written: paho with a persistent session and QoS 1, one committed row per message.

paho acknowledges a message to the broker after `on_message` has returned, so nothing is acknowledged before its commit.
"""

from __future__ import annotations

import json
import signal
import sqlite3
import sys
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion


def main() -> None:
    path, host, port = sys.argv[1:]
    con = sqlite3.connect(path, isolation_level=None)
    con.execute("PRAGMA journal_mode = WAL")
    con.execute("CREATE TABLE IF NOT EXISTS alerts (part TEXT NOT NULL, body TEXT NOT NULL)")

    def subscribe(client: Client, *_: Any) -> None:
        client.subscribe("plant/hall/+/alert", 1)

    def store(_client: Client, _userdata: Any, message: MQTTMessage) -> None:
        body = message.payload.decode()
        con.execute("INSERT INTO alerts VALUES (?, ?)", (json.loads(body)["part"], body))

    client = Client(CallbackAPIVersion.VERSION2, client_id="ingest", clean_session=False)
    client.on_connect, client.on_message = subscribe, store
    client.reconnect_delay_set(1, 5)
    client.connect_async(host, int(port), keepalive=5)
    signal.signal(signal.SIGTERM, lambda *_: client.disconnect())
    client.loop_forever(retry_first_connection=True)


if __name__ == "__main__":
    main()
