"""The disk under the state folder: writable, roomy enough for the quotas, quick enough for the spool."""

from __future__ import annotations

import os
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel

from edge_runtime.doctor.finding import Finding, Standing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from edge_runtime.doctor.patient import Chart, Patient

CHECK = "disk"
_MOUNTS = Path("/proc/self/mounts")
_BLOCKS = Path("/sys/dev/block")
_QUOTA_KEY = "max_bytes"
_SYNCS = 20
_SYNC_BYTES = 4096
_SLOW_MS = 200.0
"""A commit of the spool is one such write; at this pace five alerts per second wait for the disk."""
_MB = 1_000_000
_FEW_FILES = 1000


@dataclass(frozen=True, slots=True)
class Mount:
    """Where a folder lies, as the kernel lists it."""

    device: str
    point: str
    kind: str
    options: tuple[str, ...]


def examine(patient: Patient, chart: Chart) -> Iterator[Finding]:
    """The mount, the room for the quotas, and the time that a durable write takes."""
    del chart
    state = Path(patient.config.station.state_folder)
    folder = nearest_existing(state)
    mount = mount_of(folder, _MOUNTS.read_text("utf-8", "surrogateescape"))
    if "ro" in mount.options:
        step = f"sudo mount -o remount,rw {mount.point}; look into dmesg for the reason first"
        found = f"{mount.point} ({mount.device}, {mount.kind}) is read-only"
        yield Finding(CHECK, "", Standing.FAILED, found, "a disk that can be written to", step)
        return
    yield Finding(CHECK, "", Standing.OK, f"{state} on {mount.point} ({mount.device}, {mount.kind}), {medium(folder)}")
    yield judge_room(folder, quota_bytes(patient.config), used_bytes(state))
    yield _judge_writes(folder)


def nearest_existing(folder: Path) -> Path:
    """The folder, or the one above it that the daemon would make it in."""
    return next(place for place in (folder, *folder.parents) if place.is_dir())


def mount_of(folder: Path, mounts: str) -> Mount:
    """The mount that a folder lies on, of a text like /proc/self/mounts."""
    real = folder.resolve()
    listed = [line.split() for line in mounts.splitlines()]
    on_the_way = [words for words in listed if Path(_plain(words[1])) in (real, *real.parents)]
    device, point, kind, options, *_ = max(enumerate(on_the_way), key=lambda one: (len(one[1][1]), one[0]))[1]
    return Mount(device, _plain(point), kind, tuple(options.split(",")))


def quota_bytes(config: BaseModel) -> int:
    """Every quota of the file together: each `max_bytes` in each of its tables."""
    total = 0
    for name in type(config).model_fields:
        value = getattr(config, name)
        if name == _QUOTA_KEY and isinstance(value, int):
            total += value
        elif isinstance(value, BaseModel):
            total += quota_bytes(value)
    return total


def used_bytes(folder: Path) -> int:
    """What lies in a folder and below, of what may be looked at."""
    return sum(
        Path(path, name).lstat().st_size
        for path, _, names in os.walk(folder)
        for name in names
        if Path(path, name).exists()
    )


def judge_room(folder: Path, quotas_bytes: int, held_bytes: int) -> Finding:
    """Whether the quotas of the file fit on the disk beside what is there."""
    figures = os.statvfs(folder)
    free_bytes = figures.f_bavail * figures.f_frsize
    missing_bytes = max(quotas_bytes - held_bytes, 0)
    found = f"{free_bytes // _MB} MB free, {held_bytes // _MB} MB held, quotas of {quotas_bytes // _MB} MB"
    if figures.f_files and figures.f_favail < _FEW_FILES:
        step = "remove files: the file system has room and no places for names"
        return Finding(CHECK, "", Standing.FAILED, f"room for {figures.f_favail} more files", f"{_FEW_FILES}", step)
    if free_bytes >= missing_bytes:
        return Finding(CHECK, "", Standing.OK, found)
    step = "free space, or lower max_bytes in [spool] and [evidence]: a full disk costs pictures first"
    return Finding(CHECK, "", Standing.WARNING, found, f"{missing_bytes // _MB} MB free", step)


def judge_syncs(times_ms: list[float]) -> Finding:
    """Whether a durable write is quick enough for the spool."""
    ordered = sorted(times_ms)
    half, worst = ordered[len(ordered) // 2], ordered[-1]
    found = f"a durable write of 4 kB takes {half:.1f} ms, {worst:.1f} ms at the worst of {len(ordered)}"
    if half < _SLOW_MS:
        return Finding(CHECK, "", Standing.OK, found)
    step = "an SD card of class A1 or better, or an SSD; alerts wait for this, verdicts do not"
    return Finding(CHECK, "", Standing.WARNING, found, f"less than {_SLOW_MS:g} ms", step)


def medium(folder: Path) -> str:
    """What kind of disk it is: `SD card`, `eMMC`, `NVMe`, `disk`, or `no disk` for memory and network."""
    number = folder.stat().st_dev
    block = _BLOCKS / f"{os.major(number)}:{os.minor(number)}"
    if not block.exists():
        return "no disk of its own"
    real = block.resolve()
    name = real.name if not (real / "partition").exists() else real.parent.name
    if name.startswith("mmcblk"):
        card = real if not (real / "partition").exists() else real.parent
        kind = (card / "device" / "type").read_text("ascii").strip() if (card / "device" / "type").exists() else ""
        return "SD card (wears out by writing)" if kind == "SD" else "eMMC"
    return "NVMe" if name.startswith("nvme") else f"disk {name}"


def _judge_writes(folder: Path) -> Finding:
    try:
        with tempfile.TemporaryFile(dir=folder, prefix=".lepton-doctor-") as file:
            return judge_syncs(_timed_syncs(file.write, lambda: os.fsync(file.fileno())))
    except OSError as error:
        found = f"{folder} takes no file ({error.strerror})"
        step = "run the doctor as the service's user or as root; mend the folder's rights"
        return Finding(CHECK, "", Standing.FAILED, found, "a folder that can be written to", step)


def _timed_syncs(write: Callable[[bytes], int], sync: Callable[[], None]) -> list[float]:
    times_ms = []
    for _ in range(_SYNCS):
        begun_ns = time.monotonic_ns()
        write(bytes(_SYNC_BYTES))
        sync()
        times_ms.append((time.monotonic_ns() - begun_ns) / 1_000_000)
    return times_ms


def _plain(text: str) -> str:
    r"""A path of /proc/self/mounts, where a space is written `\040`."""
    return text.replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\")
