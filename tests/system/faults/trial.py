"""One fault, done twice to one running daemon: the first time warms up what it touches, the second time is measured."""

from __future__ import annotations

import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tests.system.faults.footprint import Footprint, settled_footprint
from tests.system.faults.judgement import RECOVERY_S, TARDY, Judgement, Window, judge
from tests.system.faults.pictures_on_the_line import write_pictures
from tests.system.faults.rig import Rig

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.system.faults.fault import Fault
    from tests.system.faults.observed_daemon import ObservedDaemon, Told

START_S = 40.0
HEAL_S = 3 * RECOVERY_S
"""Longer than is allowed, so that the table can say how long it took."""
QUIET_S = 1.3
"""Before, between and after: three parts."""
MEMORY_SLACK_MB = 2.0
"""What a heap breathes in seconds: 0.5 MB were seen. A slower leak shows in the soak."""
AT_ONCE = 3
_NS_PER_S = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """One row of the table.

    broken: promises that were not kept, in words; missing: why it was not tried at all.
    first_try: what was late in a first try. A machine that serves others may pause for longer than a deadline leaves;
        only that is tried a second time, and told.
    """

    fault: Fault
    broken: list[str]
    missing: str | None = None
    parts: int = 0
    judgement: Judgement | None = None
    recovery_s: float | None = None
    before: Footprint | None = None
    after: Footprint | None = None
    first_try: tuple[str, ...] = ()


def run_all(faults: Sequence[Fault]) -> Iterator[Outcome]:
    """Try them, some at a time; outcomes come in the order of `faults`."""
    with tempfile.TemporaryDirectory(prefix="faults-") as scratch, ThreadPoolExecutor(AT_ONCE) as pool:
        pictures = Path(scratch) / "pictures"
        write_pictures(pictures)
        yield from pool.map(partial(_tried, Path(scratch), pictures), faults)


def _tried(scratch: Path, pictures: Path, fault: Fault) -> Outcome:
    if missing := fault.missing():
        return Outcome(fault, [], missing)
    outcome = _tried_once(scratch / type(fault).__name__, pictures, fault)
    if outcome.broken and all(sentence.endswith(TARDY) for sentence in outcome.broken):
        again = _tried_once(scratch / f"{type(fault).__name__}-again", pictures, fault)
        return replace(again, first_try=tuple(outcome.broken))
    return outcome


def _tried_once(folder: Path, pictures: Path, fault: Fault) -> Outcome:
    folder.mkdir()
    with closing(Rig(folder, pictures, fault)) as rig:
        try:
            fault.prepare(rig)
            return _run(rig)
        except Exception as error:  # noqa: BLE001 - one fault's rig must not keep the others from the table
            return Outcome(fault, [f"{type(error).__name__}: {error}"])


def _run(rig: Rig) -> Outcome:
    daemon, fault = rig.start(), rig.fault
    if daemon.wait_for(_is_good, START_S) is None:
        return Outcome(fault, [f"no good verdict within {START_S:g} s: {_end_of(daemon.log)}"])
    time.sleep(QUIET_S)
    windows = [_inflicted(rig, daemon)]
    before = settled_footprint(daemon.pid).connected(fault.connections)
    windows.append(_inflicted(rig, daemon))
    time.sleep(QUIET_S)
    after = settled_footprint(daemon.pid, before, MEMORY_SLACK_MB)
    trouble = fault.look(rig)
    code = daemon.stop()
    judgement = judge(daemon.told, windows, fault, rig.truth, was_read=not fault.unread)
    broken = [*judgement.broken, *(f"left behind: {more}" for more in after.exceeds(before, MEMORY_SLACK_MB))]
    broken += [trouble] if trouble else []
    broken += [f"ended with code {code}: {_end_of(daemon.log)}"] if code else []
    return Outcome(fault, broken, None, len(daemon.told), judgement, windows[-1].recovery_s, before, after)


def _inflicted(rig: Rig, daemon: ObservedDaemon) -> Window:
    begun_ns = time.monotonic_ns()
    rig.fault.begin(rig)
    time.sleep(rig.fault.lasts_s)
    since = len(daemon.told)
    rig.fault.end(rig)
    ended_ns = time.monotonic_ns()
    healed = daemon.wait_for(lambda one: _is_good(one) and one.captured_at_ns > ended_ns, HEAL_S, since)
    time.sleep(QUIET_S)
    return Window(begun_ns, ended_ns, healed.arrived_ns if healed else None)


def _is_good(told: Told) -> bool:
    return told.outcome == "good"


def _end_of(log: Path) -> str:
    return " | ".join(log.read_text(errors="replace").splitlines()[-3:])[-600:]
