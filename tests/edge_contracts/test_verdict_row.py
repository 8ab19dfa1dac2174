from __future__ import annotations

import csv
import io
from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_contracts.errors import BadInputError
from edge_contracts.message import ClockTrust
from edge_contracts.verdict import Cause, Outcome
from edge_contracts.verdict_row import COLUMNS, HEADER, VerdictRow, csv_lines

TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=40)
FIGURES = st.none() | st.floats(-1e6, 1e6, width=32, allow_nan=False).map(lambda one: float(f"{one:.9g}"))
ROWS = st.builds(
    VerdictRow,
    time=st.integers(0, 4_000_000_000_000).map(lambda ms: datetime.fromtimestamp(ms // 1000, timezone.utc)),
    clk=st.sampled_from(ClockTrust),
    step_s=st.none() | st.integers(-10_000_000, 10_000_000).map(lambda ms: ms / 1000),
    boot=st.sampled_from(["", "0123456789ab"]),
    mono_s=st.integers(0, 10**12).map(lambda us: us / 1_000_000),
    lost=st.integers(0, 1000),
    point=st.just("gate"),
    part=TEXTS,
    outcome=st.sampled_from(Outcome),
    cause=st.sampled_from(Cause),
    reason=TEXTS,
    label=st.none() | TEXTS.filter(bool),
    score=FIGURES,
    threshold=FIGURES,
    latency_ms=st.integers(0, 10**7).map(lambda us: us / 1000),
    frame=st.none() | st.integers(0, 10**9),
    model=st.none() | st.just("ab" * 32),
)


def read(text: str) -> list[VerdictRow]:
    return [VerdictRow.parse(cells) for cells in csv.DictReader(io.StringIO(HEADER + text, newline=""))]


@given(st.lists(ROWS, max_size=4))
def test_what_is_written_is_read_again(rows: list[VerdictRow]) -> None:
    assert read(csv_lines(rows)) == rows


@given(ROWS)
def test_a_verdict_is_one_line(row: VerdictRow) -> None:
    assert csv_lines([row]).count("\n") == 1


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "'", "＝", "＋", "－", "＠"])  # noqa: RUF001 - full-width forms run too
def test_no_text_of_ours_runs_in_a_spreadsheet(start: str) -> None:
    attack = f'{start}HYPERLINK("http://evil","part")'
    row = VerdictRow(
        time=datetime(2026, 11, 21, tzinfo=timezone.utc),
        clk=ClockTrust.NTP,
        step_s=None,
        boot="",
        mono_s=1.0,
        lost=0,
        point="gate",
        part=attack,
        outcome=Outcome.DEFECT,
        cause=Cause.THRESHOLD,
        reason=attack,
        label=attack,
        score=-1.0,
        threshold=0.5,
        latency_ms=1.0,
        frame=None,
        model=None,
    )
    cells = next(csv.DictReader(io.StringIO(HEADER + csv_lines([row]))))
    assert all(cells[column].startswith("'") for column in ("part", "reason", "label"))
    assert cells["score"] == "-1"
    assert read(csv_lines([row])) == [row]


def test_a_line_that_is_none_is_refused_and_shown() -> None:
    with pytest.raises(BadInputError, match="wanted a line of the verdict record"):
        VerdictRow.parse(dict.fromkeys(COLUMNS, "?"))
