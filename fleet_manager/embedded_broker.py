"""The broker of a site that has none: amqtt in a process of its own, on loopback, started anew when it dies.

It speaks MQTT 3.1.1 only and delivers nothing to a shared subscription, so one ingest process listens to it. The
process ends with its manager: `python -m fleet_manager.embedded_broker FILE` watches its stdin.
"""

from __future__ import annotations

import logging
import os
import random
import runpy
import socket
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Final

from edge_contracts.errors import BadInputError, MissingExtraError
from edge_contracts.reconnect import FullJitter
from fleet_manager.child_process import end_by_stdin, leave_signals_to_the_parent

if TYPE_CHECKING:
    from pathlib import Path

LOOPBACK: Final = "127.0.0.1"
LISTENS_WITHIN_S: Final = 15.0
"""A slow board with a cold cache."""
_PROBE_EVERY_S: Final = 0.05
_FILE: Final = """\
listeners:
  default:
    type: tcp
    bind: {host}:{port}
plugins:
  amqtt.plugins.authentication.AnonymousAuthPlugin:
    allow_anonymous: true
"""
_RESTART: Final = FullJitter(longest_s=5.0)
_log = logging.getLogger(__name__)


class EmbeddedBroker:
    """One broker.

    Args:
        folder: takes its configuration and log.
        port: where it listens.

    Attributes:
        log: what the broker says; begins anew with each start.

    Raises:
        BadInputError: something else listens there.
        MissingExtraError: amqtt is not installed.
    """

    def __init__(self, folder: Path, port: int) -> None:
        _check_installed()
        _check_free(port)
        self._port = port
        self._configuration, self.log = folder / "broker.yaml", folder / "broker.log"
        self._configuration.write_text(_FILE.format(host=LOOPBACK, port=port), "utf-8")
        self._stopping, self._lock = threading.Event(), threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._keep, name="embedded-broker", daemon=True)

    def start(self) -> bool:
        """Start it, and wait until it listens; False, and a line in the log, when it does not in time."""
        self._thread.start()
        until_s = time.monotonic() + LISTENS_WITHIN_S
        while time.monotonic() < until_s:
            if listens(self._port):
                return True
            time.sleep(_PROBE_EVERY_S)
        where = f"{LOOPBACK}:{self._port}"
        _log.error("wanted a broker on %s within %g s, found none: see %s", where, LISTENS_WITHIN_S, self.log)
        return False

    def stop(self) -> None:
        """End it."""
        self._stopping.set()
        with self._lock:
            if self._process is not None:
                end_by_stdin(self._process)
        self._thread.join()

    def _keep(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            with self._lock:
                if self._stopping.is_set():
                    return
                self._process = process = self._started()
            with process:
                code = process.wait()
            if not self._stopping.is_set():
                _log.error("the embedded broker ended with %d; another is started, see %s", code, self.log)
                failures += 1
                self._stopping.wait(_RESTART.delay_s(failures, random.random))

    def _started(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", __name__, str(self._configuration)]
        with self.log.open("wb") as output:
            return subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
            )


def listens(port: int) -> bool:
    """Whether somebody on this machine takes connections there."""
    try:
        socket.create_connection((LOOPBACK, port), timeout=1).close()
    except OSError:
        return False
    return True


def main(configuration: str) -> None:
    """The process."""
    leave_signals_to_the_parent()

    def end_with_the_manager() -> None:
        sys.stdin.buffer.read()
        os._exit(0)

    threading.Thread(target=end_with_the_manager, name="stdin", daemon=True).start()
    sys.argv = ["amqtt", "-c", configuration]
    runpy.run_module("amqtt.scripts.broker_script", run_name="__main__")


def _check_installed() -> None:
    try:
        import amqtt  # noqa: F401, PLC0415 - only whether it is there
    except ImportError as err:
        raise MissingExtraError(
            "wanted amqtt for the embedded broker, found it missing: pip install 'lepton-edge[fleet]', or give --broker"
        ) from err


def _check_free(port: int) -> None:
    try:
        socket.create_server((LOOPBACK, port)).close()
    except OSError as err:
        raise BadInputError(
            f"wanted to start a broker on {LOOPBACK}:{port}, found {err.strerror or err}: give --broker to use the one "
            "that is there, or --broker-port for another port"
        ) from err


if __name__ == "__main__":
    main(sys.argv[1])
