"""A station as most are written: paho with a persistent session and QoS 1, its queue in memory without a limit.

`publish` is called while the broker is away, too; paho keeps the message and sends it after the next connection. An
alert counts as offered once `publish` has returned.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import threading
from pathlib import Path

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from tests.chaos.record import Record, part_of, read_record

EVERY_S = 0.2


def main() -> None:
    args = parse()
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    client = Client(CallbackAPIVersion.VERSION2, client_id=args.name, clean_session=False)
    client.max_queued_messages_set(0)
    client.reconnect_delay_set(1, 5)
    client.connect_async(args.host, args.port, keepalive=5)
    client.loop_start()
    offer(args, client, stop)
    stop.wait()
    client.disconnect()
    client.loop_stop()


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--name", required=True)
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--record", type=Path, required=True)
    parser.add_argument("--alerts", type=int, required=True)
    parser.add_argument("--rate", type=float, required=True)
    return parser.parse_args()


def offer(args: argparse.Namespace, client: Client, stop: threading.Event) -> None:
    before = read_record(args.record)
    record, done, number = Record(args.record), before.settled, max(before.offered, default=0) + 1
    owed = random.random()
    while done < args.alerts and not stop.wait(EVERY_S):
        owed = min(owed + args.rate * EVERY_S, 5.0 * args.rate)
        while owed >= 1 and done < args.alerts:
            record.offering([number])
            body = {"part": part_of(args.name, number), "reason": "scratch across the label", "score": 0.9}
            client.publish(f"plant/hall/{args.name}/alert", json.dumps(body), qos=1)
            record.handed(number)
            owed, done, number = owed - 1, done + 1, number + 1


if __name__ == "__main__":
    main()
