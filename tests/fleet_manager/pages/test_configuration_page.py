"""The page of a configuration says what is wanted, what runs, what changed, and how to go back."""

from __future__ import annotations

import hashlib

from edge_contracts.configuration import Phase, Reported
from fleet_manager.configuration.revisions import KeptRevision
from fleet_manager.pages.configuration_page import OWN_FILE_UNKNOWN, Written, configuration_page, difference
from fleet_manager.pages.device_reading import DeviceFile
from tests.fleet_manager.pages.test_device_page import NOW_MS, WHERE, born

FILE = DeviceFile(WHERE, "plant/hall", "online", born(capabilities=["desired"]))


def kept(revision: int, text: str) -> KeptRevision:
    digest = hashlib.sha256(text.encode()).hexdigest()
    return KeptRevision(revision, WHERE, "plant/hall", revision, digest, text, "why", "anna", NOW_MS, NOW_MS)


def test_a_station_without_a_trusted_key_is_told_which_one_to_name() -> None:
    page = configuration_page(DeviceFile(WHERE, "plant/hall", "online", born()), [], None, "the-key")
    assert (page.takes, page.public_key, page.latest, page.runs) == (False, "the-key", 0, "not told yet")


def test_what_runs_is_marked_and_what_is_latest_cannot_be_gone_back_to() -> None:
    revisions = [kept(2, "a\nc\n"), kept(1, "a\nb\n")]
    said = Reported(revision=1, hash=revisions[1].hash, heard=2, phase=Phase.ROLLED_BACK, errors=("no verdict",))
    page = configuration_page(FILE, revisions, said, "k")
    assert [(one.revision, one.is_running, one.is_latest) for one in page.lines] == [(2, False, True), (1, True, False)]
    assert (page.standing, page.errors, page.is_pending) == ("rolled-back", ("no verdict",), False)
    assert [one.text for one in page.lines[0].diff if one.tone in {"good", "defect"}] == ["-b", "+c"]


def test_what_was_refused_stands_in_the_form_with_its_mistakes() -> None:
    written = Written("mine", "note", ("points: missing",))
    page = configuration_page(FILE, [kept(1, "theirs")], None, "k", written)
    assert (page.written, page.latest, page.is_pending) == (written, 1, True)


def test_lines_that_begin_like_marks_are_what_they_are() -> None:
    assert [(one.text, one.tone) for one in difference("", "--- a")] == [("@@ -0,0 +1 @@", "soft"), ("+--- a", "good")]
    assert difference("a", "a") == ()


def test_after_a_failure_the_form_begins_with_what_runs_and_staying_there_needs_nothing() -> None:
    revisions = [kept(2, "failed"), kept(1, "runs")]
    said = Reported(revision=1, hash=revisions[1].hash, heard=2, phase=Phase.ROLLED_BACK)
    page = configuration_page(FILE, revisions, said, "k")
    assert (page.written.text, page.written.origin) == ("runs", "Below is revision 1, which runs.")
    assert "remove [remote]" in page.way_back


def test_the_form_says_that_the_boards_own_file_is_not_known() -> None:
    assert configuration_page(FILE, [], None, "k").written == Written("", origin=OWN_FILE_UNKNOWN)
    said = Reported(revision=0, hash="0" * 64, heard=1, phase=Phase.REFUSED)
    page = configuration_page(FILE, [kept(1, "failed")], said, "k")
    assert page.written.text == "failed"
    assert "does not run" in page.written.origin
    assert page.written.origin.endswith(OWN_FILE_UNKNOWN)


def test_what_is_on_its_way_stands_in_the_form_and_needs_no_way_back() -> None:
    page = configuration_page(FILE, [kept(1, "latest")], None, "k")
    assert (page.written.text, page.written.origin, page.way_back) == ("latest", "Below is revision 1, the latest.", "")
