"""The lessons of a point: who may teach what, for which bundle, and what happens when the file is lost."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import pytest

from edge_contracts.bundle import read_bundle
from edge_contracts.errors import BadInputError
from edge_runtime.audit_file import AuditFile
from edge_runtime.lessons.lesson import Kind
from edge_runtime.lessons.lesson_file import LessonFile
from edge_runtime.lessons.lessons import Lessons, Teachable, teachable
from edge_runtime.state_folder import MediumRefused
from tests.edge_runtime.lessons.lessons_made import DIGEST, good_rows, impression, known
from tests.fakes.models import BundleRecipe, write_brightness_bundle

if TYPE_CHECKING:
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

    def start(self, digest: str = DIGEST) -> Lessons:
        audit = AuditFile(self.folder / "audit.jsonl", lambda: datetime.now(timezone.utc))
        bundle = Teachable(digest, known(), 0.3)
        made = Lessons(
            "gate", bundle, LessonFile(self.path), audit, lambda: datetime.now(timezone.utc), self.alarms.append
        )
        made.tell(lambda head, _comparison: self.used.append(head))
        return made

    def audited(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / "audit.jsonl").read_text().splitlines()]


@pytest.fixture
def point(tmp_path: Path) -> Point:
    return Point(tmp_path)


def teach(lessons: Lessons, kind: Kind = Kind.DEFECTIVE, score: float = 0.5) -> int:
    return lessons.teach(kind, "42", impression(ROW, score), b"jpeg", "Anna", "10.0.0.7").number


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
    teach(other)
    assert other.head.count == 1
    assert point.start().head.count == 1


def test_damaged_lessons_leave_the_bundle_alone_in_force_and_are_an_alarm_until_begun_anew(point: Point) -> None:
    teach(point.start())
    point.path.write_bytes(b"nothing of the kind" * 300)
    lessons = point.start()
    assert (lessons.head, lessons.is_damaged) == (None, True)
    assert "the bundle judges without them" in point.alarms[-1]
    with pytest.raises(BadInputError, match="the bundle judges without them"):
        teach(lessons)
    lessons.begin_anew("Anna", "10.0.0.7")
    assert (point.alarms[-1], lessons.notice) == (None, "")
    teach(lessons)
    assert point.start().head.count == 1
    with pytest.raises(BadInputError, match="found a sound one"):
        lessons.begin_anew("Anna", "10.0.0.7")


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
