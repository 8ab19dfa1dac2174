"""What a daemon and its children hold: threads, descriptors, processes, memory, as the kernel counts them."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path

SETTLE_S = 6.0
POLL_S = 0.25
_KB_PER_MB = 1024


@dataclass(frozen=True, slots=True)
class Footprint:
    """A daemon with all its children.

    memory_mb: anonymous and shared, proportional (PSS), so that what a model's process shares counts once. Without the
        pages of files: another daemon beside this one halves their share, and its end gives it back.
    """

    processes: int
    threads: int
    descriptors: int
    memory_mb: float

    def connected(self, connections: int) -> Footprint:
        """With so many descriptors more."""
        return replace(self, descriptors=self.descriptors + connections)

    def exceeds(self, before: Footprint, slack_mb: float) -> list[str]:
        """What is more than before."""
        told = [
            f"{name}: {was} -> {now}"
            for name, was, now in (
                ("processes", before.processes, self.processes),
                ("threads", before.threads, self.threads),
                ("descriptors", before.descriptors, self.descriptors),
            )
            if now > was
        ]
        if self.memory_mb > before.memory_mb + slack_mb:
            told.append(f"memory: {before.memory_mb:.1f} -> {self.memory_mb:.1f} MB")
        return told


def footprint(pid: int) -> Footprint:
    """As it is now."""
    family = _family(pid)
    return Footprint(
        len(family),
        sum(_entries(one, "task") for one in family),
        sum(_entries(one, "fd") for one in family),
        sum(_pss_kb(one) for one in family) / _KB_PER_MB,
    )


def settled_footprint(pid: int, before: Footprint | None = None, slack_mb: float = 0.0) -> Footprint:
    """Once two looks in a row agree and nothing exceeds `before`; the last look when that does not come."""
    last = footprint(pid)
    for _ in range(int(SETTLE_S / POLL_S)):
        time.sleep(POLL_S)
        now = footprint(pid)
        is_still = (now.processes, now.threads, now.descriptors) == (last.processes, last.threads, last.descriptors)
        if is_still and not (before and now.exceeds(before, slack_mb)):
            return now
        last = now
    return last


def children(pid: int) -> list[int]:
    """Its direct children, of whichever of its threads."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        found += [int(word) for word in task.read_text().split()]
    return found


def _family(pid: int) -> list[int]:
    found = [pid]
    for child in children(pid):
        found += _family(child)
    return found


def _entries(pid: int, name: str) -> int:
    try:
        return len(list(Path(f"/proc/{pid}/{name}").iterdir()))
    except OSError:
        return 0


def _pss_kb(pid: int) -> int:
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in rollup.splitlines() if line.startswith(("Pss_Anon:", "Pss_Shmem:")))
