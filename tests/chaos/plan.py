"""What is done to whom, and when: drawn from a seed, so that a run can be had again.

When is a share of the alerts that are settled, not a time: a slow machine gets the same blows at the same places. The
last backup is put back when all alerts are through and the stations have nothing to say any more.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import Enum

BROKER_SHARE, WORKER_SHARE = 0.1, 0.25
"""Of the kills; the rest are the stations'."""
FIRST, LAST = 0.02, 0.96
BACKUP_AGE = 0.02


class Kind(str, Enum):
    """What can be done."""

    KILL_BROKER = "kill broker"
    KILL_WORKER = "kill ingest"
    KILL_STATION = "kill station"
    CUT = "cut link"
    FILL = "fill disk"
    BACKUP = "back up"
    RESTORE = "restore older backup"


KILLS = (Kind.KILL_BROKER, Kind.KILL_WORKER, Kind.KILL_STATION)


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much of everything.

    alerts: of all stations together. rate: alerts per second, of all together. kills: of all kinds together. fills: of
    the small disks, in turn, each for fill_s; a kill belongs to each. restores: of the manager's database from a backup
    that is older. patience_s: how long the calm at the end may go on without anything new.
    """

    alerts: int = 100_000
    stations: int = 20
    workers: int = 2
    rate: float = 400.0
    kills: int = 210
    halls: int = 4
    cuts: int = 24
    small_disks: int = 2
    fills: int = 4
    fill_s: float = 12.0
    restores: int = 2
    patience_s: float = 120.0


@dataclass(frozen=True, slots=True)
class Blow:
    """One deed. at: share of the alerts that are settled by then. lasts_s: until it is undone."""

    at: float
    kind: Kind
    target: int
    lasts_s: float


def plan(sizes: Sizes, seed: int) -> list[Blow]:
    """The blows of a run in their order."""
    draw = random.Random(seed)
    blows = _kills(sizes, draw)
    blows += [
        Blow(draw.uniform(FIRST, LAST), Kind.CUT, draw.randrange(sizes.halls), draw.uniform(0.5, 6.0))
        for _ in range(sizes.cuts)
    ]
    for number in range(sizes.fills):
        blows += _fill(sizes, number, draw)
    for number in range(1, sizes.restores + 1):
        at = 1.0 if number == sizes.restores else (number - draw.uniform(0.2, 0.6)) / sizes.restores
        blows += [Blow(at - BACKUP_AGE, Kind.BACKUP, 0, 0.0), Blow(at, Kind.RESTORE, 0, draw.uniform(0.2, 2.0))]
    return sorted(blows, key=lambda blow: blow.at)


def _fill(sizes: Sizes, number: int, draw: random.Random) -> list[Blow]:
    """A disk is filled, and while it is full its station is killed."""
    at, disk = (number + draw.uniform(0.3, 0.7)) / (sizes.fills + 1), number % sizes.small_disks
    killed_at = at + 0.7 * sizes.fill_s * sizes.rate / sizes.alerts
    return [Blow(at, Kind.FILL, disk, sizes.fill_s), Blow(min(killed_at, LAST), Kind.KILL_STATION, disk, 0.5)]


def _kills(sizes: Sizes, draw: random.Random) -> list[Blow]:
    brokers, workers = round(sizes.kills * BROKER_SHARE), round(sizes.kills * WORKER_SHARE)
    targets = [(Kind.KILL_BROKER, 0)] * brokers
    targets += [(Kind.KILL_WORKER, draw.randrange(sizes.workers)) for _ in range(workers)]
    stations = sizes.kills - brokers - workers - sizes.fills
    targets += [(Kind.KILL_STATION, draw.randrange(sizes.stations)) for _ in range(stations)]
    return [Blow(draw.uniform(FIRST, LAST), kind, target, draw.uniform(0.02, 2.0)) for kind, target in targets]
