"""The lessons of a point: who may teach what, for which bundle, and what happens when the file is lost."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from edge_contracts.bundle import read_bundle
from edge_contracts.errors import BadInputError
from edge_runtime.audit_file import AuditFile
from edge_runtime.lessons.lesson import Kind
from edge_runtime.lessons.lesson_file import LessonFile
from edge_runtime.lessons.lessons import Lessons, OtherBundle
from edge_runtime.lessons.lost import LostLessons
from edge_runtime.lessons.teachable import Teachable, teachable
from edge_runtime.lessons.witness import WitnessFile
from edge_runtime.state_folder import MediumRefused
from tests.edge_runtime.lessons.lessons_made import DIGEST, WIDTH, good_rows, impression, known, lesson
from tests.fakes.models import BundleRecipe, write_brightness_bundle

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ROW = good_rows(1, seed=4)[0]


class Point:
    """One point's lessons, opened anew as often as a daemon starts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.alarms: list[str | None] = []
        self.used: list[Any] = []

    @property
    def path(self) -> Path:
        return self.folder / "lessons" / "gate.sqlite"

    @property
    def witness(self) -> Path:
        return self.folder / "taught" / "gate.json"

    def start(self, digest: str = DIGEST) -> Lessons:
        audit = AuditFile(self.folder / "audit.jsonl", lambda: datetime.now(timezone.utc))
        bundle = Teachable(digest, known(), 0.3)
        made = Lessons(
            "gate",
            bundle,
            LessonFile(self.path),
            WitnessFile(self.witness),
            audit,
            lambda: datetime.now(timezone.utc),
            self.alarms.append,
        )
        made.tell(lambda head, _comparison: self.used.append(head))
        return made

    def audited(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / "audit.jsonl").read_text().splitlines()]


@pytest.fixture
def point(tmp_path: Path) -> Point:
    return Point(tmp_path)


def teach(
    lessons: Lessons,
    kind: Kind = Kind.DEFECTIVE,
    score: float = 0.5,
    row: np.ndarray = ROW,
    bundle: str = DIGEST,
) -> int:
    return lessons.teach(kind, "42", impression(row, score, bundle=bundle), b"jpeg", "Anna", "10.0.0.7").number


def test_a_lesson_is_in_force_at_once_and_after_a_restart_and_can_be_taken_back(point: Point) -> None:
    lessons = point.start()
    number = teach(lessons)
    assert [head and (head.count, head.revision) for head in point.used] == [None, (1, 1)]
    again = point.start()
    assert (again.head.count, again.head.revision) == (1, 1)
    again.take_back(number, "Ben", "10.0.0.8")
    assert (again.head, point.used[-1], again.revision) == (None, None, 2)
    assert [(one["what"], one["part"], one["name"]) for one in point.audited()] == [
        ("lesson", "42", "Anna"),
        ("lesson taken back", "42", "Ben"),
    ]


def test_lessons_of_another_bundle_are_kept_and_not_applied(point: Point) -> None:
    teach(point.start())
    other = point.start("ef" * 32)
    assert (other.head, len(other.every)) == (None, 1)
    assert other.notice.startswith("1 lessons were taught for another bundle and are not applied")
    teach(other, bundle="ef" * 32)
    assert other.head.count == 1
    assert point.start().head.count == 1


def garbage(point: Point) -> None:
    point.path.write_bytes(b"nothing of the kind" * 300)


def gone(point: Point) -> None:
    point.path.unlink()


def emptied(point: Point) -> None:
    point.path.write_bytes(b"")


def unreadable(point: Point) -> None:
    point.path.unlink()
    point.path.symlink_to(point.path)


def unlearnable(point: Point) -> None:
    file = LessonFile(point.path)
    file.add(lesson(Kind.DEFECTIVE, impression(np.full(WIDTH, 1e15))), file.read().revision)


def witness_gone_too(point: Point) -> None:
    garbage(point)
    point.witness.unlink()


def witness_unreadable_too(point: Point) -> None:
    point.path.unlink()
    point.witness.write_bytes(b"nothing of the kind")


LOSSES = [garbage, gone, emptied, unreadable, unlearnable, witness_gone_too, witness_unreadable_too]


@pytest.mark.parametrize("lose", LOSSES)
def test_a_lost_defective_lesson_lets_no_part_pass_and_is_an_alarm_until_begun_anew(
    point: Point, lose: Callable[[Point], None]
) -> None:
    teach(point.start())
    lose(point)
    lessons = point.start()
    assert lessons.is_damaged
    assert isinstance(point.used[-1], LostLessons)
    assert "so a part without a defect is unknown until" in str(point.alarms[-1])
    with pytest.raises(BadInputError, match="so a part without a defect is unknown until"):
        teach(lessons)
    lessons.begin_anew("Anna", "10.0.0.7")
    assert (point.used[-1], point.alarms[-1], lessons.notice) == (None, None, "")
    teach(lessons)
    assert point.start().head.count == 1
    with pytest.raises(BadInputError, match="found a sound one"):
        lessons.begin_anew("Anna", "10.0.0.7")


@pytest.mark.parametrize("lose", [garbage, gone, emptied, unreadable])
def test_where_only_good_parts_were_taught_the_bundle_alone_judges(point: Point, lose: Callable[[Point], None]) -> None:
    teach(point.start(), Kind.GOOD)
    lose(point)
    assert (point.start().is_damaged, point.used[-1]) == (True, None)
    assert "the bundle judges without them" in str(point.alarms[-1])


def test_a_defective_lesson_of_another_bundle_makes_nothing_unknown(point: Point) -> None:
    teach(point.start("ef" * 32), bundle="ef" * 32)
    gone(point)
    assert (point.start().is_damaged, point.used[-1]) == (True, None)


def test_an_older_copy_of_the_file_is_noticed(point: Point) -> None:
    lessons = point.start()
    number = teach(lessons)
    old = point.path.read_bytes()
    lessons.take_back(number, "", "")
    point.path.write_bytes(old)
    assert point.start().is_damaged
    assert "1 lessons of revision 1, where 0 of revision 2 were kept" in str(point.alarms[-1])


def test_a_newer_file_that_holds_too_little_is_noticed(point: Point) -> None:
    lessons = point.start()
    teach(lessons)
    teach(lessons)
    gone(point)
    LessonFile(point.path).begin(3, 2)
    assert point.start().is_damaged
    assert "0 lessons of revision 3, where 2 of revision 2 were kept" in str(point.alarms[-1])


def test_a_witness_that_a_power_cut_left_behind_is_noted_anew(point: Point) -> None:
    lessons = point.start()
    teach(lessons)
    behind = point.witness.read_bytes()
    for _ in range(2):
        lessons.take_back(lessons.every[0].number, "", "") if lessons.every else teach(lessons)
        now = point.witness.read_bytes()
        point.witness.write_bytes(behind)
        assert not point.start().is_damaged
        assert point.witness.read_bytes() == now
        behind = now


@pytest.mark.parametrize("content", [None, b"nothing of the kind"])
def test_a_witness_that_is_lost_alone_is_made_anew(point: Point, content: bytes | None) -> None:
    teach(point.start())
    wanted = point.witness.read_bytes()
    if content is None:
        point.witness.unlink()
    else:
        point.witness.write_bytes(content)
    assert (point.start().head.count, point.witness.read_bytes()) == (1, wanted)


def test_lessons_that_go_while_the_daemon_runs_stay_in_force_and_take_no_other(point: Point) -> None:
    lessons = point.start()
    teach(lessons)
    gone(point)
    with pytest.raises(BadInputError, match="no file any more"):
        teach(lessons, row=ROW + 3)
    assert (lessons.is_damaged, lessons.head.count, point.path.exists()) == (True, 1, False)
    assert "stay in force" in str(point.alarms[-1])
    assert "no file any more" in point.audited()[-1]["failed"]


def test_revisions_and_numbers_go_on_when_lessons_are_begun_anew(point: Point) -> None:
    lessons = point.start()
    assert [teach(lessons), teach(lessons)] == [1, 2]
    garbage(point)
    lessons = point.start()
    assert lessons.revision == 2
    lessons.begin_anew("Anna", "10.0.0.7")
    assert (teach(lessons), lessons.revision) == (3, 4)
    assert (point.start().revision, point.start().every[0].number) == (4, 3)


def test_sound_lessons_and_the_end_of_the_point_clear_the_alarm(point: Point) -> None:
    lessons = point.start()
    assert point.alarms == [None]
    teach(lessons)
    gone(point)
    assert point.start().close(1)
    assert point.alarms[-2:][1] is None
    assert point.alarms[-2:][0] is not None


@pytest.mark.parametrize("row", [ROW, np.ones(WIDTH + 3)])
def test_a_part_that_another_bundle_saw_is_refused(point: Point, row: np.ndarray) -> None:
    lessons = point.start()
    with pytest.raises(OtherBundle, match="that another saw"):
        teach(lessons, row=row, bundle="ef" * 32)
    with pytest.raises(OtherBundle, match="that another saw"):
        lessons.alike(impression(row, bundle="ef" * 32), 2)
    assert not point.path.exists()


def test_what_was_asked_of_a_point_that_is_set_up_anew_since_is_not_kept(point: Point) -> None:
    old = point.start()
    teach(old)
    assert old.close(1)
    new = point.start()
    asked: list[Callable[[], object]] = [
        lambda: teach(old),
        lambda: old.take_back(1, "", ""),
        lambda: old.begin_anew("", ""),
    ]
    for ask in asked:
        with pytest.raises(OtherBundle, match="set up anew"):
            ask()
    assert (new.revision, point.start().revision) == (1, 1)


def test_a_part_that_cannot_be_learned_is_refused_before_anything_is_kept(point: Point) -> None:
    lessons = point.start()
    with pytest.raises(BadInputError, match="can be learned"):
        teach(lessons, row=np.full(WIDTH, 1e15))
    assert (lessons.every, lessons.revision, point.path.exists()) == ((), 0, False)


@pytest.mark.parametrize("first", list(Kind))
def test_the_same_part_is_not_taught_as_both(point: Point, first: Kind) -> None:
    lessons = point.start()
    teach(lessons, first)
    other = next(kind for kind in Kind if kind is not first)
    with pytest.raises(BadInputError, match="found lesson 1"):
        teach(lessons, other)
    assert teach(lessons, other, row=ROW + 2) == 2


def test_a_part_far_beyond_the_threshold_cannot_be_taught_as_good(point: Point) -> None:
    lessons = point.start()
    with pytest.raises(BadInputError, match="too unlike good parts"):
        teach(lessons, Kind.GOOD, 2.1)
    assert (lessons.every, point.path.exists()) == ((), False)
    assert teach(lessons, Kind.GOOD, 1.9) == 1


def test_what_the_disk_refuses_is_not_in_force_and_noted_as_refused(
    point: Point, monkeypatch: pytest.MonkeyPatch
) -> None:
    lessons = point.start()

    def refuse(*_: Any) -> int:
        raise MediumRefused("full")

    monkeypatch.setattr(LessonFile, "add", refuse)
    with pytest.raises(MediumRefused):
        teach(lessons)
    assert (lessons.head, lessons.every) == (None, ())
    assert [one.get("failed") for one in point.audited()] == [None, "full"]


def test_a_number_that_is_none_is_refused(point: Point) -> None:
    with pytest.raises(BadInputError, match="found no number 3"):
        point.start().take_back(3, "", "")


@pytest.mark.parametrize("is_teachable", [True, False])
def test_a_bundle_without_features_works_and_says_how_to_get_them(tmp_path: Path, *, is_teachable: bool) -> None:
    write_brightness_bundle(tmp_path / "a.bundle", BundleRecipe(teachable=is_teachable))
    bundle = read_bundle(tmp_path / "a.bundle")
    found = teachable(bundle.manifest, bundle.digest, bundle.members.get, whole=True)
    assert isinstance(found, Teachable) is is_teachable
    if not is_teachable:
        assert str(found).endswith("train again with this version of 'lepton train', and convert")
    assert "tiles" in str(teachable(bundle.manifest, bundle.digest, bundle.members.get, whole=False))
