"""The clocks of a delivery: wall time for people (and how far it is trusted), monotonic time for timers."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from edge_contracts.message import ClockTrust

TIMESYNC_FLAG: Final = Path("/run/systemd/timesync/synchronized")
"""systemd-timesyncd makes this file when NTP has set the clock (systemd-timesyncd.service(8))."""


BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")
"""A UUID that the kernel makes once per boot (random(4))."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One reading of all clocks.

    unix_ms: wall clock, milliseconds since 1970-01-01 UTC.
    mono_ms: monotonic clock, milliseconds since the board booted.
    trust: how far `unix_ms` is trusted.
    """

    unix_ms: int
    mono_ms: int
    trust: ClockTrust


class DeliveryClock(Protocol):
    """What the spool and the uplink ask for the time."""

    def now(self) -> Moment:
        """All clocks at this moment."""


class SystemClock:
    """The board's own clocks; the wall clock counts as NTP's once systemd-timesyncd says so, else as untrusted."""

    def __init__(self, flag: Path = TIMESYNC_FLAG) -> None:
        self._flag = flag

    def now(self) -> Moment:
        """All clocks at this moment."""
        trust = ClockTrust.NTP if self._flag.exists() else ClockTrust.NONE
        return Moment(max(0, time.time_ns() // 1_000_000), time.monotonic_ns() // 1_000_000, trust)


def this_boot(file: Path = BOOT_ID) -> str | None:
    """Which run of the board the monotonic clock counts from; None where the system does not tell."""
    try:
        digits = file.read_text("ascii").strip().replace("-", "")[:16].lower()
    except (OSError, ValueError):
        return None
    return digits if len(digits) == 16 and set(digits) <= set("0123456789abcdef") else None  # noqa: PLR2004 - 8 bytes
