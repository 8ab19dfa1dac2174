"""Everything that runs during a trial, as processes of their own, and what can be done to it."""

from __future__ import annotations

import heapq
import itertools
import shutil
import time
from collections import Counter
from typing import TYPE_CHECKING

from tests.chaos.killable import Command, Killable
from tests.chaos.plan import KILLS, Blow, Kind
from tests.chaos.record import Tally, Told, read_record
from tests.fakes.patience import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from tests.chaos.contestants import Contestant
    from tests.chaos.halls import Halls
    from tests.chaos.plan import Sizes
    from tests.chaos.small_disk import SmallDisk

BACK_S = 1.0
"""A process that ended by itself is started again after this time, as systemd would."""


class Floor:
    """A broker, ingest processes and stations.

    done: what was done, by kind. deaths: processes that ended without being told to, by name.
    """

    def __init__(
        self, folder: Path, contestant: Contestant, sizes: Sizes, halls: Halls, disks: Sequence[SmallDisk]
    ) -> None:
        self._folder, self._contestant, self._sizes = folder, contestant, sizes
        self._halls, self._disks = halls, disks
        self._port = free_port()
        self.broker = Killable("broker", Command((_mosquitto(), "-c", str(self._broker_file()))), folder)
        ingest = contestant.ingest("127.0.0.1", self._port)
        self.workers = [Killable(f"ingest-{n}", command, folder) for n, command in enumerate(ingest)]
        self.stations = [Killable(_name(n), self._station(n), folder) for n in range(sizes.stations)]
        self.done: Counter[Kind] = Counter()
        self.deaths: Counter[str] = Counter()
        self._tallies = [Tally(self._record(n)) for n in range(sizes.stations)]
        self._later: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._held: set[tuple[Kind, int]] = set()

    def __enter__(self) -> Floor:  # noqa: PYI034 - Self is not in Python 3.10
        for process in self._all():
            process.start()
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._all():
            process.kill()

    def settled(self) -> int:
        """Alerts that were promised or refused so far."""
        return sum(tally.look() for tally in self._tallies)

    def told(self) -> dict[str, Told]:
        """The records of all stations."""
        return {_name(n): read_record(self._record(n)) for n in range(self._sizes.stations)}

    def do(self, blow: Blow) -> bool:
        """Do it, if that is possible just now."""
        deed = {Kind.CUT: self._cut, Kind.FILL: self._fill, Kind.BACKUP: self._back_up, Kind.RESTORE: self._restore}
        is_done = self._kill(blow) if blow.kind in KILLS else deed[blow.kind](blow)
        self.done[blow.kind] += is_done
        return is_done

    def tick(self) -> None:
        """Undo what has lasted long enough, and start again what ended by itself."""
        now_s = time.monotonic()
        while self._later and self._later[0][0] <= now_s:
            heapq.heappop(self._later)[2]()
        for process in self._all():
            if process.is_wanted and not process.is_up:
                self.deaths[process.name] += 1
                process.is_wanted = False
                self._after(BACK_S, process.start)

    def undo_all(self) -> None:
        """Everything runs, every link is whole, every disk has room."""
        while self._later:
            heapq.heappop(self._later)[2]()

    def stop(self) -> list[str]:
        """End the stations cleanly, and kill the ingest once more: the database alone counts. Says who did not end."""
        codes = {station.name: station.stop() for station in self.stations}
        for worker in self.workers:
            worker.kill()
        return [f"{name} ended with code {code}" for name, code in codes.items() if code]

    def _kill(self, blow: Blow) -> bool:
        groups = {
            Kind.KILL_BROKER: [self.broker],
            Kind.KILL_WORKER: self.workers,
            Kind.KILL_STATION: self.stations,
        }
        process = groups[blow.kind][blow.target % len(groups[blow.kind])]
        if not process.is_up:
            return False
        process.kill()
        self._after(blow.lasts_s, process.start)
        return True

    def _cut(self, blow: Blow) -> bool:
        return self._hold(Kind.CUT, blow.target, blow.lasts_s, self._halls.cut, self._halls.mend)

    def _fill(self, blow: Blow) -> bool:
        """A full disk is felt when the spool must grow, so the station is cut off as well."""
        disk = self._disks[blow.target]
        if len(self._halls):
            self._hold(Kind.CUT, self._halls.of(blow.target), blow.lasts_s, self._halls.cut, self._halls.mend)
        return self._hold(Kind.FILL, blow.target, blow.lasts_s, lambda _: disk.fill(), lambda _: disk.free())

    def _hold(
        self, kind: Kind, target: int, lasts_s: float, begin: Callable[[int], None], end: Callable[[int], None]
    ) -> bool:
        if (kind, target) in self._held:
            return False
        self._held.add((kind, target))
        begin(target)

        def undo() -> None:
            self._held.discard((kind, target))
            end(target)

        self._after(lasts_s, undo)
        return True

    def _back_up(self, blow: Blow) -> bool:
        del blow
        self._contestant.backup()
        return True

    def _restore(self, blow: Blow) -> bool:
        for worker in self.workers:
            worker.kill()
        self._contestant.restore()
        for worker in self.workers:
            self._after(blow.lasts_s, worker.start)
        return True

    def _after(self, seconds: float, deed: Callable[[], None]) -> None:
        heapq.heappush(self._later, (time.monotonic() + seconds, next(self._order), deed))

    def _all(self) -> list[Killable]:
        return [self.broker, *self.workers, *self.stations]

    def _broker_file(self) -> Path:
        path = self._folder / "broker.conf"
        listener = f"listener {self._port} {'0.0.0.0' if len(self._halls) else '127.0.0.1'}\nallow_anonymous true\n"  # noqa: S104 - halls are networks of their own
        path.write_text(listener + self._contestant.broker_lines())
        return path

    def _station(self, number: int) -> Command:
        small = number < len(self._disks)
        home = self._disks[number].folder if small else self._folder
        numbers = {
            "name": _name(number),
            "host": self._halls.host_for(number),
            "port": self._port,
            "record": self._record(number),
            "alerts": -(-self._sizes.alerts // self._sizes.stations),
            "rate": self._sizes.rate / self._sizes.stations,
        }
        options = [word for name, value in numbers.items() for word in (f"--{name}", str(value))]
        command = self._contestant.station(home / f"{_name(number)}.spool", small=small)
        return Command((*self._halls.entering(number), *command.words, *options))

    def _record(self, number: int) -> Path:
        return self._folder / f"{_name(number)}.record"


def _name(number: int) -> str:
    return f"station-{number + 1}"


def _mosquitto() -> str:
    found = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
    assert found is not None, "wanted mosquitto, found none: install it"
    return found
