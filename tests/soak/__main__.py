"""`make soak MINUTES=30`: the daemon while its camera and its broker fail at random; does it grow, does it slow down?

Exit codes: 0 every promise kept, 1 one broken or the daemon ended, 3 too short to say.
"""

from __future__ import annotations

import argparse
import json
import sys
import threading
import time
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from typing import IO

from edge_runtime.capture.traits import SILENCE_INTERVAL_S
from tests.soak.chart import write_picture, write_table
from tests.soak.rig import DEADLINE_MS, Rig
from tests.soak.saboteur import Saboteur
from tests.soak.sampler import Sample, holdings
from tests.soak.verdict import Answer, promises

EVERY_S = 10.0
START_S = 5.0
SLACK_S = 0.5
CODES = {Answer.KEPT: 0, Answer.BROKEN: 1, Answer.UNDECIDED: 3}


class Listener:
    """A thread that reads the daemon's verdicts.

    outcomes: how many of each. longest_silence_s: between two verdicts.
    """

    def __init__(self, lines: IO[str]) -> None:
        self.outcomes: dict[str, int] = {}
        self.longest_silence_s = 0.0
        self._lines = lines
        self._latencies_ms: list[float] = []
        self._last_ns = 0
        threading.Thread(target=self._run, name="listener", daemon=True).start()

    def taken(self) -> list[float]:
        """The latencies of judged parts since the last call, in milliseconds."""
        taken, self._latencies_ms = self._latencies_ms, []
        return taken

    def _run(self) -> None:
        for line in self._lines:
            said = json.loads(line)
            outcome, at_ns = said["outcome"], said["decided_at_ns"]
            self.outcomes[outcome] = self.outcomes.get(outcome, 0) + 1
            self.longest_silence_s = max(self.longest_silence_s, (at_ns - (self._last_ns or at_ns)) / 1e9)
            self._last_ns = at_ns
            if outcome != "unknown":
                self._latencies_ms.append(said["latency_ms"])


def main() -> int:
    asked = _arguments()
    asked.out.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="lepton-soak-") as folder, Rig(Path(folder)) as rig:
        assert rig.daemon.stdout is not None
        listener, saboteur = Listener(rig.daemon.stdout), Saboteur(rig, asked.seed)
        time.sleep(START_S)
        saboteur.start()
        samples = _sampled(rig, listener, asked.minutes * 60)
        saboteur.stop()
        ended = rig.daemon.poll()
        told = rig.log("daemon") if ended is not None else ""
    if ended is not None:
        print(f"BROKEN: the daemon ended with code {ended}\n{told}")
        return CODES[Answer.BROKEN]
    write_table(samples, asked.out / "soak.csv")
    write_picture(samples, asked.out / "soak.svg")
    print(f"seed {asked.seed}: {dict(saboteur.deeds)}; verdicts {listener.outcomes}")
    return _judged(samples, listener, asked.out)


def _sampled(rig: Rig, listener: Listener, seconds: float) -> list[Sample]:
    began_s, samples = time.monotonic(), []
    while rig.daemon.poll() is None and time.monotonic() - began_s < seconds:
        due_s = began_s + EVERY_S * (len(samples) + 1)
        time.sleep(max(due_s - time.monotonic(), 0.0))
        if rig.daemon.poll() is None:
            samples.append(_sample(rig, listener, time.monotonic() - began_s))
    return samples


def _sample(rig: Rig, listener: Listener, at_s: float) -> Sample:
    held, latencies_ms = holdings(rig.daemon.pid), listener.taken()
    steps = quantiles(latencies_ms * 2, n=20) if latencies_ms else None
    return Sample(
        at_s=round(at_s, 1),
        rss_mb=round(held.rss_mb, 3),
        pss_mb=round(held.pss_mb, 3),
        own_mb=round(held.own_mb, 3),
        processes=held.processes,
        threads=held.threads,
        files=held.files,
        cpu_s=held.cpu_s,
        verdicts=sum(listener.outcomes.values()),
        latency_p50_ms=steps[9] if steps else None,
        latency_p95_ms=steps[18] if steps else None,
    )


def _judged(samples: list[Sample], listener: Listener, out: Path) -> int:
    limit_s = SILENCE_INTERVAL_S + DEADLINE_MS / 1000 + SLACK_S
    found = promises(samples, listener.longest_silence_s, limit_s)
    wide = max(len(promise.name) for promise in found)
    for promise in found:
        print(f"{promise.answer.value:<9}  {promise.name:<{wide}}  {promise.found}")
    last = samples[-1]
    each_ms = last.cpu_s / last.verdicts * 1000
    print(f"{last.at_s / 60:.1f} minutes, {last.verdicts} verdicts, {each_ms:.2f} ms of processor for each")
    sizes = f"{last.own_mb:.1f} MB own, {last.pss_mb:.1f} MB PSS, {last.rss_mb:.1f} MB RSS"
    print(f"{last.processes} processes, {sizes}; {out / 'soak.csv'}, {out / 'soak.svg'}")
    answers = {promise.answer for promise in found}
    return CODES[next(answer for answer in (Answer.BROKEN, Answer.UNDECIDED, Answer.KEPT) if answer in answers)]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("build") / "soak")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
