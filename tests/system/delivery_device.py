"""A station's delivery half as a process of its own: the real outbox and uplink, parts instead of pictures.

Writes `O part` to the given pipe before it offers an alert and `E part` once `append` has returned; another process
makes these lines durable. With `--early`, `E` is written when the alert is handed over, before its commit: the sabotage
that the kill test must notice.
"""

from __future__ import annotations

import argparse
import logging
import os
import random
import signal
import sys
import threading
from datetime import datetime, timezone
from pathlib import Path

from edge_contracts.alert import Alert
from edge_contracts.device import Birth, State
from edge_contracts.message import ClockTrust
from edge_contracts.reconnect import FullJitter
from edge_contracts.station import Uplink as UplinkSettings
from edge_contracts.topics import DeviceAddress
from edge_contracts.verdict import Cause, Outcome
from edge_runtime.outbox.delivery_clock import SystemClock
from edge_runtime.outbox.outbox import Outbox
from edge_runtime.outbox.spool_policy import SpoolLimits
from edge_runtime.uplink.go_back_n import ResendRules
from edge_runtime.uplink.uplink import Announcements, Pace, Uplink

POINTS = 4
READY = "station ready, run"


def main() -> None:
    args = parse()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(threadName)s %(message)s")
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    sys.stderr.write(f"{READY} {args.run}\n")
    address = DeviceAddress("plant", "hall", "station-1")
    outbox = Outbox(args.spool, address, SpoolLimits(), SystemClock(), window_s=args.window_ms / 1000)
    outbox.start()
    settings = UplinkSettings(host="127.0.0.1", port=args.port, ack=args.ack, state_period_s=1.0)
    pace = Pace(FullJitter(0.1, 0.4), ResendRules(first_s=0.5))
    uplink = Uplink(outbox, address, settings, announcements(outbox, args.ack), pace=pace, draw=random.random)
    uplink.start()
    lines = [threading.Thread(target=offer, args=(args, outbox, stop, n), daemon=True) for n in range(POINTS)]
    for line in lines:
        line.start()
    while not stop.wait(0.1):
        pass
    for line in lines:
        line.join()
    sys.exit(not (uplink.stop() and outbox.stop()))


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--spool", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--pipe", type=int, required=True)
    parser.add_argument("--run", type=int, required=True)
    parser.add_argument("--parts", type=int, required=True)
    parser.add_argument("--rate", type=float, required=True)
    parser.add_argument("--ack", choices=("manager", "broker"), default="manager")
    parser.add_argument("--window-ms", type=float, default=20.0)
    parser.add_argument("--early", action="store_true")
    return parser.parse_args()


def offer(args: argparse.Namespace, outbox: Outbox, stop: threading.Event, point: int) -> None:
    for number in range(point, args.parts, POINTS):
        part = f"{args.run}-{point}-{number}"
        say(args.pipe, f"O {part}")
        if args.early:
            outbox.offer(alert(part, point))
        else:
            outbox.append(alert(part, point))
        say(args.pipe, f"E {part}")
        if stop.wait(POINTS / args.rate):
            return


def say(pipe: int, line: str) -> None:
    """One write of less than PIPE_BUF: the line is in the pipe, whole, even if this process dies in the next moment."""
    os.write(pipe, f"{line}\n".encode())


def alert(part: str, point: int) -> Alert:
    return Alert(
        point=f"line-{point}",
        part=part,
        outcome=Outcome.DEFECT,
        cause=Cause.THRESHOLD,
        reason="scratch across the label",
        label="scratch",
        score=0.9,
        threshold=0.5,
        latency_ms=12.5,
    )


def announcements(outbox: Outbox, ack: str) -> Announcements:
    def birth(session: int, epoch: str) -> Birth:
        return Birth(
            session=session,
            epoch=epoch,
            version="0",
            hardware="test",
            system="test",
            python="3",
            runtime="none",
            ack="manager" if ack == "manager" else "broker",
            points=(),
        )

    def state() -> State:
        depth = outbox.depth()
        return State(
            time=datetime.now(timezone.utc),
            clk=ClockTrust.NONE,
            uptime_s=0,
            spool_depth=depth.rows,
            spool_age_s=depth.age_s,
            disk_free_bytes=0,
            points=(),
        )

    return Announcements(birth, state)


if __name__ == "__main__":
    main()
