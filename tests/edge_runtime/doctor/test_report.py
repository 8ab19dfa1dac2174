"""The report: columns that line up, next steps that are said, a document for programs."""

from __future__ import annotations

from pathlib import Path

from edge_runtime.doctor.finding import Finding, Standing
from edge_runtime.doctor.report import document, is_fit, table

FINE = Finding("camera", "gate", Standing.OK, "25 pictures")
ILL = Finding("takt time", "gate", Standing.FAILED, "300 of 200 ms", "at most 70%", "a longer deadline_ms")
SKIPPED = Finding("service", "", Standing.SKIPPED, "systemd does not run here")


def test_columns_line_up_and_troubles_say_what_to_do() -> None:
    lines = table([FINE, ILL, SKIPPED], 100).splitlines()
    assert lines[0].index("25 pictures") == lines[1].index("300 of 200 ms") == lines[2].index("wanted: at most 70%")
    assert lines[3].strip() == "next: a longer deadline_ms"
    assert lines[-1] == "1 ok, 0 warning, 1 failed, 1 skipped"


def test_no_line_is_wider_than_the_terminal() -> None:
    long = Finding("disk", "", Standing.WARNING, "word " * 60, "word " * 60, "word " * 60)
    assert max(map(len, table([long], 80).splitlines())) <= 80


def test_only_what_failed_makes_a_board_unfit() -> None:
    assert is_fit([FINE, SKIPPED, Finding("clock", "", Standing.WARNING, "late")])
    assert not is_fit([FINE, ILL])


def test_the_document_holds_every_field() -> None:
    made = document(Path("/etc/station.toml"), [ILL])
    assert made["counts"] == {"ok": 0, "warning": 0, "failed": 1, "skipped": 0}
    assert (made["station"], made["fit"]) == ("/etc/station.toml", False)
    assert made["findings"] == [{
        "check": "takt time", "subject": "gate", "standing": "failed", "found": "300 of 200 ms",
        "wanted": "at most 70%", "next_step": "a longer deadline_ms",
    }]  # fmt: skip
