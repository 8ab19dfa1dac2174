"""One contender's process: how long it took, the most memory that it held, what it printed last."""

from __future__ import annotations

import json
import mmap
import os
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import resource
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a process.

    wall_s: from start to end. cpu_s: processor time, children included; a busy machine hardly moves it.
    peak_mb: the most resident memory of it and its descendants together, looked at every 20 ms.
    said: the JSON document on its last line of output; empty if it printed none.
    error: how it failed, in a sentence; empty if it did not.
    """

    wall_s: float
    cpu_s: float
    peak_mb: float
    said: Mapping[str, Any]
    error: str


def run(command: Sequence[str | Path], folder: Path, timeout_s: float = 600.0, **more: str) -> Outcome:
    """Run a command in a folder, to its end or the time limit; `more` are further environment variables.

    Each tool uses as many threads as it does by default; only TensorFlow's search for a GPU and its chatter are off.
    """
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    environment = {**os.environ, **quiet, **more}
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        begin = time.perf_counter()
        process = subprocess.Popen(
            [str(word) for word in command], cwd=folder, env=environment, stdout=out, stderr=err, start_new_session=True
        )
        status, used, peak = _waited(process, begin + timeout_s)
        wall_s = time.perf_counter() - begin
        out.seek(0)
        err.seek(0)
        said, errors = out.read().decode(errors="replace"), err.read().decode(errors="replace")
    cpu_s = used.ru_utime + used.ru_stime
    return Outcome(wall_s, cpu_s, peak / 1e6, _document(said), _failure(status, errors))


def _waited(process: subprocess.Popen[bytes], deadline: float) -> tuple[int, resource.struct_rusage, int]:
    """Exit status, what was used (by it and those children that it has waited for) and the most bytes seen resident.

    `ru_maxrss` would not do: a process inherits its parent's size in it.
    """
    peak = 0
    while True:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            process.returncode = os.waitstatus_to_exitcode(status)
            return process.returncode, usage, peak
        if time.perf_counter() > deadline:
            os.killpg(process.pid, signal.SIGKILL)
        peak = max(peak, _resident(process.pid))
        time.sleep(0.02)


def _resident(pid: int) -> int:
    """Bytes of a process and its descendants; of those that are gone meanwhile, none."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1])
        lists = [path.read_text("ascii") for path in Path(f"/proc/{pid}/task").glob("*/children")]
    except (OSError, IndexError):
        return 0
    return pages * mmap.PAGESIZE + sum(_resident(int(child)) for child in " ".join(lists).split())


def _document(said: str) -> Mapping[str, Any]:
    """The last line, or the whole, as JSON; `lepton --json` prints its document over many lines."""
    for text in (said, *said.strip().splitlines()[-1:]):
        try:
            found = json.loads(text)
        except ValueError:
            continue
        if isinstance(found, dict):
            return found
    return {}


def _failure(status: int, errors: str) -> str:
    if status == 0:
        return ""
    lines = [line.strip() for line in errors.strip().splitlines() if line.strip()]
    ending = f"signal {-status}" if status < 0 else f"exit code {status}"
    return f"{ending}: {lines[-1][:300] if lines else 'no message'}"
