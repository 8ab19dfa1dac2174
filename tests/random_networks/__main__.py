"""`make random-networks COUNT=1000`: that many, run in every runtime; exit code 1 if one failed."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
import traceback
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from converters.isolation.trial import TrialChild
from tests.random_networks.judge import Verdict, judge
from tests.random_networks.network import network
from tests.random_networks.runtimes import Runtime

SHOWN = 30
TFLITE_PYTHON = Path(__file__).resolve().parents[2] / ".venv-tflite" / "bin" / "python"


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.random_networks", description=__doc__)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    asked = parser.parse_args()
    numbers, started = range(asked.first, asked.first + asked.count), time.monotonic()
    with TemporaryDirectory(prefix="lepton-networks-") as folder:
        parts = [Path(folder, str(place)) for place in range(asked.workers)]
        children = [_worker(numbers[place :: asked.workers], part) for place, part in enumerate(parts)]
        statuses = [os.waitpid(child, 0)[1] for child in children]
        lines = [line for part in parts if part.exists() for line in part.read_text("utf-8").splitlines()]
    verdicts = [Verdict(**json.loads(line)) for line in lines]
    _print(verdicts, asked.count, time.monotonic() - started)
    return int(any(statuses) or len(verdicts) < asked.count or any(verdict.failure for verdict in verdicts))


def _worker(numbers: range, path: Path) -> int:
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        litert = TrialChild()
        older = Runtime(os.environ.get("LEPTON_TFLITE_PYTHON") or str(TFLITE_PYTHON))
        with path.open("w", encoding="utf-8") as file:
            for number in numbers:
                file.write(json.dumps(asdict(_judged(number, litert, older))) + "\n")
                file.flush()
        litert.close()
        older.close()
        code = 0
    except BaseException:  # noqa: BLE001 - a worker that ends early says why
        traceback.print_exc()
    finally:
        os._exit(code)


def _judged(number: int, litert: TrialChild, older: Runtime) -> Verdict:
    try:
        return judge(network(number), litert, older)
    except Exception:  # noqa: BLE001 - any fault of the converter is a finding, and the next network goes on
        return Verdict(number, {}, f"network {number}: {traceback.format_exc()}")


def _print(verdicts: list[Verdict], count: int, seconds: float) -> None:
    print(f"{len(verdicts):,} of {count:,} networks in {seconds:.0f} s")
    runtimes = sorted({name for verdict in verdicts for name in verdict.db})
    for name in runtimes:
        values = np.array([verdict.db[name] for verdict in verdicts if name in verdict.db])
        low, median = np.percentile(values, [1, 50])
        print(f"  {name:<18} ran {len(values):>5,}   dB: worst {values.min():.1f}, 1 % {low:.1f}, median {median:.1f}")
    refusals = Counter(verdict.refusal for verdict in verdicts if verdict.refusal)
    for sentence, found in refusals.most_common(SHOWN):
        print(f"  refused in words, {found} times: {sentence[:200]}")
    print(f"{sum(verdict.coarse for verdict in verdicts)} too coarse for int8, each operator right by itself")
    failures = [verdict.failure for verdict in verdicts if verdict.failure]
    print(f"{len(failures)} failures")
    for sentence in failures[:SHOWN]:
        print(sentence, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
