"""Guesses at passwords are slowed down, by account, by address and by both; the counts are in the database.

An attempt is counted as a failure before its password is looked at, and forgiven when it was right: a hundred attempts
at the same moment are a hundred failures, not one. Names that no account has are counted like those of accounts, so
that a delay does not tell which exist.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, select, update

from fleet_manager.people.delay_rule import ACCOUNT, ADDRESS, PAIR, Count, DelayRule
from fleet_manager.people.network_origin import origin_of
from fleet_manager.people.secret_text import digest_of
from fleet_manager.people.tables import known_addresses, log_in_delays
from fleet_manager.store.database import writing
from fleet_manager.store.dialect_insert import insert_into

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection, Engine

KNOWN_FOR_MS: Final = 30 * 86_400_000
"""How long an address is known after a log-in of the account from it."""
_FORGOTTEN_AFTER_MS: Final = 86_400_000
"""No rule's failures take longer to be forgiven: 40 × 15 min."""


@dataclass(frozen=True, slots=True)
class _Held:
    """One count whose row is ours for now: of an account, an address, or a pair of them."""

    subject: str
    rule: DelayRule
    count: Count


class LogInDelay:
    """Counts in the manager's database.

    Args:
        engine: the database, migrated.
        unix_ms: the wall clock.
    """

    def __init__(self, engine: Engine, unix_ms: Callable[[], int]) -> None:
        self._engine, self._unix_ms = engine, unix_ms

    def attempt(self, name: str, address: str) -> int:
        """Count an attempt before it is made; 0 when it may be made, else how many ms to wait first (not counted).

        Raises:
            StoreUnavailable: the database cannot take it.
        """
        now_ms = self._unix_ms()
        self._forget_old(now_ms)
        with writing(self._engine) as con:
            pair = _subject("pair", name, origin_of(address))
            counts = _held(con, _rules(con, pair, name, address), now_ms)
            wait_ms = max(held.count.free_from_ms for held in counts) - now_ms
            if wait_ms > 0:
                return wait_ms
            for held in counts:
                _write(con, held.subject, held.count.failed(now_ms, held.rule))
        return 0

    def was_right(self, name: str, address: str) -> None:
        """Forgive what the attempt was counted for, and know this address from now on.

        All failures of the pair are forgiven; of the address and the account only this one, so that nobody who has an
        account frees an address for guesses at others.

        Raises:
            StoreUnavailable: the database cannot take it.
        """
        now_ms = self._unix_ms()
        pair = _subject("pair", name, origin_of(address))
        with writing(self._engine) as con:
            for held in _held(con, _rules(con, pair, name, address), now_ms):
                _write(con, held.subject, held.count.forgiven(now_ms, held.rule))
            con.execute(delete(log_in_delays).where(log_in_delays.c.subject == pair))
            known = insert_into(con, known_addresses).values(subject=pair, seen_ms=now_ms)
            con.execute(known.on_conflict_do_update(index_elements=["subject"], set_={"seen_ms": now_ms}))

    def _forget_old(self, now_ms: int) -> None:
        """In a transaction of its own that waits for no row, so that it stands in nobody's way."""
        is_old = log_in_delays.c.counted_ms < now_ms - _FORGOTTEN_AFTER_MS
        old = select(log_in_delays.c.subject).where(is_old).with_for_update(skip_locked=True)
        with writing(self._engine) as con:
            con.execute(delete(log_in_delays).where(log_in_delays.c.subject.in_(old)))
            con.execute(delete(known_addresses).where(known_addresses.c.seen_ms < now_ms - KNOWN_FOR_MS))


def _subject(*words: str) -> str:
    """What is counted, as the database knows it: names that people typed are nobody's to read, some are passwords."""
    return digest_of("\0".join(words))


def _rules(con: Connection, pair: str, name: str, address: str) -> dict[str, DelayRule]:
    rules = {pair: PAIR, _subject("address", origin_of(address)): ADDRESS}
    known = con.execute(select(known_addresses.c.seen_ms).where(known_addresses.c.subject == pair)).first()
    return rules if known is not None else rules | {_subject("account", name): ACCOUNT}


def _held(con: Connection, rules: dict[str, DelayRule], now_ms: int) -> list[_Held]:
    """What counts now; the rows are ours until the transaction ends, taken in one order: nobody waits in a circle."""
    fresh = [
        {"subject": subject, "failures": 0, "counted_ms": now_ms, "free_from_ms": now_ms} for subject in sorted(rules)
    ]
    con.execute(insert_into(con, log_in_delays).on_conflict_do_nothing(), fresh)
    query = select(log_in_delays).where(log_in_delays.c.subject.in_(rules))
    rows = con.execute(query.order_by(log_in_delays.c.subject).with_for_update())
    return [
        _Held(row.subject, rule, Count(row.failures, row.counted_ms, row.free_from_ms).at(now_ms, rule))
        for row in rows
        for rule in [rules[row.subject]]
    ]


def _write(con: Connection, subject: str, count: Count) -> None:
    con.execute(update(log_in_delays).where(log_in_delays.c.subject == subject).values(**asdict(count)))
