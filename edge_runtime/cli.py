"""`lepton run`: the daemon on the board."""

from __future__ import annotations

import logging
import os
import queue
import signal
import sys
import threading
from contextlib import contextmanager
from logging.handlers import QueueHandler, QueueListener
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

EXIT_TROUBLE = 3
"""Something hangs that only a restart mends: the service manager starts the daemon anew."""

_LOG_LINES_MAX = 10_000


@click.command()
@click.argument("station", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print each verdict as one JSON line on standard output.")
@click.option("--quiet", is_flag=True, help="Log only what is not good.")
def run(station: Path, *, as_json: bool, quiet: bool) -> None:
    """Inspect parts as STATION (a station.toml) says.

    Ends by SIGTERM, by Ctrl-C, or after the last picture of every folder and film.

    Exit codes: 0 done, 1 this machine does not answer a bundle's goldens as recorded, 2 wrong configuration or input,
    3 something hangs that only a restart mends.
    """
    from edge_runtime.config import load_station  # noqa: PLC0415 - `lepton run --help` loads nothing

    config = load_station(station)
    from edge_runtime.notify import Notifier  # noqa: PLC0415 - a wrong configuration is told before OpenCV is loaded
    from edge_runtime.service import Daemon, End  # noqa: PLC0415 - the same

    stop = threading.Event()
    with _logging(logging.WARNING if quiet else logging.INFO), _stopped_by_signals(stop):
        daemon = Daemon(config, Notifier.from_environment(os.environ), stop, lines=sys.stdout if as_json else None)
        summary = daemon.run()
    click.echo(f"lepton: {summary}", err=True)
    if summary.end is End.TROUBLE:
        _leave_at_once(EXIT_TROUBLE)


@contextmanager
def _logging(level: int) -> Iterator[None]:
    """Log to standard error from a thread of its own: a journal that is stuck must not hold up an inspection."""
    stderr = logging.StreamHandler(sys.stderr)
    stderr.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    lines: queue.Queue[logging.LogRecord] = queue.Queue(_LOG_LINES_MAX)
    listener = QueueListener(lines, stderr)
    handler = _LossyHandler(lines)
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(level)
    listener.start()
    try:
        yield
    finally:
        listener.stop()
        root.removeHandler(handler)
        root.setLevel(before)


class _LossyHandler(QueueHandler):
    """Drops lines, and says how many, when nobody reads them."""

    dropped = 0

    def enqueue(self, record: logging.LogRecord) -> None:
        if self.dropped:
            record.msg = f"({self.dropped} log lines were dropped) {record.msg}"
        try:
            self.queue.put_nowait(record)
        except queue.Full:
            self.dropped += 1
        else:
            self.dropped = 0


@contextmanager
def _stopped_by_signals(stop: threading.Event) -> Iterator[None]:
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _leave_at_once(code: int) -> None:
    """End the process without waiting for a thread that hangs inside a runtime."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
