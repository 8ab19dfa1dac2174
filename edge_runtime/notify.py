"""What systemd is told: ready, alive, stopping. One datagram each on a unix socket, see sd_notify(3)."""

from __future__ import annotations

import logging
import os
import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_US_PER_S = 1_000_000
_NS_PER_US = 1000
_log = logging.getLogger(__name__)


class Notifier:
    """Speaks to the service manager, or to nobody when the daemon was started by hand.

    Args:
        address: the value of NOTIFY_SOCKET; `@` begins an abstract name; None without a service manager.
        watchdog_s: how long the service manager waits for a sign of life; None without a watchdog.
    """

    def __init__(self, address: str | None = None, watchdog_s: float | None = None) -> None:
        self.watchdog_s = watchdog_s
        self._address = "\0" + address[1:] if address and address.startswith("@") else address

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Notifier:
        """Read NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID."""
        watchdog_us = environment.get("WATCHDOG_USEC", "")
        for_us = environment.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        watchdog_s = int(watchdog_us) / _US_PER_S if watchdog_us.isdigit() and for_us else None
        return cls(environment.get("NOTIFY_SOCKET"), watchdog_s or None)

    def ready(self, status: str) -> None:
        """Goldens replayed, models warm, spool open, sources being read."""
        self._send(f"READY=1\nSTATUS={status}")

    def alive(self, status: str) -> None:
        """Every pipeline made progress."""
        self._send(f"WATCHDOG=1\nSTATUS={status}")

    def reloading(self, now_ns: int) -> None:
        """The configuration is read anew; `ready` says when that is done.

        Args:
            now_ns: CLOCK_MONOTONIC, by which systemd 253 and later pair the two messages.
        """
        self._send(f"RELOADING=1\nMONOTONIC_USEC={now_ns // _NS_PER_US}")

    def stopping(self) -> None:
        """The daemon is on its way out."""
        self._send("STOPPING=1")

    def _send(self, message: str) -> None:
        if self._address is None:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
                channel.setblocking(False)
                channel.sendto(message.encode(), self._address)
        except OSError as error:
            _log.warning("the service manager could not be told %r: %s", message.partition("\n")[0], error)
