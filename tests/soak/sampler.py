"""What the daemon's whole family of processes holds at a moment, from /proc."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Sample:
    """Summed over the daemon and everything that it started.

    at_s: since the start of the soak.
    rss_mb, pss_mb: memory in units of 1024² bytes; shared pages count in full in the first, by share in the second.
    own_mb: of the second what is no file: heaps, stacks, shared memory. Whoever else on the machine has the same
        libraries open changes the share of files, and not this.
    latency_p50_ms, latency_p95_ms: of the parts judged since the sample before, None when there was none.
    cpu_s: processor time so far.
    """

    at_s: float
    rss_mb: float
    pss_mb: float
    own_mb: float
    processes: int
    threads: int
    files: int
    cpu_s: float
    verdicts: int
    latency_p50_ms: float | None
    latency_p95_ms: float | None


@dataclass(frozen=True, slots=True)
class Holdings:
    """The same without the verdicts."""

    rss_mb: float
    pss_mb: float
    own_mb: float
    processes: int
    threads: int
    files: int
    cpu_s: float


def holdings(pid: int) -> Holdings:
    """What a process and its descendants hold; one that ends while it is looked at does not count."""
    found = [one for member in family(pid) if (one := _of(member)) is not None]
    rss_kb, pss_kb, own_kb, threads, files, ticks = (sum(column) for column in zip(*found, strict=True))
    return Holdings(rss_kb / 1024, pss_kb / 1024, own_kb / 1024, len(found), threads, files, ticks / TICKS_PER_S)


def family(pid: int) -> list[int]:
    """The process and its descendants."""
    members = [pid]
    for member in members:
        for task in sorted((PROC / str(member) / "task").glob("*/children")):
            members += map(int, task.read_text().split())
    return members


def _of(pid: int) -> tuple[int, int, int, int, int, int] | None:
    try:
        rollup = (PROC / str(pid) / "smaps_rollup").read_text().splitlines()
        sizes = {line.split(":")[0]: int(line.split()[1]) for line in rollup[1:]}
        status = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
        files = sum(1 for _ in (PROC / str(pid) / "fd").iterdir())
    except OSError:
        return None
    own_kb = sizes["Pss_Anon"] + sizes["Pss_Shmem"]
    return sizes["Rss"], sizes["Pss"], own_kb, int(status[17]), files, int(status[11]) + int(status[12])
