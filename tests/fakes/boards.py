"""File trees as real boards have them under /sys and /proc, and a disk as a test wants it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

RASPBERRY_PI_4 = {
    "sys/class/thermal/thermal_zone0/type": "cpu-thermal\n",
    "sys/class/thermal/thermal_zone0/temp": "48312\n",
    "sys/devices/platform/soc/soc:firmware/get_throttled": "0\n",
    "sys/class/hwmon/hwmon1/name": "rpi_volt\n",
    "sys/class/hwmon/hwmon1/in0_lcrit_alarm": "0\n",
    "proc/stat": "cpu  100 0 100 800 0 0 0 0 0 0\ncpu0 100 0 100 800 0 0 0 0 0 0\n",
    "proc/meminfo": "MemTotal:        3884344 kB\nMemFree:          812344 kB\nMemAvailable:    2884344 kB\n",
}
"""Raspberry Pi OS, kernel 6.6."""

JETSON_NANO = {
    "sys/class/thermal/thermal_zone0/type": "AO-therm\n",
    "sys/class/thermal/thermal_zone0/temp": "43500\n",
    "sys/class/thermal/thermal_zone1/type": "CPU-therm\n",
    "sys/class/thermal/thermal_zone1/temp": "37500\n",
    "sys/class/thermal/thermal_zone2/type": "GPU-therm\n",
    "sys/class/thermal/thermal_zone2/temp": "36000\n",
    "sys/class/thermal/thermal_zone4/type": "PMIC-Die\n",
    "sys/class/thermal/thermal_zone4/temp": "100000\n",
    "sys/class/thermal/cooling_device0/type": "pwm-fan\n",
    "sys/class/thermal/cooling_device0/cur_state": "3\n",
    "sys/class/thermal/cooling_device1/type": "thermal-cpufreq-0\n",
    "sys/class/thermal/cooling_device1/cur_state": "0\n",
    "proc/stat": "cpu  100 0 100 800 0 0 0 0 0 0\n",
    "proc/meminfo": "MemTotal:        4059272 kB\nMemAvailable:     900000 kB\n",
}
"""JetPack 4.6, kernel 4.9."""


def plant(root: Path, files: dict[str, str]) -> Path:
    """Write the files under a root."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def disk(free: int, *, total: int = 32 << 30, read_only: bool = False) -> os.statvfs_result:
    """What a disk says of itself, in blocks of 4 kB."""
    blocks, left = total // 4096, free // 4096
    return os.statvfs_result((4096, 4096, blocks, left, left, 1000, 900, 900, os.ST_RDONLY if read_only else 0, 255))
