from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa

from edge_contracts.errors import BadInputError, RefusedError
from fleet_manager.people.audit import AuditLog
from fleet_manager.people.audit_chain import Head
from fleet_manager.people.principal import SYSTEM, Kind, NotAllowed, Principal
from fleet_manager.people.tables import audit_entries, audit_head, known_addresses
from fleet_manager.store.database import writing
from tests.fakes.people import NOON_MS, OPERATOR

ANNA = Principal(Kind.PERSON, "anna", OPERATOR, 1)


@pytest.fixture
def log(fleet_engine):
    return AuditLog(fleet_engine, lambda: NOON_MS)


def write(log, count, site="*"):
    for number in range(count):
        with log.act(ANNA, "acknowledge", f"alert:{number}", site):
            pass


def tamper(log, *statements):
    with writing(log._engine) as con:
        for statement in statements:
            con.execute(statement)


def at_once(jobs):
    threads = [threading.Thread(target=job, name=f"job {number}") for number, job in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()


def mark(con, name):
    con.execute(known_addresses.insert().values(subject=name, seen_ms=0))


def begin_and_fail(con, error):
    mark(con, "half done")
    raise error


def marks(log):
    with log._engine.connect() as con:
        return sorted(con.execute(sa.select(known_addresses.c.subject)).scalars())


def test_an_empty_log_holds(log):
    assert (log.verify().broken, log.head()) == (None, Head())


def test_an_act_says_who_did_what_on_what_and_when(log):
    with log.act(ANNA, "acknowledge", "alert:7", "plant/hall", "two of three") as con:
        mark(con, "done")
    (entry,) = log.page({"*"})
    told = (entry.kind, entry.name, entry.action, entry.object, entry.site, entry.result, entry.detail, entry.at_ms)
    assert told == ("person", "anna", "acknowledge", "alert:7", "plant/hall", "done", "two of three", NOON_MS)
    assert marks(log) == ["done"]


def test_an_act_that_fails_leaves_neither_itself_nor_an_entry(log):
    with pytest.raises(ZeroDivisionError), log.act(ANNA, "divide", "alert:7") as con:
        begin_and_fail(con, ZeroDivisionError())
    assert (marks(log), log.head()) == ([], Head())


def test_what_somebody_may_not_do_is_undone_and_written_down(log):
    with pytest.raises(NotAllowed), log.act(ANNA, "send command", "device:7", "plant/hall") as con:
        begin_and_fail(con, NotAllowed("wanted an engineer, found an operator"))
    (entry,) = log.page({"*"})
    assert (entry.result, entry.detail) == ("refused", "wanted an engineer, found an operator")
    assert marks(log) == []


def test_a_text_that_cannot_be_kept_stops_the_act_before_it_begins(log):
    with pytest.raises(BadInputError), log.act(ANNA, "comment", "alert:7", detail="\0") as con:
        mark(con, "half done")
    assert marks(log) == []


def test_the_log_is_read_from_its_newest_end_in_pages_of_the_sites_that_may_be_seen(log):
    write(log, 3, "plant/hall")
    write(log, 2, "plant/yard")
    assert [entry.seq for entry in log.page({"*"}, limit=2)] == [5, 4]
    assert [entry.seq for entry in log.page({"*"}, below=4)] == [3, 2, 1]
    assert [entry.seq for entry in log.page({"plant/yard"})] == [5, 4]
    assert log.page(frozenset()) == []


def test_entries_of_many_at_once_are_one_chain(log):
    """Each thread has a connection of its own, so that only the database keeps them apart."""
    at_once([lambda: write(log, 10)] * 8)
    assert log.verify().sentence() == f"the audit log holds: 80 entries, head {log.head().digest}"


def test_what_an_act_has_read_no_other_act_changes(log):
    """Eight people each take the one thing that is left."""

    def take():
        with log.act(ANNA, "take", "thing") as con:
            if con.execute(sa.select(known_addresses.c.subject)).first() is None:
                mark(con, "taken")
                taken.append(threading.get_ident())

    taken = []
    at_once([take] * 8)
    assert (len(taken), log.head().seq) == (1, 8)


TAMPERED = {
    "a changed entry": (3, [sa.update(audit_entries).where(audit_entries.c.seq == 3).values(name="mallory")]),
    "a changed result": (3, [sa.update(audit_entries).where(audit_entries.c.seq == 3).values(result="nothing")]),
    "a changed digest": (3, [sa.update(audit_entries).where(audit_entries.c.seq == 3).values(digest="0" * 64)]),
    "a deleted entry": (3, [sa.delete(audit_entries).where(audit_entries.c.seq == 3)]),
    "a deleted beginning": (1, [sa.delete(audit_entries).where(audit_entries.c.seq <= 2)]),
    "a cut-off tail": (4, [sa.delete(audit_entries).where(audit_entries.c.seq >= 4)]),
    "no entry left": (1, [sa.delete(audit_entries)]),
    "two that changed places": (
        2,
        [
            sa.update(audit_entries).where(audit_entries.c.seq == old).values(seq=new)
            for old, new in ((2, 99), (4, 2), (99, 4))
        ],
    ),
    "a head that was put back": (5, [sa.update(audit_head).values(seq=4)]),
    "a head that is gone": (0, [sa.delete(audit_head)]),
}


@pytest.mark.parametrize("what", TAMPERED)
def test_whoever_tampers_is_noticed_at_the_first_broken_entry(log, what):
    write(log, 5)
    seq, statements = TAMPERED[what]
    tamper(log, *statements)
    assert log.verify().broken.seq == seq
    assert f"broken at entry {seq}: " in log.verify().sentence()


def test_a_tail_cut_off_with_its_head_is_noticed_by_a_head_kept_elsewhere(log):
    write(log, 3)
    early = log.head()
    write(log, 2)
    exported = Head.from_text(str(log.head()))
    tamper(
        log,
        sa.delete(audit_entries).where(audit_entries.c.seq > 3),
        sa.update(audit_head).values(seq=early.seq, digest=early.digest),
    )
    assert log.verify().broken is None
    assert log.verify(early).broken is None
    assert log.verify(exported).broken.seq == 4


def test_without_its_head_nothing_is_done_any_more(log):
    tamper(log, sa.delete(audit_head))
    with pytest.raises(RefusedError, match="restore the database"), log.act(SYSTEM, "start", "manager") as con:
        mark(con, "done")
    assert marks(log) == []


def test_the_walk_takes_the_log_in_pieces(log, monkeypatch):
    monkeypatch.setattr("fleet_manager.people.audit._READ_AT_ONCE", 2)
    write(log, 7)
    assert log.verify().head.seq == 7
    assert log.verify().broken is None
