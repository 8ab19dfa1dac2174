"""One contestant through one plan: blows while alerts flow, then calm until everything is told, then the reckoning."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from tests.chaos.floor import Floor
from tests.chaos.halls import Halls
from tests.chaos.plan import KILLS, Kind, plan
from tests.chaos.small_disk import SmallDisk

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.chaos.contestants import Contestant
    from tests.chaos.plan import Blow, Sizes
    from tests.chaos.reckoning import Reckoning

LOOK_S = 0.05
SAY_S = 5.0
STUCK_S = 120.0
CALM_S = 10.0
"""Without a new row for so long, nothing more will come from somebody who keeps no spool."""
PATIENCE_S = 300.0
LONGEST_S = 3600.0
"""A spool is sent however long a slow machine takes, as long as rows come."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One trial. kills, deeds: what was done. deaths: processes that ended by themselves. seconds: of it all."""

    name: str
    reckoning: Reckoning
    kills: dict[str, int]
    deeds: dict[str, int]
    deaths: dict[str, int]
    seconds: float

    @property
    def is_sound(self) -> bool:
        return not self.reckoning.troubles


def run_trial(contestant: Contestant, sizes: Sizes, seed: int, folder: Path, say: Callable[[str], None]) -> Outcome:
    """Run it to its end."""
    began_s = time.monotonic()
    with ExitStack() as stack:
        halls = stack.enter_context(Halls(sizes.halls))
        count = sizes.small_disks if Kind.FILL in contestant.can_be_done else 0
        disks = [stack.enter_context(SmallDisk(folder / f"disk-{n}")) for n in range(count)]
        floor = stack.enter_context(Floor(folder, contestant, sizes, halls, disks))
        trial = _Trial(contestant, floor, sizes, say)
        coming = [blow for blow in plan(sizes, seed) if blow.kind in contestant.can_be_done]
        troubles = trial.blows([blow for blow in coming if blow.at < 1])
        trial.calm()
        for blow in coming:
            if blow.at >= 1:
                floor.do(blow)
                trial.calm()
        troubles += floor.stop()
        reckoning = contestant.reckon(floor.told())
    reckoning = replace(reckoning, troubles=(*reckoning.troubles, *troubles))
    done = {kind.value: count for kind, count in floor.done.items()}
    kills = {kind.value: floor.done[kind] for kind in KILLS}
    deeds = {name: count for name, count in done.items() if name not in kills}
    return Outcome(contestant.name, reckoning, kills, deeds, dict(floor.deaths), time.monotonic() - began_s)


class _Trial:
    def __init__(self, contestant: Contestant, floor: Floor, sizes: Sizes, say: Callable[[str], None]) -> None:
        self._contestant, self._floor, self._sizes, self._say = contestant, floor, sizes, say
        self._began_s = self._said_s = time.monotonic()

    def blows(self, coming: list[Blow]) -> list[str]:
        """Until all of them are done and all alerts are settled; says what went wrong."""
        settled, moved_s = -1, time.monotonic()
        while settled < self._sizes.alerts or coming:
            time.sleep(LOOK_S)
            self._floor.tick()
            now, now_s = self._floor.settled(), time.monotonic()
            if now > settled:
                settled, moved_s = now, now_s
            if now_s - moved_s > STUCK_S:
                return [f"for {STUCK_S:.0f} s no alert was promised; {len(coming)} blows were left"]
            due = [blow for blow in coming if blow.at * self._sizes.alerts <= settled]
            for blow in due:
                if self._floor.do(blow):
                    coming.remove(blow)
            self._progress(settled, len(coming))
        return []

    def calm(self) -> None:
        """Until nothing is amiss any more, or nothing more comes."""
        self._floor.undo_all()
        begun_s = moved_s = time.monotonic()
        best = -1
        while True:
            self._floor.tick()
            reckoning = self._contestant.reckon(self._floor.told())
            now_s = time.monotonic()
            if reckoning.stored > best:
                best, moved_s = reckoning.stored, now_s
            has_ledger = Kind.RESTORE in self._contestant.can_be_done
            is_over = not reckoning.lost or (has_ledger and not reckoning.troubles)
            patience_s, longest_s = (PATIENCE_S, LONGEST_S) if has_ledger else (CALM_S, PATIENCE_S)
            if is_over or now_s - moved_s > min(patience_s, self._sizes.patience_s) or now_s - begun_s > longest_s:
                return
            self._progress(self._floor.settled(), 0)
            time.sleep(1.0)

    def _progress(self, settled: int, left: int) -> None:
        now_s = time.monotonic()
        if now_s - self._said_s < SAY_S:
            return
        self._said_s = now_s
        kills = sum(self._floor.done[kind] for kind in KILLS)
        others = Counter({k.value: n for k, n in self._floor.done.items() if k not in KILLS})
        self._say(
            f"{self._contestant.name}: {now_s - self._began_s:.0f} s, {settled} of {self._sizes.alerts} offered, "
            f"{self._stored()} stored, {kills} kills, {dict(others)}, {left} blows to come"
        )

    def _stored(self) -> str:
        try:
            return str(self._contestant.stored())
        except SQLAlchemyError as err:
            return f"? ({type(err).__name__})"
