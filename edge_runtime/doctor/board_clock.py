"""Whether the board's wall clock can be believed. Verdicts do not depend on it; what people read does."""

from __future__ import annotations

import ctypes
import os
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from edge_runtime.doctor.finding import Finding, Standing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_runtime.doctor.patient import Chart, Patient

CHECK = "clock"
_FIRST_YEAR, _LAST_YEAR = 2025, 2060
"""No release of ours is older, and no board of today lives longer."""
_STA_UNSYNC = 0x0040
"""linux/timex.h."""
_BATTERY_CLOCKS = Path("/sys/class/rtc")


class _Timex(ctypes.Structure):
    """The head of `struct timex`, adjtimex(2), with room for the rest."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 256),
    )


def examine(patient: Patient, chart: Chart) -> Iterator[Finding]:
    """The year, whether NTP keeps the clock, and whether a battery does."""
    del patient, chart
    yield judge_year(datetime.fromtimestamp(time.time(), timezone.utc))
    yield judge_synchronisation(is_synchronised())
    yield judge_battery(_BATTERY_CLOCKS.is_dir() and any(_BATTERY_CLOCKS.iterdir()))


def is_synchronised() -> bool | None:
    """What the kernel says, whoever keeps its clock (timesyncd, chrony, ntpd); None where it may not be asked."""
    reading = _Timex()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.adjtimex(ctypes.byref(reading)) < 0:
        return None
    return not reading.status & _STA_UNSYNC


def judge_year(now: datetime) -> Finding:
    """Whether it can be that late."""
    shown = now.strftime("%Y-%m-%d %H:%M UTC")
    if _FIRST_YEAR <= now.year <= _LAST_YEAR:
        return Finding(CHECK, "", Standing.OK, shown)
    wanted = f"a year from {_FIRST_YEAR} to {_LAST_YEAR}"
    return Finding(CHECK, "", Standing.FAILED, shown, wanted, "set the clock, or let NTP set it: certificates need it")


def judge_synchronisation(synchronised: bool | None) -> Finding:  # noqa: FBT001 - a reading of three values
    """Whether NTP keeps the clock."""
    if synchronised is None:
        return Finding(CHECK, "", Standing.SKIPPED, f"the kernel does not tell ({os.strerror(ctypes.get_errno())})")
    if synchronised:
        return Finding(CHECK, "", Standing.OK, "the clock is kept by NTP")
    step = "sudo timedatectl set-ntp true, and let the network pass UDP port 123; alerts say meanwhile that it is not"
    return Finding(CHECK, "", Standing.WARNING, "the clock is kept by nobody", "a clock that NTP keeps", step)


def judge_battery(found: bool) -> Finding:  # noqa: FBT001 - a reading
    """Whether time goes on while the power is off."""
    if found:
        return Finding(CHECK, "", Standing.OK, "a clock with its own power")
    step = "fit one (a Raspberry Pi 5 has it: add the battery), or accept wrong times until the network is there"
    return Finding(
        CHECK, "", Standing.WARNING, "no clock with a battery", "a clock that runs while the power is off", step
    )
