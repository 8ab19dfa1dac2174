"""A configuration is checked as a whole before it is kept, counts up, and is sent until the broker has it."""

from __future__ import annotations

import json

import pytest

from edge_contracts.configuration import MAX_TEXT_BYTES, Desired, Phase, Reported
from fleet_manager.arrival import judge
from fleet_manager.configuration.desired_post import PORTION, DesiredPost
from fleet_manager.configuration.revisions import (
    ConfigurationRefused,
    Draft,
    SomebodyWasQuicker,
    check_draft,
    find_revision,
    keep_draft,
    list_revisions,
    read_reported,
)
from fleet_manager.configuration.signing_key import open_signing_key
from fleet_manager.configuration.standing import Standing, standing
from fleet_manager.store.alert_store import AlertStore
from fleet_manager.store.database import writing
from tests.fakes.desired import TEXT

WHERE = "plant/hall/station-1"
NOW_MS = 1_700_000_000_000


def keep(engine, text=TEXT, after=0, address=WHERE, note=""):
    with writing(engine) as con:
        return keep_draft(con, Draft(address, text, note, after), "anna", NOW_MS)


def say(engine, **words):
    whole = {"revision": 0, "hash": "0" * 64, **words}
    AlertStore(engine, lambda: NOW_MS).take([judge(f"lepton/1/{WHERE}/reported", json.dumps(whole).encode())])


def test_revisions_count_up_and_are_never_changed(fleet_engine):
    assert [keep(fleet_engine), keep(fleet_engine, TEXT + "#\n", 1), keep(fleet_engine, TEXT, 2)] == [1, 2, 3]
    with fleet_engine.connect() as con:
        assert [one.revision for one in list_revisions(con, WHERE)] == [3, 2, 1]
        assert [one.revision for one in list_revisions(con, WHERE, before=3, limit=1)] == [2]
        found = find_revision(con, WHERE, 2)
        assert (found.text, found.who, found.sent_ms) == (TEXT + "#\n", "anna", None)
        assert find_revision(con, WHERE, 4) is None


def test_of_two_people_the_second_is_told(fleet_engine):
    keep(fleet_engine)
    with pytest.raises(SomebodyWasQuicker, match="1 is the latest"):
        keep(fleet_engine, after=0)


def test_a_manager_that_was_restored_from_a_backup_goes_on_above_what_the_device_heard(fleet_engine):
    say(fleet_engine, heard=7, phase="rolled-back")
    assert keep(fleet_engine) == 8


def test_what_a_device_reports_last_counts(fleet_engine):
    say(fleet_engine, heard=1, phase="proving")
    say(fleet_engine, revision=1, heard=1, phase="active", errors=["a"])
    with fleet_engine.connect() as con:
        assert read_reported(con, WHERE) == Reported(
            revision=1, hash="0" * 64, heard=1, phase=Phase.ACTIVE, errors=("a",)
        )
        assert read_reported(con, "plant/hall/other") is None


def due(engine, post):
    with engine.connect() as con:
        return post.due(con, NOW_MS)


def sent(engine, post, letters):
    with writing(engine) as con:
        post.sent(con, [one.number for one in letters], NOW_MS)


def test_the_latest_of_each_device_is_sent_signed_and_retained(fleet_engine, tmp_path):
    keep(fleet_engine)
    keep(fleet_engine, TEXT + "#\n", 1)
    keep(fleet_engine, address="plant/hall/station-2")
    post = DesiredPost(open_signing_key(tmp_path))
    post.connected()
    letters = due(fleet_engine, post)
    assert [(one.topic, one.retain, one.expiry_s) for one in letters] == [
        (f"lepton/1/plant/hall/station-{number}/desired", True, None) for number in (1, 2)
    ]
    assert Desired.model_validate_json(letters[0].body).revision == 2
    sent(fleet_engine, post, letters)
    assert due(fleet_engine, post) == []
    keep(fleet_engine, TEXT, 2)
    (letter,) = due(fleet_engine, post)
    assert Desired.model_validate_json(letter.body).revision == 3


def test_a_broker_that_forgot_everything_is_told_again_in_portions(fleet_engine, tmp_path):
    for number in range(PORTION + 2):
        keep(fleet_engine, address=f"plant/hall/s-{number:03}")
    post = DesiredPost(open_signing_key(tmp_path))
    for _ in range(2):
        post.connected()
        first = due(fleet_engine, post)
        sent(fleet_engine, post, first)
        second = due(fleet_engine, post)
        assert (len(first), len(second)) == (PORTION, 2)
        sent(fleet_engine, post, second)
        assert due(fleet_engine, post) == []


def problems(text, note=""):
    with pytest.raises(ConfigurationRefused) as refused:
        check_draft(Draft(WHERE, text, note, 0))
    return "\n".join(refused.value.problems)


def test_every_mistake_is_told_at_once():
    check_draft(Draft(WHERE, TEXT, "why", 0))
    told = problems(TEXT.replace('name = "gate"', 'nome = "gate"') + "[uplink]\nhost = 'x'\n[web]\nport = 0\n", "a\nb")
    for words in ("uplink: this table says how it reaches its broker", "points.0.nome", "web.port", "note: wanted one"):
        assert words in told


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "points: missing"),
        ("[[points", "wanted TOML"),
        ("#" * (MAX_TEXT_BYTES + 1), "at most 16384 bytes"),
        ("a = " + "[" * 5000, "wanted TOML"),
        (TEXT + 'trigger = { kind = "interval", interval_s = 0.1 }\n', "deadline_ms: wanted at most the interval"),
    ],
)
def test_what_no_station_could_run_is_never_kept(text, words):
    assert words in problems(text)


def kept(revision=2, digest="a" * 64):
    from fleet_manager.configuration.revisions import KeptRevision  # noqa: PLC0415

    return KeptRevision(1, WHERE, "plant/hall", revision, digest, "", "", "anna", NOW_MS, None)


def said(revision=2, digest="a" * 64, heard=2, phase=Phase.ACTIVE):
    return Reported(revision=revision, hash=digest, heard=heard, phase=phase)


@pytest.mark.parametrize(
    ("wanted", "told", "found"),
    [
        (None, None, Standing.OWN_FILE),
        (None, said(0, heard=None, phase=Phase.NONE), Standing.OWN_FILE),
        (None, said(), Standing.DIFFERS),
        (kept(), None, Standing.ON_ITS_WAY),
        (kept(), said(1, heard=1), Standing.ON_ITS_WAY),
        (kept(), said(phase=Phase.PROVING), Standing.PROVING),
        (kept(), said(), Standing.ACTIVE),
        (kept(), said(1, phase=Phase.REFUSED), Standing.REFUSED),
        (kept(), said(1, phase=Phase.ROLLED_BACK), Standing.ROLLED_BACK),
        (kept(), said(0), Standing.DIFFERS),
        (kept(), said(digest="b" * 64), Standing.DIFFERS),
        (kept(), said(3, heard=3), Standing.DIFFERS),
    ],
)
def test_desired_against_reported_is_one_word(wanted, told, found):
    assert standing(wanted, told) is found
