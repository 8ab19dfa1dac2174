"""What the doctor finds on the way of pictures to the manager."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

import pytest

from edge_runtime.clock import MonotonicClock
from edge_runtime.config import load_station
from edge_runtime.doctor.evidence_upload import judge_clock, judge_reply
from edge_runtime.doctor.finding import Standing
from edge_runtime.doctor.patient import Patient
from edge_runtime.doctor.round import examine
from edge_runtime.evidence.upload.answer import Reply
from tests.fakes.evidence_server import Cabinet, EvidenceServer
from tests.fakes.patience import free_port
from tests.fakes.stations import write_station

if TYPE_CHECKING:
    from pathlib import Path

    from edge_runtime.doctor.finding import Finding

NOW = datetime(2026, 5, 1, 12, tzinfo=timezone.utc)


def asked(folder: Path, table: str, **changes: Any) -> list[Finding]:
    (folder / "parts").mkdir()
    station = write_station(folder, more=table)
    return list(examine(Patient(load_station(station), station, MonotonicClock(), **changes), ("evidence_upload",)))


def upload(port: int, more: str = "") -> str:
    return f'\n[upload]\nurl = "http://127.0.0.1:{port}"\n{more}'


def test_a_manager_that_takes_pictures_is_found_and_keeps_nothing_of_the_question(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("secret\n")
    cabinet = Cabinet(tmp_path / "manager", token="secret")  # noqa: S106 - a test's
    cabinet.folder.mkdir()
    with EvidenceServer(cabinet) as server:
        way, clock = asked(tmp_path, upload(server.port, 'token_file = "token"\n'))
    assert (way.standing, clock.standing) == (Standing.OK, Standing.OK)
    assert "plain text" in way.found
    assert [device for _, _, device in cabinet.asked] == ["acme/north/line-1"]
    assert list(cabinet.folder.iterdir()) == []


def test_a_token_that_is_refused_is_told_with_the_role_that_it_needs(tmp_path: Path) -> None:
    with EvidenceServer(Cabinet(tmp_path, token="secret")) as server:  # noqa: S106 - a test's
        way, _ = asked(tmp_path, upload(server.port))
    assert way.standing is Standing.FAILED
    assert "401 who are you?" in way.found
    assert way.next_step.startswith("make a token of the role device at acme/north")


def test_a_manager_that_is_not_there_is_named(tmp_path: Path) -> None:
    port = free_port()
    (way,) = asked(tmp_path, upload(port))
    assert way.standing is Standing.FAILED
    assert f"http://127.0.0.1:{port}" in way.found
    assert "alerts do not depend on them" in way.next_step


def test_a_tokens_file_with_something_else_in_it_is_found_before_anybody_is_asked(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("two\nlines\n")
    (way,) = asked(tmp_path, upload(1, 'token_file = "token"\n'))
    assert way.standing is Standing.FAILED
    assert "wanted one line of ASCII" in way.found


def test_nobody_is_asked_without_a_table_or_without_the_network(tmp_path: Path) -> None:
    for name in ("none", "left"):
        (tmp_path / name).mkdir()
    (none,) = asked(tmp_path / "none", "")
    (left,) = asked(tmp_path / "left", upload(1), network=False)
    assert (none.standing, left.standing) == (Standing.SKIPPED, Standing.SKIPPED)


@pytest.mark.parametrize(
    ("status", "standing", "said"),
    [
        (422, Standing.OK, ""),
        (401, Standing.FAILED, "role device at acme/north"),
        (403, Standing.FAILED, "role device at acme/north"),
        (404, Standing.FAILED, "role device at acme/north"),
        (429, Standing.WARNING, "in a minute"),
        (503, Standing.WARNING, "in a minute"),
        (507, Standing.FAILED, "make some there"),
        (200, Standing.FAILED, "is that address a manager"),
        (201, Standing.FAILED, "is that address a manager"),
        (302, Standing.FAILED, "is that address a manager"),
    ],
)
def test_only_a_manager_that_finds_the_other_content_is_in_order(status: int, standing: Standing, said: str) -> None:
    found = judge_reply(Reply(status), "there", "acme/north")
    assert found.standing is standing
    assert said in found.next_step


def test_the_managers_own_sentence_is_told_also_where_its_document_was_cut_off() -> None:
    text = '{"type": "/problems/no-room", "status": 507, "detail": "wanted 1 byte, found no room", "requ'
    assert judge_reply(Reply(507, text=text), "there", "a/b").found == "there: 507 wanted 1 byte, found no room"


@pytest.mark.parametrize(
    ("ahead", "standing", "word"),
    [(0, Standing.OK, ""), (-61, Standing.WARNING, "behind"), (3600, Standing.WARNING, "3600 s ahead of")],
)
def test_a_clock_that_is_far_from_the_managers_is_told(ahead: int, standing: Standing, word: str) -> None:
    found = judge_clock(format_datetime(NOW - timedelta(seconds=ahead), usegmt=True), NOW)
    assert found.standing is standing
    assert word in found.found


@pytest.mark.parametrize("date", [None, "", "yesterday"])
def test_a_manager_that_tells_no_time_is_no_trouble(date: str | None) -> None:
    assert judge_clock(date, NOW).standing is Standing.SKIPPED
