"""The rule book of the spool, without any I/O: what is shed first, what a row costs, which acknowledgements count."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import TYPE_CHECKING, Final

from edge_contracts.gap import MAX_RANGES, SeqRange

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from edge_contracts.ack import Ack

PAGE_BYTES: Final = 4096
"""The page size that every spool is created with."""
FRAME_BYTES: Final = PAGE_BYTES + 24
"""A page in the write-ahead log, with its header."""
ROW_OVERHEAD_BYTES: Final = 96
"""Columns and cell header of one row beside its body, and its share of inner pages; measured, see tests."""
FIXED_PAGES: Final = 24
"""Schema, life and, of each class, a root and half-empty pages at both ends; with those that stand in the log, too."""
SHED_SHARE: Final = 0.05
"""Shedding frees at least this share of the budget, so that not every append sheds and writes a gap."""
SHED_MOST_BYTES: Final = 256 << 10
"""… and at most this much more than is needed, so that one transaction stays small in the write-ahead log."""

GAPS_SHARE: Final = 0.25
"""Gap records take at most about this share of the budget; beyond it they are folded into fewer."""


class RowClass(IntEnum):
    """What a row is worth; the lowest is shed first, `KEPT` (gaps) never."""

    STATISTICS = 0
    UNKNOWN = 1
    DEFECT = 2
    KEPT = 3


@dataclass(frozen=True, slots=True)
class SpoolLimits:
    """How much disk the spool may use.

    max_bytes: database, write-ahead log and reserve together.
    reserve_bytes: held back in a file of its own, given up when the disk is full; at most a quarter of `max_bytes`.
    """

    max_bytes: int = 256 << 20
    reserve_bytes: int = 4 << 20

    @property
    def reserve(self) -> int:
        """Bytes of the reserve file."""
        return min(self.reserve_bytes, self.max_bytes // 4)

    @property
    def log_pages(self) -> int:
        """Pages of write-ahead log after which it is folded back into the database."""
        return max(16, min(256, self.max_bytes // 16 // PAGE_BYTES))

    @property
    def rows_budget(self) -> int:
        """Bytes that rows may be charged for.

        A transaction may write `log_pages` pages more than there were, in the log and, until it has shed, in the
        database.
        """
        return self.max_bytes - self.reserve - (3 * self.log_pages + FIXED_PAGES) * FRAME_BYTES

    @property
    def gaps_budget(self) -> int:
        """Bytes of gap records beyond which they are folded."""
        return int(self.rows_budget * GAPS_SHARE)

    @property
    def batch_rows(self) -> int:
        """Rows that one transaction may add or free; each may take two pages."""
        return self.log_pages // 2

    def to_free(self, used_bytes: int) -> int:
        """Bytes to shed when rows are charged with `used_bytes`; 0 while they fit."""
        over = used_bytes - self.rows_budget
        return 0 if over <= 0 else over + min(int(self.rows_budget * SHED_SHARE), SHED_MOST_BYTES)


def charge(body_bytes: int) -> int:
    """Bytes of disk that a row is charged with: its share of a page, since a page holds whole rows only."""
    size = body_bytes + ROW_OVERHEAD_BYTES
    per_page = PAGE_BYTES // size
    return PAGE_BYTES // per_page if per_page else -(-size // PAGE_BYTES) * PAGE_BYTES


@dataclass(frozen=True, slots=True)
class Victim:
    """A row that may be shed."""

    seq: int
    charge: int
    row_class: int = RowClass.DEFECT


def choose_victims(candidates: Iterable[Victim], need_bytes: int) -> list[Victim]:
    """The first candidates that together free `need_bytes`; all of them when that is not enough.

    Args:
        candidates: rows in shedding order: by class, then oldest first. Consumed only as far as needed.
        need_bytes: how much must go.
    """
    chosen: list[Victim] = []
    freed = 0
    for victim in candidates:
        if freed >= need_bytes:
            break
        chosen.append(victim)
        freed += victim.charge
    return chosen


def as_ranges(seqs: Iterable[int]) -> tuple[SeqRange, ...]:
    """The fewest inclusive ranges that cover exactly these sequences."""
    return tuple(runs(sorted(set(seqs))))


def runs(ascending: Iterable[int]) -> Iterator[SeqRange]:
    """The same of sequences that ascend, one by one."""
    first = last = 0
    for seq in ascending:
        if last and seq == last + 1:
            last = seq
            continue
        if last:
            yield SeqRange(first=first, last=last)
        first = last = seq
    if last:
        yield SeqRange(first=first, last=last)


def merged(ranges: Iterable[SeqRange]) -> tuple[SeqRange, ...]:
    """The fewest inclusive ranges that cover exactly what these ranges cover."""
    out: list[SeqRange] = []
    for piece in sorted(ranges, key=lambda r: r.first):
        if out and piece.first <= out[-1].last + 1:
            out[-1] = SeqRange(first=out[-1].first, last=max(out[-1].last, piece.last))
        else:
            out.append(piece)
    return tuple(out)


def holes_between(floor: int, top: int, told: Iterable[SeqRange]) -> list[SeqRange]:
    """What lies above `floor`, up to and with `top`, and in none of the merged ranges."""
    holes: list[SeqRange] = []
    at = floor + 1
    for piece in told:
        if piece.first > at:
            holes.append(SeqRange(first=at, last=min(piece.first - 1, top)))
        at = max(at, piece.last + 1)
    return [*holes, SeqRange(first=at, last=top)] if at <= top else holes


def in_gaps(ranges: Sequence[SeqRange]) -> list[tuple[SeqRange, ...]]:
    """The ranges in portions that one gap record may carry."""
    return [tuple(ranges[i : i + MAX_RANGES]) for i in range(0, len(ranges), MAX_RANGES)]


class AckVerdict(str, Enum):
    """What an acknowledgement means to this spool."""

    FREES = "frees"
    NOTHING_NEW = "nothing-new"
    ASKS_FOR_FREED = "asks-for-freed"
    OTHER_EPOCH = "other-epoch"
    BEYOND_SENT = "beyond-sent"


def judge_ack(ack: Ack, *, epoch: str, freed_through: int, sent_through: int) -> AckVerdict:
    """Whether an acknowledgement frees rows.

    Args:
        ack: what the manager said.
        epoch: of the spool.
        freed_through: highest sequence that is already freed.
        sent_through: highest sequence that can have been on the wire.
    """
    if ack.epoch != epoch:
        return AckVerdict.OTHER_EPOCH
    if ack.seq > sent_through:
        return AckVerdict.BEYOND_SENT
    if ack.seq < freed_through:
        return AckVerdict.ASKS_FOR_FREED
    return AckVerdict.NOTHING_NEW if ack.seq == freed_through else AckVerdict.FREES


class FreedAnswer:
    """When to tell a manager that lost its memory that old rows are freed.

    One low acknowledgement may only be late, so it takes a second, `settle_ms` later, with no higher one between.
    The answer is given once per request, again after `repeat_ms`.
    """

    def __init__(self, settle_ms: int = 1_000, repeat_ms: int = 300_000) -> None:
        self._settle_ms = settle_ms
        self._repeat_ms = repeat_ms
        self._asked: tuple[int, int] | None = None
        self._answered: tuple[int, int] | None = None

    def higher_seen(self) -> None:
        """An acknowledgement at or above the freed floor came: the manager's memory is whole."""
        self._asked = self._answered = None

    def is_due(self, seq: int, mono_ms: int) -> bool:
        """Whether the low acknowledgement `seq`, heard at `mono_ms`, is to be answered by a gap now."""
        if self._answered and self._answered[0] == seq and mono_ms - self._answered[1] < self._repeat_ms:
            return False
        if self._asked is None or self._asked[0] != seq:
            self._asked = (seq, mono_ms)
            return False
        if mono_ms - self._asked[1] < self._settle_ms:
            return False
        self._asked, self._answered = None, (seq, mono_ms)
        return True
