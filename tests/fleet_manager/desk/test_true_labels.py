from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING

import pytest

from edge_contracts.errors import BadInputError
from fleet_manager.desk import true_labels as module
from fleet_manager.desk.handling import change_state
from fleet_manager.desk.life_cycle import AlertState
from fleet_manager.desk.teaching import LeftOut, contradicted_pictures, lessons
from fleet_manager.desk.training_labels import MANIFEST_COLUMNS, evidence_path, json_lines, manifest_lines
from fleet_manager.desk.true_labels import MissedDefect, Said, TrueLabel, report_missed, true_labels
from fleet_manager.store.database import writing
from tests.fakes.desks import NOON_MS, WHERE
from tests.fakes.pictures import picture, write_picture
from training.dataset import read_dataset

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fakes.desks import FakeDesk

NEW, SEEN, TRUE, FALSE, CLOSED = AlertState
SHA = "ab" * 32
SHAS = [f"{number:064x}" for number in range(1, 4)]


def picture_of(sha256: str, kind: str = "image") -> dict[str, object]:
    return {"kind": kind, "sha256": sha256, "media_type": "image/jpeg", "bytes": 1000}


def judge(desk: FakeDesk, number: int, after: AlertState, label: str | None = None, before: AlertState = NEW) -> None:
    with writing(desk.engine) as con:
        change_state(con, number, before, after, "ann", desk.now_ms, label=label)


def labels(desk: FakeDesk, sites: tuple[str, ...] | None = None) -> list[TrueLabel]:
    with desk.engine.connect() as con:
        return list(true_labels(con, sites))


def test_a_judgement_is_a_label_for_training(desk: FakeDesk) -> None:
    dent = desk.store(
        label="dent", part="p-1", model=SHA, evidence=(picture_of(SHAS[0], "heat-map"), picture_of(SHAS[1]))
    )
    judge(desk, dent, TRUE)
    (one,) = labels(desk)
    assert one == TrueLabel(
        1,
        dent,
        "plant/hall",
        WHERE,
        "line-1",
        "p-1",
        Said.CONFIRMED_DEFECT,
        "dent",
        SHAS[1],
        "image/jpeg",
        SHA,
        "ann",
        NOON_MS,
    )


@pytest.mark.parametrize(
    ("said", "after", "named", "label"),
    [
        ("dent", TRUE, None, "dent"),
        (None, TRUE, None, "defect"),
        ("good", TRUE, None, "defect"),
        ("dent", TRUE, "rust", "rust"),
        ("dent", FALSE, None, "good"),
        ("dent", FALSE, "normal", "normal"),
    ],
)
def test_the_label_is_the_persons_else_what_follows_from_the_verdict(
    desk: FakeDesk, said: str | None, after: AlertState, named: str | None, label: str
) -> None:
    judge(desk, desk.store(label=said), after, named)
    assert [one.label for one in labels(desk)] == [label]


def test_who_looks_again_corrects_the_label_and_closing_keeps_it(desk: FakeDesk) -> None:
    number = desk.store(label="dent")
    judge(desk, number, FALSE)
    judge(desk, number, TRUE, "rust", FALSE)
    judge(desk, number, CLOSED, before=TRUE)
    assert [(one.id, one.said, one.label) for one in labels(desk)] == [(1, Said.CONFIRMED_DEFECT, "rust")]


@pytest.mark.parametrize(
    ("after", "label"),
    [(TRUE, "good"), (FALSE, "dent"), (TRUE, ""), (TRUE, "=1+1"), (TRUE, "a\nb"), (TRUE, "x" * 129), (SEEN, "dent")],
)
def test_a_label_that_contradicts_or_harms_is_refused_and_nothing_is_changed(
    desk: FakeDesk, after: AlertState, label: str
) -> None:
    number = desk.store()
    with pytest.raises(BadInputError, match="wanted a label"):
        judge(desk, number, after, label)
    judge(desk, number, SEEN)
    assert labels(desk) == []


def test_a_defect_that_no_alert_told_of_can_be_reported(desk: FakeDesk) -> None:
    with writing(desk.engine) as con:
        report_missed(con, MissedDefect(WHERE, "gate", "p-9", "crack", SHA, "image/png"), "bob", NOON_MS)
        report_missed(con, MissedDefect("plant/yard/cam-1", "gate", "p-9"), "bob", NOON_MS)
        with pytest.raises(BadInputError, match="name the defect"):
            report_missed(con, MissedDefect(WHERE, "gate", "p-9", "good"), "bob", NOON_MS)
    one, other = labels(desk)
    assert (one.alert_id, one.said, one.label, one.sha256) == (None, Said.MISSED, "crack", SHA)
    assert (other.label, other.sha256, other.site) == ("defect", None, "plant/yard")
    assert labels(desk, ("plant/yard",)) == [other]
    assert labels(desk, ()) == []


def test_an_export_of_many_batches_has_every_label_once(desk: FakeDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BATCH", 2)
    for _ in range(5):
        judge(desk, desk.store(), TRUE)
    assert [one.id for one in labels(desk)] == [1, 2, 3, 4, 5]


def label(number: int, said: Said, name: str, sha256: str | None, part: str = "p") -> TrueLabel:
    told = ("plant/hall", WHERE, "gate", part, said, name, sha256, sha256 and "image/png")
    return TrueLabel(number, number, *told, "", "ann", NOON_MS)


def test_the_trainer_reads_the_manifest(tmp_path: Path) -> None:
    told = [
        label(1, Said.CONFIRMED_DEFECT, 'dent, "deep"', SHAS[0], "p-1"),
        label(2, Said.FALSE_ALARM, "good", SHAS[1], "p-1"),
        label(3, Said.MISSED, "Kratzer – tief", SHAS[2], "=p"),
        label(4, Said.MISSED, "rust", None),
    ]
    (tmp_path / "evidence").mkdir()
    for one in told[:3]:
        write_picture(tmp_path / evidence_path(one), picture(90, seed=one.id))
    manifest = tmp_path / "labels.csv"
    manifest.write_bytes("".join(manifest_lines(lessons(told, ()))).encode())
    samples = read_dataset(manifest)
    assert [(one.label, one.is_good, one.split) for one in samples] == [
        ('dent, "deep"', False, ""),
        ("good", True, ""),
        ("Kratzer – tief", False, ""),
    ]
    assert [one.group for one in samples] == [f"{WHERE}/gate/p-1", f"{WHERE}/gate/p-1", f"{WHERE}/gate/=p"]
    rows = list(csv.DictReader(manifest.read_text("utf-8").splitlines()))
    assert tuple(rows[0]) == MANIFEST_COLUMNS
    assert (rows[2]["part"], rows[2]["said"], rows[2]["sha256"]) == ("'=p", "missed", SHAS[2])


def test_json_lines_hold_every_label_those_without_a_picture_too() -> None:
    lines = list(json_lines([label(1, Said.MISSED, "rust – rot", None), label(2, Said.FALSE_ALARM, "good", SHA)]))
    assert [(one["said"], one["label"], one["sha256"]) for one in map(json.loads, lines)] == [
        ("missed", "rust – rot", None),
        ("false-alarm", "good", SHA),
    ]
    assert all(line.endswith("\n") and "\n" not in line[:-1] for line in lines)


def test_a_picture_teaches_once_and_never_two_things(desk: FakeDesk) -> None:
    dent, good, rust, again = (
        desk.store(part=f"p-{number}", evidence=(picture_of(sha),))
        for number, sha in enumerate((SHAS[0], SHAS[0], SHAS[1], SHAS[1]))
    )
    judge(desk, dent, TRUE, "dent")
    judge(desk, good, FALSE)
    judge(desk, rust, TRUE, "rust")
    judge(desk, again, TRUE, "rust")
    judge(desk, desk.store(), TRUE)
    with desk.engine.connect() as con:
        contradicted = contradicted_pictures(con)
        assert contradicted_pictures(con, ("plant/yard",)) == frozenset()
    assert contradicted == {SHAS[0]}
    assert [one.left_out for one in lessons(labels(desk), contradicted)] == [
        LeftOut.CONTRADICTED,
        LeftOut.CONTRADICTED,
        None,
        LeftOut.AGAIN,
        LeftOut.NO_PICTURE,
    ]
