"""Evidence over HTTP, as docs/reference/evidence-upload.md promises it to boards."""

import hashlib
from dataclasses import replace

import pytest

from fleet_manager.api.services import Settings
from fleet_manager.evidence.evidence_store import EvidenceAway
from tests.fakes.leaving_shelf import LeavingShelf
from tests.fleet_manager.api.conftest import HALL, LIMITS, YARD, made
from tests.fleet_manager.api.test_problem_answers import assert_problem

PICTURE = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 40
SIZE = len(PICTURE)
NAME = hashlib.sha256(PICTURE).hexdigest()
DEVICE = {"Lepton-Device": "plant/hall/station-1"}


def look(manager, name=NAME, device=DEVICE):
    return manager.ask("HEAD", f"/v1/evidence/{name}", "device", HALL, headers=device)


def put(manager, first=0, last=SIZE - 1, content=PICTURE, name=NAME, site=HALL, **more):
    headers = {**DEVICE, "Content-Range": f"bytes {first}-{last}/{len(content)}", **more.pop("headers", {})}
    body = more.pop("body", content[first : last + 1])
    return manager.ask("PUT", f"/v1/evidence/{name}", "device", site, headers=headers, content=body)


def test_a_file_in_one_piece_is_there(manager):
    assert look(manager).status_code == 404
    assert put(manager).status_code == 201
    seen = look(manager)
    assert (seen.status_code, seen.headers["Content-Length"]) == (200, str(SIZE))
    file = manager.ask("GET", f"/v1/evidence/{NAME}", "viewer", HALL)
    assert file.content == PICTURE
    assert file.headers["Content-Type"] == "image/jpeg"
    assert file.headers["X-Content-Type-Options"] == "nosniff"
    assert "immutable" in file.headers["Cache-Control"]


def test_a_file_in_pieces_is_gone_on_with_from_the_offset(manager):
    answer = put(manager, 0, 999)
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (308, "1000")
    assert "Location" not in answer.headers
    seen = look(manager)
    assert (seen.status_code, seen.headers["Upload-Offset"]) == (308, "1000")
    assert manager.ask("GET", f"/v1/evidence/{NAME}").status_code == 404
    assert put(manager, 1000).status_code == 201
    assert manager.ask("GET", f"/v1/evidence/{NAME}").content == PICTURE


def test_a_file_that_is_here_is_taken_without_its_bytes(manager):
    put(manager)
    assert put(manager).status_code == 200


def test_a_piece_that_does_not_fit_is_told_the_offset(manager):
    put(manager, 0, 999)
    answer = put(manager, 500)
    assert_problem(answer, 409, "wrong-offset")
    assert answer.headers["Upload-Offset"] == "1000"
    assert answer.json()["offset"] == 1000


def test_another_file_under_this_name_is_thrown_away(manager):
    assert_problem(put(manager, content=PICTURE[::-1]), 422, "wrong-content")
    assert look(manager).status_code == 404
    assert put(manager).status_code == 201


@pytest.mark.parametrize(
    "text", ["", "bytes 0-9", "bytes 9-0/10", "bytes 0-10/10", "bytes */10", "bytes -1-5/10", "pages 0-9/10"]
)
def test_a_range_that_makes_no_sense_is_refused(shared, text):
    assert_problem(put(shared, headers={"Content-Range": text}), 400, "malformed")


@pytest.mark.parametrize("headers", [{"Content-Range": "bytes 0-1/2"}, DEVICE])
def test_a_header_that_is_missing_is_refused(shared, headers):
    answer = shared.ask("PUT", f"/v1/evidence/{NAME}", "device", HALL, headers=headers, content=b"xx")
    assert_problem(answer, 400, "malformed")


def test_a_body_of_another_length_than_its_range_is_refused(shared):
    assert_problem(put(shared, 0, 9, body=b"x" * 11), 400, "malformed")
    assert_problem(put(shared, 0, 9, body=b"x" * 9), 400, "malformed")


def test_a_body_that_does_not_say_its_length_is_cut_off_at_its_range(manager):
    assert_problem(put(manager, 0, 9, body=iter([PICTURE[:8], PICTURE[8:16]])), 400, "malformed")
    assert look(manager).status_code == 404


def test_what_came_of_a_request_that_broke_off_is_kept(manager):
    assert put(manager, body=iter([PICTURE[:5000]])).headers["Upload-Offset"] == "5000"
    assert put(manager, 5000).status_code == 201


def test_a_file_that_is_too_large_is_refused_before_it_comes(shared):
    headers = {"Content-Range": f"bytes 0-9/{LIMITS.file_bytes + 1}"}
    assert_problem(put(shared, headers=headers, body=b"x" * 10), 413, "too-large")


def test_a_piece_that_is_too_large_is_refused(tmp_path):
    for manager in made(tmp_path, Settings(portion_bytes=100)):
        assert_problem(put(manager), 413, "too-large")


def test_a_full_store_is_told_so_that_the_board_keeps_the_file(manager):
    for number in range(4):
        content = bytes([number]) * LIMITS.file_bytes
        name = hashlib.sha256(content).hexdigest()
        assert put(manager, 0, LIMITS.file_bytes - 1, content, name).status_code == 201
    assert_problem(put(manager), 507, "no-room")


def test_a_compressed_piece_is_refused(shared):
    assert_problem(put(shared, headers={"Content-Encoding": "gzip"}), 415, "wrong-media-type")


def test_a_device_of_another_site_is_not_let_in(manager):
    assert_problem(put(manager, site=YARD), 404, "not-found")
    assert_problem(put(manager, headers={"Lepton-Device": "plant/yard/station-1"}), 404, "not-found")
    assert_problem(put(manager, headers={"Lepton-Device": "../../etc"}), 400, "malformed")


def test_a_device_sees_nothing(shared):
    assert shared.ask("GET", f"/v1/evidence/{NAME}", "device", HALL).status_code == 403
    assert shared.ask("GET", "/v1/alerts", "device", HALL).status_code == 403


def test_a_picture_of_one_site_is_not_there_for_another(manager):
    put(manager)
    assert manager.ask("GET", f"/v1/evidence/{NAME}", "viewer", YARD).status_code == 404
    assert manager.ask("GET", f"/v1/evidence/{NAME}?site={HALL}", "viewer", YARD).status_code == 404
    assert manager.ask("GET", f"/v1/evidence/{NAME}?site={HALL}", "viewer", HALL).content == PICTURE


@pytest.mark.parametrize(
    ("asked", "status", "content"),
    [
        ("bytes=0-9", 206, PICTURE[:10]),
        ("bytes=100-", 206, PICTURE[100:]),
        ("bytes=-10", 206, PICTURE[-10:]),
        (f"bytes=0-{SIZE * 2}", 206, PICTURE),
        ("bytes=0-1,5-6", 200, PICTURE),
        ("pages=1-2", 200, PICTURE),
        ("bytes=-", 200, PICTURE),
    ],
)
def test_a_range_of_a_file_is_given_where_it_is_asked_for(manager, asked, status, content):
    put(manager)
    answer = manager.ask("GET", f"/v1/evidence/{NAME}", headers={"Range": asked})
    assert (answer.status_code, answer.content) == (status, content)


@pytest.mark.parametrize("asked", [f"bytes={SIZE}-", "bytes=-0", "bytes=9-3"])
def test_bytes_that_a_file_has_not_are_refused(manager, asked):
    put(manager)
    answer = manager.ask("GET", f"/v1/evidence/{NAME}", headers={"Range": asked})
    assert_problem(answer, 416, "unmet-range")
    assert answer.headers["Content-Range"] == f"bytes */{SIZE}"


def test_a_page_that_somebody_uploads_is_no_page_to_a_browser(manager):
    page = b"<html><script>alert(1)</script>"
    name = hashlib.sha256(page).hexdigest()
    assert put(manager, 0, len(page) - 1, page, name).status_code == 201
    answer = manager.ask("GET", f"/v1/evidence/{name}")
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert "sandbox" in answer.headers["Content-Security-Policy"]


def test_more_uploads_than_places_are_sent_away_for_a_while(tmp_path):
    for manager in made(tmp_path, Settings(uploads_at_once=0)):
        answer = put(manager)
        assert_problem(answer, 429, "too-many")
        assert int(answer.headers["Retry-After"]) > 0


def test_a_manager_without_evidence_says_so(manager):
    manager.client.app.state.services = replace(manager.services, evidence=None)
    answer = put(manager)
    assert_problem(answer, 503, "unavailable")
    assert int(answer.headers["Retry-After"]) >= 60


@pytest.fixture
def leaving(tmp_path):
    shelf = LeavingShelf(tmp_path / "evidence")
    for manager in made(tmp_path, shelf=shelf):
        yield manager, shelf


def test_while_the_bucket_is_away_a_board_is_asked_to_come_later_and_nothing_reads_as_stored(leaving):
    manager, shelf = leaving
    assert put(manager, 0, 999).status_code == 308
    shelf.is_away = True
    for answer in (put(manager, 1000), manager.ask("GET", f"/v1/evidence/{NAME}?site={HALL}")):
        assert_problem(answer, 503, "unavailable")
        assert answer.headers["Retry-After"] == "5"
        assert "private-name" not in answer.text
    assert look(manager).status_code == 503
    shelf.is_away = False
    assert look(manager).status_code == 308
    assert put(manager, 1000).status_code == 201


def test_a_bucket_that_leaves_during_the_last_piece_has_it_when_it_is_back(leaving, monkeypatch):
    manager, shelf = leaving
    monkeypatch.setattr(shelf, "keep", lambda *_: (_ for _ in ()).throw(EvidenceAway("gone")))
    assert_problem(put(manager), 503, "unavailable")
    monkeypatch.undo()
    seen = look(manager)
    assert (seen.status_code, seen.headers["Content-Length"]) == (200, str(SIZE))
