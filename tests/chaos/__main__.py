"""`make chaos`: alerts from many stations while everything is killed, cut off, filled up and put back; is any lost?

Exit codes: 0 nothing is lost, or every loss stands in the ledger with its true cause; 1 something is amiss; 2 not run.
"""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import sys
from contextlib import ExitStack
from dataclasses import asdict, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.chaos import halls, small_disk
from tests.chaos.contestants import Contestant, Lepton, UsualPattern
from tests.chaos.plan import Sizes
from tests.chaos.stores import PostgresStore, SqliteStore
from tests.chaos.table import table
from tests.chaos.trial import Outcome, run_trial
from tests.fleet_manager.databases import postgres_programs, running_postgres

WAYS = ("sqlite", "postgresql", "usual-off", "usual-on")


def main(words: list[str] | None = None) -> int:
    asked = parse(words)
    sizes = possible(asked_sizes(asked))
    if asked.keep is not None:
        asked.keep.mkdir(parents=True, exist_ok=True)
    outcomes = []
    for way in asked.ways or WAYS:
        with ExitStack() as stack:
            folder = asked.keep / way if asked.keep else Path(stack.enter_context(TemporaryDirectory("-chaos")))
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            contestant = contestant_of(way, folder, asked, stack)
            if contestant is None:
                say("SKIPPED postgresql: needs PostgreSQL (apt-get install postgresql)")
                continue
            outcomes.append(run_trial(contestant, sizes, asked.seed, folder, say))
            say(f"{contestant.name}: {outcomes[-1].reckoning.sentence()}")
    print(json.dumps(document(asked, sizes, outcomes), indent=2) if asked.json else table(sizes, asked.seed, outcomes))
    return int(not all(outcome.is_sound for outcome in outcomes)) if outcomes else 2


def parse(words: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests.chaos", description=__doc__)
    parser.add_argument("ways", nargs="*", choices=[*WAYS, []], metavar="way", help=f"of {', '.join(WAYS)}; all")
    parser.add_argument("--seed", type=int, default=1)
    usual = Sizes()
    for name, value in asdict(usual).items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(value), default=value)
    parser.add_argument("--forgetful", action="store_true", help="with a manager that acknowledges before it stores")
    parser.add_argument("--keep", type=Path, help="leave databases, records and logs in this folder")
    parser.add_argument("--json", action="store_true", help="the outcome as one JSON document")
    return parser.parse_args(words)


def asked_sizes(asked: argparse.Namespace) -> Sizes:
    return Sizes(**{name: getattr(asked, name) for name in asdict(Sizes())})


def possible(sizes: Sizes) -> Sizes:
    """What this machine can do of it; says by name what it cannot."""
    if sizes.halls and (why := halls.missing()):
        say(f"SKIPPED: {why}")
        sizes = replace(sizes, halls=0, cuts=0)
    if sizes.small_disks and (why := small_disk.missing()):
        say(f"SKIPPED: {why}")
        sizes = replace(sizes, small_disks=0, fills=0)
    return sizes


def contestant_of(way: str, folder: Path, asked: argparse.Namespace, stack: ExitStack) -> Contestant | None:
    if way.startswith("usual"):
        return UsualPattern(folder, keeps=way == "usual-on")
    if way == "sqlite":
        return Lepton("Lepton on SQLite", SqliteStore(folder), 1, forgetful=asked.forgetful)
    programs = postgres_programs()
    if programs is None:
        return None
    store = PostgresStore(stack.enter_context(running_postgres()), programs, folder)
    return Lepton("Lepton on PostgreSQL", store, asked.workers, forgetful=asked.forgetful)


def document(asked: argparse.Namespace, sizes: Sizes, outcomes: list[Outcome]) -> dict[str, object]:
    return {"seed": asked.seed, "sizes": asdict(sizes), "trials": [asdict(outcome) for outcome in outcomes]}


def say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(2))  # so that everything is taken down
    sys.exit(main())
