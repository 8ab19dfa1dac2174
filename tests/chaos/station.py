"""A station's delivery half as a process of its own: the real outbox and uplink with their usual settings, no camera.

It offers alerts at a steady rate until as many were promised or refused as it was asked for, over all its lives, and
then stays until SIGTERM so that the rest can be sent.
"""

from __future__ import annotations

import argparse
import logging
import random
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from edge_contracts.errors import LeptonError
from edge_contracts.reconnect import FullJitter
from edge_contracts.station import Uplink as UplinkSettings
from edge_contracts.topics import DeviceAddress
from edge_runtime.outbox.delivery_clock import SystemClock
from edge_runtime.outbox.outbox import Outbox
from edge_runtime.outbox.spool_policy import SpoolLimits
from edge_runtime.uplink.uplink import Pace, Uplink
from tests.chaos.record import Promise, Record, part_of, read_record
from tests.system.delivery_device import alert, announcements

if TYPE_CHECKING:
    from concurrent.futures import Future

    from edge_runtime.outbox.commit_work import Receipt

EVERY_S = 0.2
WINDOW_S, LONGEST_WINDOW_S = 0.02, 0.75
"""The daemon's own (`[spool]` of a station's file)."""
SMALL = SpoolLimits(1 << 20, 1 << 16)
"""The smallest spool that a station's file may ask for."""


def main() -> None:
    args = parse()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(threadName)s %(message)s")
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    address = DeviceAddress("plant", "hall", args.name)
    limits = SMALL if args.small else SpoolLimits()
    outbox = Outbox(args.spool, address, limits, SystemClock(), window_s=WINDOW_S, longest_window_s=LONGEST_WINDOW_S)
    outbox.start()
    settings = UplinkSettings(host=args.host, port=args.port, keepalive_s=5, state_period_s=5.0)
    pace = Pace(reconnect=FullJitter(0.5, 5.0))
    uplink = Uplink(outbox, address, settings, announcements(outbox, "manager"), pace=pace, draw=random.random)
    uplink.start()
    Offering(args.name, args.record, outbox).run(args.alerts, args.rate, stop)
    stop.wait()
    sys.exit(not (uplink.stop() and outbox.stop()))


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--name", required=True)
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--spool", type=Path, required=True)
    parser.add_argument("--record", type=Path, required=True)
    parser.add_argument("--alerts", type=int, required=True)
    parser.add_argument("--rate", type=float, required=True)
    parser.add_argument("--small", action="store_true")
    return parser.parse_args()


class Offering:
    """Alerts into the outbox, each written down before and after."""

    def __init__(self, name: str, path: Path, outbox: Outbox) -> None:
        self._name, self._outbox = name, outbox
        before = read_record(path)
        self._record = Record(path)
        self._next = max(before.offered, default=0) + 1
        self._settled = before.settled
        self._counting = threading.Lock()

    def run(self, alerts: int, rate: float, stop: threading.Event) -> None:
        """Offer `rate` alerts per second until `alerts` are settled."""
        owed = random.random()
        waiting: list[Future[Receipt]] = []
        while not stop.is_set():
            waiting = [future for future in waiting if not future.done()]
            owed = min(owed + rate * EVERY_S, 5.0 * rate)
            batch = min(int(owed), alerts - self._settled - len(waiting))
            if batch <= 0 and not waiting and self._settled >= alerts:
                return
            if batch > 0:
                owed -= batch
                waiting += self._offer(range(self._next, self._next + batch))
            stop.wait(EVERY_S)

    def _offer(self, numbers: range) -> list[Future[Receipt]]:
        self._next = numbers.stop
        self._record.offering(numbers)
        futures = []
        for number in numbers:
            future = self._outbox.offer(alert(part_of(self._name, number), number % 4))
            future.add_done_callback(lambda done, number=number: self._settle(number, done))
            futures.append(future)
        return futures

    def _settle(self, number: int, done: Future[Receipt]) -> None:
        try:
            receipt = done.result()
        except LeptonError:
            self._record.refused(number)
        else:
            self._record.promised(Promise(number, receipt.epoch, receipt.seq, receipt.event_id))
        with self._counting:
            self._settled += 1


if __name__ == "__main__":
    main()
