"""What processes have spent, from /proc: CPU to the nanosecond, proportional memory."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

_KB = 1024


def cpu_ns(pid: int | str) -> int:
    """CPU time of all threads of a process that are alive, nanoseconds (proc_pid_schedstat(5))."""
    spent_ns = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(FileNotFoundError, ProcessLookupError):  # a thread that ends just now, as a film's at its end
            spent_ns += int(_read(task / "schedstat").split()[0])
    return spent_ns


def pss_bytes(pid: int | str) -> int:
    """Memory that a process has, what it shares divided by those that share it (proc_pid_smaps(5))."""
    for line in _read(Path(f"/proc/{pid}/smaps_rollup")).splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * _KB
    raise ValueError(f"wanted Pss of process {pid}, found none")


def family(pid: int) -> list[int]:
    """A process and all that came of it."""
    children = _read(Path(f"/proc/{pid}/task/{pid}/children")).split()
    threads = [task for task in Path(f"/proc/{pid}/task").iterdir() if task.name != str(pid)]
    for thread in threads:
        children += _read(thread / "children").split()
    return [pid, *(each for child in children for each in family(int(child)))]


def _read(path: Path) -> str:
    return path.read_text("utf-8")
