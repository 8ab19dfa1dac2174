from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_contracts.errors import BadInputError
from fleet_manager.people.audit_chain import ORIGIN, Entry, Head, Result, first_break

FIELDS = ("at_ms", "kind", "name", "action", "object", "site", "result", "detail", "former", "seq")


def chain(length):
    former, kept = ORIGIN, []
    for seq in range(1, length + 1):
        entry = Entry(seq, seq * 10, "person", "anna", "log in", "account:anna", "*", Result.DONE.value, "", former)
        former = entry.digest()
        kept.append((entry, former))
    return kept


def head_of(kept):
    return Head(kept[-1][0].seq, kept[-1][1]) if kept else Head()


def rewritten(kept, at, **changes):
    """What somebody makes who changes an entry and computes all later digests anew."""
    out, former = kept[:at], kept[at - 1][1] if at else ORIGIN
    for index, (old, _) in enumerate(kept[at:], at):
        entry = replace(old, former=former, **(changes if index == at else {}))
        former = entry.digest()
        out.append((entry, former))
    return out


@pytest.mark.parametrize("length", [0, 1, 7])
def test_a_chain_that_nobody_touched_holds(length):
    kept = chain(length)
    for known in [None, Head(), *(Head(entry.seq, digest) for entry, digest in kept)]:
        assert first_break(kept, head_of(kept), known) is None


@pytest.mark.parametrize("field", FIELDS)
def test_a_changed_field_breaks_the_chain_at_its_entry(field):
    kept = chain(5)
    entry, digest = kept[2]
    kept[2] = (replace(entry, **{field: 99 if field in {"at_ms", "seq"} else "mallory"}), digest)
    assert first_break(kept, head_of(kept)).seq == 3


@given(st.data(), st.integers(2, 8))
def test_the_first_missing_entry_is_named(data, length):
    kept = chain(length)
    at = data.draw(st.integers(0, length - 2))
    assert first_break(kept[:at] + kept[at + 1 :], head_of(kept)).seq == at + 1


@given(st.data(), st.integers(2, 8))
def test_entries_that_change_places_break_the_chain(data, length):
    kept = chain(length)
    one, other = sorted(data.draw(st.lists(st.integers(0, length - 1), min_size=2, max_size=2, unique=True)))
    kept[one], kept[other] = kept[other], kept[one]
    assert first_break(kept, head_of(chain(length))).seq == one + 1


@given(st.data(), st.integers(1, 8))
def test_a_cut_off_tail_is_noticed_by_the_head(data, length):
    kept = chain(length)
    left = data.draw(st.integers(0, length - 1))
    found = first_break(kept[:left], head_of(kept))
    assert (found.seq, "missing" in found.why) == (left + 1, True)


@given(st.data(), st.integers(1, 8))
def test_a_tail_that_was_cut_off_with_its_head_is_noticed_by_an_exported_one(data, length):
    kept = chain(length)
    short = kept[: data.draw(st.integers(0, length - 1))]
    assert first_break(short, head_of(short)) is None
    assert first_break(short, head_of(short), head_of(kept)).seq == len(short) + 1


@given(st.data(), st.integers(1, 8))
def test_a_log_that_was_computed_anew_is_noticed_by_an_exported_head(data, length):
    kept = chain(length)
    at = data.draw(st.integers(0, length - 1))
    forged = rewritten(kept, at, name="mallory")
    assert first_break(forged, head_of(forged)) is None
    assert first_break(forged, head_of(forged), head_of(kept)).seq == length
    assert first_break(forged, head_of(kept)).seq == length


def test_an_entry_that_was_replaced_with_its_digest_does_not_fit_the_next():
    kept = chain(4)
    entry = replace(kept[1][0], name="mallory")
    kept[1] = (entry, entry.digest())
    found = first_break(kept, head_of(kept))
    assert (found.seq, found.why) == (3, "does not follow entry 2: one of the two was replaced")


def test_an_entry_beyond_the_head_is_noticed():
    kept = chain(3)
    assert "beyond the log's head" in first_break(kept, head_of(kept[:2])).why


def test_the_canonical_form_is_this_for_ever():
    entry = Entry(
        1, 1_700_000_000_000, "person", "anna", "log in", "account:anna", "*", "done", "von zu Hause: ü", ORIGIN
    )
    text = (
        '{"action":"log in","at_ms":1700000000000,"detail":"von zu Hause: ü","former":"'
        + "0" * 64
        + '","kind":"person"'
        ',"name":"anna","object":"account:anna","result":"done","seq":1,"site":"*"}'
    )
    assert entry.canonical() == text.encode()
    assert entry.digest() == "d5077064c68b26a1b406e7c1e6c160df02ba57da0b280303a75a303ca4bc988c"


def test_what_a_column_cannot_hold_has_a_digest_that_fits_nothing():
    entry, digest = chain(1)[0]
    assert first_break([(replace(entry, detail=b"\x00"), digest)], Head(1, digest)).seq == 1


def test_a_head_is_read_as_it_was_written():
    head = head_of(chain(3))
    assert Head.from_text(f" {head}\n") == head


@pytest.mark.parametrize(
    "text", ["", "3", "3 abc", f"-1 {ORIGIN}", f"3 {ORIGIN} 4", f"3 {'A' * 64}", f"{'9' * 19} {ORIGIN}"]
)
def test_what_is_no_head_is_refused(text):
    with pytest.raises(BadInputError, match="head of the audit log"):
        Head.from_text(text)


@pytest.mark.parametrize("text", ["\0", "\ud800", "x" * 8_001, "\x1b[2J"])
def test_what_no_database_keeps_is_no_entry(text):
    with pytest.raises(BadInputError, match="audit log"):
        replace(chain(1)[0][0], detail=text).check()
