from __future__ import annotations

from edge_runtime.capture.owed_files import PATIENCE_S, OwedFiles
from edge_runtime.frames import Arrival

S = 1_000_000_000
PATIENCE_NS = int(PATIENCE_S * S)


def test_each_part_is_paid_by_one_file() -> None:
    owed = OwedFiles()
    for at_ns in (S, 2 * S):
        owed.owe(at_ns, at_ns + S)
    assert [owed.pays(Arrival(2 * S, 3 * S)) for _ in range(3)] == [True, True, False]


def test_a_file_from_before_a_part_does_not_pay_for_it() -> None:
    owed = OwedFiles()
    owed.owe(2 * S, 3 * S)
    assert not owed.pays(Arrival(S - 1, S))
    assert owed.pays(Arrival(S, 2 * S))


def test_a_file_that_a_look_in_time_did_not_find_is_owed_no_more() -> None:
    last_ns = 2 * S + PATIENCE_NS
    for absent_at_ns, is_owed in ((last_ns, True), (last_ns + 1, False)):
        owed = OwedFiles()
        owed.owe(S, 2 * S)
        assert owed.pays(Arrival(absent_at_ns, absent_at_ns + S)) is is_owed


def test_where_nobody_looks_every_file_pays() -> None:
    owed = OwedFiles()
    owed.owe(S, 2 * S)
    assert [owed.pays(None), owed.pays(None)] == [True, False]


def test_a_folder_that_gives_nothing_for_days_fills_no_memory() -> None:
    owed = OwedFiles()
    for at_ns in range(5000):
        owed.owe(at_ns, at_ns)
    assert len(owed) == 1024
