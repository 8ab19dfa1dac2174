"""What was offered against what is stored, id for id, and every loss against the loss ledger. Pure.

A loss is in the ledger when its place stands in a gap and the cause that the gap names is what was really done: `shed`
by a spool that was full, or acknowledged, freed and then thrown away with the database that held it. A gap that names
more places than that is an error too: the count must be exact.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from edge_contracts.gap import GapReason
from tests.chaos.record import part_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tests.chaos.record import Told

Place = tuple[str, str, int]
"""Station, epoch, sequence."""


@dataclass(frozen=True, slots=True)
class Row:
    """A stored alert."""

    station: str
    epoch: str
    seq: int
    event_id: str
    part: str

    @property
    def place(self) -> Place:
        return self.station, self.epoch, self.seq


@dataclass(frozen=True, slots=True)
class GapRange:
    """Places that a station said will never come."""

    station: str
    epoch: str
    first: int
    last: int
    why: GapReason

    @property
    def places(self) -> set[Place]:
        return {(self.station, self.epoch, seq) for seq in range(self.first, self.last + 1)}


@dataclass(frozen=True, slots=True)
class Found:
    """What a store says. places: of alerts and of everything else that has one. refused: messages in quarantine."""

    rows: tuple[Row, ...]
    ranges: tuple[GapRange, ...] = ()
    places: frozenset[Place] = frozenset()
    refused: int = 0


@dataclass(frozen=True, slots=True)
class Reckoning:
    """The end of a run.

    offered: alerts that were promised (their append returned) or refused in words, and those of a killed station that
    are stored all the same. lost: those of them that are not stored. ledger: how many of the lost stand in the loss
    ledger, by cause. in_hand, in_hand_stored: alerts that a kill caught before anything was promised of them.
    troubles: whatever breaks a promise, in words.
    """

    offered: int
    stored: int
    lost: int
    duplicates: int
    in_hand: int = 0
    in_hand_stored: int = 0
    ledger: Mapping[str, int] = field(default_factory=dict)
    troubles: tuple[str, ...] = ()

    @property
    def unexplained(self) -> int:
        return self.lost - sum(self.ledger.values())

    def sentence(self) -> str:
        """The ledger line."""
        line = f"offered {self.offered}, stored {self.stored}, lost {self.lost}, duplicates {self.duplicates}"
        if not self.lost:
            return line
        causes = ", ".join(f"{why} {count}" for why, count in self.ledger.items() if count)
        return f"{line}; of the lost {sum(self.ledger.values())} in the loss ledger" + (
            f" ({causes})" if causes else ""
        )


def reckon(
    told: Mapping[str, Told], found: Found, thrown: Iterable[Place] = (), shed_before: Iterable[Place] = ()
) -> Reckoning:
    """The reckoning of stations with a spool.

    Args:
        told: each station's record.
        found: what the manager's store holds.
        thrown: places that were in a database which was replaced by an older backup.
        shed_before: places that stood as shed in the ledger of such a database; the station has freed that gap, and
            tells them again as freed.
    """
    stored = {row.part for row in found.rows}
    duplicates = _duplicates(found.rows)
    gaps = _Gaps(found, frozenset(thrown), frozenset(shed_before))
    troubles = [*_strangers(told, found.rows), *_disorder(found.rows), *gaps.excess()]
    if found.refused:
        troubles.append(f"{found.refused} messages in quarantine")
    offered = lost = in_hand = in_hand_stored = 0
    ledger: Counter[str] = Counter()
    for station, one in told.items():
        caught = {number for number in one.in_hand if part_of(station, number) in stored}
        absent = [p for n, p in one.promised.items() if part_of(station, n) not in stored]
        causes = Counter(why for p in absent if (why := gaps.cause((station, p.epoch, p.seq))))
        placed = gaps.shed_places(station) - causes[GapReason.SHED]
        causes[GapReason.SHED] += min(placed, len(one.refused))
        if placed > len(one.refused) + len(one.in_hand - caught):
            troubles.append(f"{station}: {placed} more places told as shed than {len(one.refused)} that were refused")
        offered += one.settled + len(caught)
        lost += len(absent) + len(one.refused)
        in_hand += len(one.in_hand)
        in_hand_stored += len(caught)
        ledger.update({why.value: count for why, count in causes.items()})
    if lost > sum(ledger.values()):
        troubles.append(f"{lost - sum(ledger.values())} alerts are lost and stand in no ledger")
    if duplicates:
        troubles.append(f"{duplicates} rows too many")
    return Reckoning(
        offered,
        offered - lost,
        lost,
        duplicates,
        in_hand,
        in_hand_stored,
        dict(sorted(ledger.items())),
        tuple(troubles),
    )


def reckon_plain(told: Mapping[str, Told], parts: Iterable[str]) -> Reckoning:
    """The reckoning where nobody keeps a ledger: what was handed over for publishing, and what is stored."""
    counts = Counter(parts)
    stored = {part_of(station, number) for station, one in told.items() for number in one.offered} & counts.keys()
    offered = stored | {part_of(station, number) for station, one in told.items() for number in one.handed}
    return Reckoning(len(offered), len(stored), len(offered) - len(stored), sum(counts.values()) - len(counts))


class _Gaps:
    """The gaps of a store, and what they may tell of."""

    def __init__(self, found: Found, thrown: frozenset[Place], shed_before: frozenset[Place]) -> None:
        self._thrown = thrown
        self._absent: defaultdict[GapReason, set[Place]] = defaultdict(set)
        for piece in found.ranges:
            self._absent[piece.why] |= piece.places - found.places
        self._absent[GapReason.SHED] |= self._absent[GapReason.FREED] & shed_before
        self._absent[GapReason.FREED] -= self._absent[GapReason.SHED]

    def cause(self, place: Place) -> GapReason | None:
        """The cause that the ledger names, if it is true."""
        if place in self._absent[GapReason.SHED]:
            return GapReason.SHED
        if place in self._absent[GapReason.FREED] and place in self._thrown:
            return GapReason.FREED
        return None

    def shed_places(self, station: str) -> int:
        return sum(place[0] == station for place in self._absent[GapReason.SHED])

    def excess(self) -> list[str]:
        """Places that a ledger must not name."""
        never_stored = len(self._absent[GapReason.FREED] - self._thrown)
        damaged = len(self._absent[GapReason.DAMAGED])
        told = (
            [f"{never_stored} places told as stored once, and no replaced database held them"] if never_stored else []
        )
        return [*told, f"{damaged} places told as damaged, and nothing was"] if damaged else told


def _duplicates(rows: tuple[Row, ...]) -> int:
    """Rows beyond one for a part, an id or a place, whichever are more."""
    return max(len(rows) - len({key(row) for row in rows}) for key in (_part, _id, _place))


def _part(row: Row) -> object:
    return row.part


def _id(row: Row) -> object:
    return row.event_id


def _place(row: Row) -> object:
    return row.place


def _strangers(told: Mapping[str, Told], rows: tuple[Row, ...]) -> list[str]:
    """Rows that nobody offered, or with another place or id than the receipt said."""
    receipts = {
        part_of(station, number): (station, p.epoch, p.seq, p.event_id)
        for station, one in told.items()
        for number, p in one.promised.items()
    }
    in_hand = {part_of(station, number) for station, one in told.items() for number in one.in_hand}
    wrong = [
        row.part
        for row in rows
        if receipts.get(row.part, None if row.part in in_hand else ()) not in {None, (*row.place, row.event_id)}
    ]
    return [f"{len(wrong)} rows are not what was offered: {', '.join(wrong[:5])}"] if wrong else []


def _disorder(rows: tuple[Row, ...]) -> list[str]:
    """Whether sequences say in which order alerts were offered, in each life of each spool."""
    numbers: defaultdict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
    for row in rows:
        numbers[row.station, row.epoch].append((row.seq, int(row.part.rpartition("-")[2])))
    wrong = sum(
        later[1] <= earlier[1]
        for lives in numbers.values()
        for earlier, later in zip(sorted(lives)[:-1], sorted(lives)[1:], strict=True)
    )
    return [f"{wrong} alerts have a sequence below that of one which was offered before"] if wrong else []
