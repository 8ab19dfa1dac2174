"""The page of a configuration says what is wanted, what runs, what changed, and how to go back."""

from __future__ import annotations

import hashlib

from edge_contracts.configuration import Phase, Reported
from fleet_manager.configuration.revisions import KeptRevision
from fleet_manager.pages.configuration_page import Written, configuration_page, difference
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
