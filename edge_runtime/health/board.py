"""How the board does: temperature, throttling, voltage, disk, processor, memory; read from files of the kernel.

Every file may be missing: no board has all of them. What cannot be read is None, never a guess.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

_SANE_C: Final = (-40.0, 150.0)
_NO_SENSORS: Final = frozenset({"PMIC-Die", "thermal-fan-est", "iwlwifi_1"})
"""A Jetson Nano's PMIC-Die says 100 °C always (NVIDIA, "Thermal Management in Linux"); the others are no processor."""
_THROTTLED: Final = "sys/devices/platform/soc/soc:firmware/get_throttled"
"""The Raspberry Pi's firmware; its bits stand in the documentation of `vcgencmd get_throttled`."""
_UNDER_VOLTAGE, _CAPPED, _THROTTLING, _SOFT_LIMIT = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_SINCE_BOOT: Final = 16
_COOLING: Final = ("cpufreq", "throttle", "cpu-emergency")
"""Types of cooling devices that slow the processor down; a fan is none."""


@dataclass(frozen=True, slots=True)
class BoardHealth:
    """One look at the board.

    temperature_c: of the hottest sensor.
    throttled: the processor runs slower than it could, now; throttled_since_boot: it did at some time.
    under_voltage, under_voltage_since_boot: the same for the supply.
    disk_free_bytes, disk_total_bytes, disk_read_only: of the disk with the state folder.
    busy: share of all processors' time since the look before, 0 to 1.
    memory_free_bytes: what the kernel calls available.
    """

    temperature_c: float | None = None
    throttled: bool | None = None
    throttled_since_boot: bool | None = None
    under_voltage: bool | None = None
    under_voltage_since_boot: bool | None = None
    disk_free_bytes: int | None = None
    disk_total_bytes: int | None = None
    disk_read_only: bool | None = None
    busy: float | None = None
    memory_free_bytes: int | None = None


class BoardFiles:
    """Reads a board's health.

    Args:
        state_folder: whose disk is looked at.
        root: where `sys` and `proc` are.
        statvfs: asks for a disk's room.
    """

    def __init__(
        self, state_folder: Path, root: Path = Path("/"), statvfs: Callable[[Path], os.statvfs_result] = os.statvfs
    ) -> None:
        self._folder, self._root, self._statvfs = state_folder, root, statvfs
        self._ticks: tuple[int, int] | None = None

    def look(self) -> BoardHealth:
        """The board now; never raises for a file that is not there or says nonsense."""
        throttled, since_boot = self._throttled()
        low, low_since_boot = self._under_voltage()
        free, total, read_only = self._disk()
        return BoardHealth(
            temperature_c=self._temperature_c(),
            throttled=throttled,
            throttled_since_boot=since_boot,
            under_voltage=low,
            under_voltage_since_boot=low_since_boot,
            disk_free_bytes=free,
            disk_total_bytes=total,
            disk_read_only=read_only,
            busy=self._busy(),
            memory_free_bytes=self._memory_free_bytes(),
        )

    def _text(self, name: str) -> str | None:
        """A sensor that is switched off answers with an error."""
        try:
            return (self._root / name).read_text("ascii", "replace").strip()
        except OSError:
            return None

    def _number(self, name: str, base: int = 10) -> int | None:
        try:
            return int(self._text(name) or "", base)
        except ValueError:
            return None

    def _temperature_c(self) -> float | None:
        found = []
        for zone in sorted(self._root.glob("sys/class/thermal/thermal_zone*")):
            name = zone.relative_to(self._root).as_posix()
            milli_c = self._number(f"{name}/temp")
            if milli_c is not None and self._text(f"{name}/type") not in _NO_SENSORS:
                found.append(milli_c / 1000)
        return max((one for one in found if _SANE_C[0] < one < _SANE_C[1]), default=None)

    def _throttled(self) -> tuple[bool | None, bool | None]:
        bits = self._number(_THROTTLED, 16)
        if bits is not None:
            slow = _CAPPED | _THROTTLING | _SOFT_LIMIT
            return bool(bits & slow), bool(bits >> _SINCE_BOOT & slow)
        states = [
            self._number(f"{device.relative_to(self._root).as_posix()}/cur_state")
            for device in sorted(self._root.glob("sys/class/thermal/cooling_device*"))
            if any(word in (self._text(f"{device.relative_to(self._root).as_posix()}/type") or "") for word in _COOLING)
        ]
        known = [state for state in states if state is not None]
        return (any(known), None) if known else (None, None)

    def _under_voltage(self) -> tuple[bool | None, bool | None]:
        bits = self._number(_THROTTLED, 16)
        if bits is not None:
            return bool(bits & _UNDER_VOLTAGE), bool(bits >> _SINCE_BOOT & _UNDER_VOLTAGE)
        for sensor in sorted(self._root.glob("sys/class/hwmon/hwmon*")):
            name = sensor.relative_to(self._root).as_posix()
            if self._text(f"{name}/name") == "rpi_volt":
                alarm = self._number(f"{name}/in0_lcrit_alarm")
                return (None, None) if alarm is None else (bool(alarm), None)
        return None, None

    def _disk(self) -> tuple[int | None, int | None, bool | None]:
        try:
            found = self._statvfs(self._folder)
        except OSError:
            return None, None, None
        return found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize, bool(found.f_flag & os.ST_RDONLY)

    def _busy(self) -> float | None:
        """From /proc/stat (proc(5)): all ticks but idle and iowait."""
        words = (self._text("proc/stat") or "").partition("\n")[0].split()[1:9]
        if not words or not all(word.isdigit() for word in words):
            return None
        ticks = [int(word) for word in words]
        now = (sum(ticks), sum(ticks[3:5]))
        before, self._ticks = self._ticks, now
        if before is None or now[0] <= before[0]:
            return None
        return 1 - (now[1] - before[1]) / (now[0] - before[0])

    def _memory_free_bytes(self) -> int | None:
        for line in (self._text("proc/meminfo") or "").splitlines():
            name, _, amount = line.partition(":")
            if name == "MemAvailable" and amount.split()[:1] and amount.split()[0].isdigit():
                return int(amount.split()[0]) * 1024
        return None
