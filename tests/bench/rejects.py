"""How exactly the right part is rejected at 20 parts a second, and how soon everything is when the daemon stalls.

The whole daemon in this process (folder of pictures, TFLite model in a process of its own), the C firmware model in
another, a pty between them. Times are those of the model's clock, a tick a microsecond.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from tests.fakes.chip_station import Belt, at_the_gate, write_chip_station
from tests.fakes.firmware import built
from tests.fakes.firmware_line import ChipLine
from tests.fakes.patience import eventually
from tests.fakes.stations import run_station

OPTIMISED = ("-O2",)
RUN = "import sys; from lepton.cli import main; main(sys.argv[1:])"


def main() -> int:
    """Print both tables; 1 where a part was rejected that should pass, or passed that should not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parts", type=int, default=1200)
    parser.add_argument("--stalls", type=int, default=10)
    asked = parser.parse_args()
    logging.disable(logging.CRITICAL)
    with TemporaryDirectory(prefix="lepton-rejects-") as name:
        folder = Path(name)
        program = built("model", folder, OPTIMISED)
        wrong = _rejects(folder, program, asked.parts)
        _stalls(folder, program, asked.stalls)
    return wrong


def _rejects(folder: Path, program: Path, parts: int) -> int:
    with ChipLine(program) as line:
        belt = Belt(line, parts, 0.05)
        verdicts, _ = run_station(write_chip_station(folder, line), lines=belt)
        met = at_the_gate(line)
    every_us = [(later - earlier) % 2**32 for (_, earlier), (_, later) in pairwise(line.parts)]
    bad = {int(one["part"]) for one in verdicts if one["outcome"] != "good"}
    passed, spoiled = bad - met.rejected, met.rejected - bad
    pace_ms = median(every_us) / 1000
    print(f"{len(line.parts)} parts, one each {pace_ms:.1f} ms, {len(verdicts)} verdicts, {len(bad)} to reject")
    print(f"passed that should be rejected: {len(passed)}; rejected that should pass: {len(spoiled)}")
    away_ms = sorted(long / 1000 for long, _ in line.away)
    most = f", at the longest {away_ms[-1]:.1f} ms" if away_ms else ""
    print(f"the host did not let the model run for more than 1 ms: {len(away_ms)} times{most}")
    for number in sorted(passed | spoiled):
        print(f"part {number}: the model was not run for {met.away_us[number] / 1000:.1f} ms while it was at the gate")
    late = sorted(met.late_us.values())
    if late:
        p99 = late[int(len(late) * 0.99)]
        figures = f"median {median(late):.0f}, p99 {p99}, most {late[-1]}"
        print(f"{len(late)} pulses begin after their part's moment at the gate, us: {figures}")
    later = [number for number, late_us in met.late_us.items() if late_us > 1000]
    away = sum(met.away_us[number] >= 1000 for number in later)
    print(f"more than 1 ms late: {len(later)}, of these while the model was not run: {away}")
    return int(bool(passed or spoiled))


def _stalls(folder: Path, program: Path, count: int) -> None:
    took_ms = []
    for _ in range(count):
        with ChipLine(program) as line:
            station = write_chip_station(folder, line)
            quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
            with subprocess.Popen([sys.executable, "-c", RUN, "run", str(station)], **quiet) as daemon:
                eventually(lambda line=line: not line.rejects, 60)
                changes = len(line.pins)
                at_us = time.monotonic_ns() // 1000
                os.kill(daemon.pid, signal.SIGSTOP)
                eventually(lambda line=line, changes=changes: len(line.pins) > changes)
                os.kill(daemon.pid, signal.SIGKILL)
        took_ms.append((line.pins[changes][1] - at_us) % 2**32 / 1000)
    took_ms.sort()
    if took_ms:
        print(
            f"daemon stopped {count} times, everything rejected after, ms: least {took_ms[0]:.1f}, "
            f"median {median(took_ms):.1f}, most {took_ms[-1]:.1f}"
        )


if __name__ == "__main__":
    sys.exit(main())
