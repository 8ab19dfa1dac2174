from __future__ import annotations

from edge_runtime.trigger.announcement import Announcement
from edge_runtime.trigger.given_names import GivenNames
from edge_runtime.trigger.part_names import CodeShelf, PartNames

S = 1_000_000_000


def test_without_an_id_a_part_has_a_number() -> None:
    names = PartNames()
    assert [names.name(Announcement(1, "ignored")) for _ in range(2)] == ["000001", "000002"]


def test_an_id_of_the_trigger_is_the_name_and_its_absence_cannot_be_mistaken_for_one() -> None:
    names = PartNames(by_trigger=True)
    assert [names.name(Announcement(1, part)) for part in ("7", None, "8")] == ["7", "no-id-000002", "8"]


def test_no_name_is_given_twice() -> None:
    names = PartNames(by_trigger=True)
    assert [names.name(Announcement(1, "EAN")) for _ in range(3)] == ["EAN", "EAN~2", "EAN~3"]


def test_an_id_like_one_of_our_own_names_is_not_mistaken_for_it() -> None:
    names = PartNames(by_trigger=True)
    given = [names.name(Announcement(1, part)) for part in ("no-id-000002", None, "unheard-000004")]
    assert [*given, names.unheard()] == ["id-no-id-000002", "no-id-000002", "id-unheard-000004", "unheard-000004"]


def test_names_that_are_kept_go_on_where_the_point_was_stopped() -> None:
    kept = GivenNames()
    before = PartNames(by_trigger=True, given=kept)
    told = [before.name(Announcement(1, "EAN")), before.unheard(), before.unseen()]
    after = PartNames(by_trigger=True, given=kept)
    told += [after.name(Announcement(1, "EAN")), after.unheard(), after.unseen()]
    assert len(set(told)) == len(told)


def test_the_newest_code_before_the_trigger_names_the_part() -> None:
    shelf = CodeShelf(5.0)
    names = PartNames(shelf)
    for at_s, code in ((1, "old"), (2, "mine"), (9, "next")):
        shelf.put(Announcement(at_s * S, code))
    assert [names.name(Announcement(at_s * S)) for at_s in (3, 4, 10)] == ["mine", "no-code-000002", "next"]


def test_a_code_that_is_too_old_belongs_to_a_part_that_is_gone() -> None:
    shelf = CodeShelf(5.0)
    shelf.put(Announcement(1 * S, "old"))
    assert shelf.take(6 * S + 1) is None
    assert shelf.take(6 * S) is None
