"""`make fuzz COUNT=100000`: that many mutants, what became of them, and exit code 1 if one failed."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.fuzz.corpus import corpus, names
from tests.fuzz.flock import SECONDS, Tally, drive, fork

SHOWN = 20


def main() -> int:
    asked = _arguments()
    sounds = corpus(asked.data if asked.data.is_dir() else None)
    print(f"seed {asked.seed}, made of {names(sounds)}", flush=True)
    started = time.monotonic()
    with TemporaryDirectory(prefix="lepton-fuzz-") as folder:
        cases = range(asked.first, asked.first + asked.count)
        shares = [cases[place :: asked.workers] for place in range(asked.workers)]
        children = [_shepherd(sounds, asked, share, Path(folder, str(place))) for place, share in enumerate(shares)]
        statuses = [os.waitpid(child, 0)[1] for child in children]
        tallies = [Tally(**json.loads(path.read_text("utf-8"))) for path in sorted(Path(folder).iterdir())]
    _print(tallies, asked.count, time.monotonic() - started)
    return int(any(statuses) or len(tallies) < asked.workers or any(tally.failures for tally in tallies))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests.fuzz", description=__doc__)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    default = os.environ.get("LEPTON_DATA", Path(__file__).resolve().parents[2].parent / "shared" / "data")
    parser.add_argument("--data", type=Path, default=Path(default))
    return parser.parse_args()


def _shepherd(sounds: tuple, asked: argparse.Namespace, cases: range, path: Path) -> int:
    child = fork()
    if child:
        return child
    try:
        tally = drive(sounds, asked.seed, cases, seconds=asked.seconds)
        path.write_text(json.dumps({name: getattr(tally, name) for name in Tally.__dataclass_fields__}), "utf-8")
    finally:
        os._exit(int(not path.exists()))


def _print(tallies: list[Tally], count: int, seconds: float) -> None:
    outcomes: Counter[str] = Counter()
    for tally in tallies:
        outcomes.update(tally.outcomes)
    print(f"{sum(outcomes.values()):,} of {count:,} mutants in {seconds:.0f} s")
    for key, found in sorted(outcomes.items()):
        kind, way, outcome = key.split("|")
        print(f"  {kind:<7} {way:<10} {outcome:<24} {found:>8,}")
    contained = [entry for tally in tallies for entry in tally.contained]
    for case, ending in sorted(contained)[:SHOWN]:
        print(f"  contained, mutant {case}: {ending}")
    failures = [sentence for tally in tallies for sentence in tally.failures]
    print(f"{len(failures)} failures")
    for sentence in failures[:SHOWN]:
        print(sentence, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
