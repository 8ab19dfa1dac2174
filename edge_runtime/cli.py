"""`lepton run`: the daemon on the board."""

from __future__ import annotations

import logging
import os
import sys
import threading
from pathlib import Path
from typing import Any

import click

EXIT_TROUBLE = 3
"""Something that only a restart mends: the service manager starts the daemon anew."""


@click.command()
@click.argument("station", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print each verdict as one JSON line on standard output.")
@click.option("--quiet", is_flag=True, help="Log only what is not good.")
def run(station: Path, *, as_json: bool, quiet: bool) -> None:
    """Inspect parts as STATION (a station.toml) says.

    Ends by SIGTERM, by Ctrl-C, or after the last picture of every folder and film. On SIGHUP the file is read anew, and
    only what changed in it is started anew; a file with a mistake changes nothing.

    Exit codes: 0 done, 1 this machine does not answer a bundle's goldens as recorded, 2 wrong configuration or input,
    3 something hangs, or at the start the disk refuses or another program reads the spool: to be started anew.
    """
    from edge_runtime.stop_signals import stopped_by_signals  # noqa: PLC0415 - `lepton run --help` loads nothing

    stop, reload = threading.Event(), threading.Event()
    with stopped_by_signals(stop, reload):
        _inspect(station, stop, reload, as_json=as_json, quiet=quiet)


def _inspect(station: Path, stop: threading.Event, reload: threading.Event, *, as_json: bool, quiet: bool) -> None:
    from edge_runtime.clock import MonotonicClock  # noqa: PLC0415 - `lepton run --help` loads nothing
    from edge_runtime.remote.managed_station import ManagedStation  # noqa: PLC0415 - the same

    managed = ManagedStation(station, MonotonicClock())
    config = managed.start()
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: its threads would wait for work that never comes
    from edge_runtime.freed_memory import keep_freed_memory  # noqa: PLC0415 - the same
    from edge_runtime.journal import Journal  # noqa: PLC0415 - a wrong configuration is told before OpenCV is loaded
    from edge_runtime.notify import Notifier  # noqa: PLC0415 - the same
    from edge_runtime.service import PASSING, Daemon  # noqa: PLC0415 - the same
    from edge_runtime.summary import End  # noqa: PLC0415 - the same

    keep_freed_memory()
    journal = Journal(sys.stderr, logging.WARNING if quiet else logging.INFO)
    notifier, lines = Notifier.from_environment(os.environ), sys.stdout if as_json else None
    try:
        with journal:
            daemon = Daemon(
                config, notifier, stop, lines=lines, reload=reload, read_config=managed.read, managed=managed
            )
            summary = daemon.run()
            journal.say(f"lepton: {summary}")
    except PASSING as error:
        raise _StartAnew(str(error)) from error
    if (code := EXIT_TROUBLE if summary.end is End.TROUBLE else 0) or summary.left_behind or journal.is_stuck:
        _leave_at_once(code)


class _StartAnew(click.ClickException):
    """A sentence for the person at the terminal; the service manager tries again."""

    exit_code = EXIT_TROUBLE

    def show(self, file: Any = None) -> None:
        """Print the sentence, without click's own heading."""
        click.echo(f"lepton: {self.message}", file=file or sys.stderr)


def _leave_at_once(code: int) -> None:
    """End the process without waiting for a thread that hangs, nor for a stream that nobody reads.

    Nothing is lost: the journal and the JSON lines flush each line that they write.
    """
    os._exit(code)
