from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from edge_contracts.verdict import Outcome
from edge_runtime.web.score_file import KEPT, RECORD_BYTES, Score, ScoreFile, pack, unpack

if TYPE_CHECKING:
    from pathlib import Path

MODEL = "ab" * 8
FLOATS = st.floats(width=32, allow_nan=False)
SCORES = st.builds(
    Score, FLOATS, st.binary(min_size=8, max_size=8).map(bytes.hex), st.booleans(), st.sampled_from([None, *Outcome])
)


def scores(count: int, first: int = 0) -> list[Score]:
    return [Score(float(number), MODEL, good_label=True) for number in range(first, first + count)]


@given(st.lists(SCORES, max_size=20))
def test_what_was_packed_is_found(given_scores: list[Score]) -> None:
    found = unpack(b"".join(map(pack, given_scores)))
    assert found.scores == tuple(given_scores)
    assert found.damaged_bytes == 0


@given(st.integers(0, 9), st.integers(0, RECORD_BYTES - 1), st.integers(1, 255))
def test_a_damaged_byte_costs_its_record_alone(record: int, place: int, bits: int) -> None:
    content = bytearray(b"".join(map(pack, scores(10))))
    content[record * RECORD_BYTES + place] ^= bits
    found = unpack(bytes(content))
    assert found.scores == tuple(score for score in scores(10) if score.score != record)
    assert found.damaged_bytes == RECORD_BYTES


@given(st.integers(0, 5 * RECORD_BYTES))
def test_a_write_that_was_cut_off_costs_what_it_wrote(length: int) -> None:
    found = unpack(b"".join(map(pack, scores(5)))[:length] + pack(scores(1, 99)[0]))
    assert found.scores[-1].score == 99
    assert len(found.scores) == length // RECORD_BYTES + 1


@given(st.binary(max_size=200))
def test_garbage_is_no_score(content: bytes) -> None:
    assert unpack(content).scores == ()


def test_a_file_goes_on_after_a_restart(tmp_path: Path) -> None:
    first = ScoreFile(tmp_path / "gate")
    assert first.read().scores == ()
    first.append(scores(3), scores(3))
    second = ScoreFile(tmp_path / "gate")
    assert second.read().scores == tuple(scores(3))
    second.append(scores(2, 3), scores(5))
    assert ScoreFile(tmp_path / "gate").read().scores == tuple(scores(5))


def test_a_damaged_file_is_told_once_and_written_anew(tmp_path: Path) -> None:
    (tmp_path / "gate").write_bytes(b"".join(map(pack, scores(3)))[5:])
    assert ScoreFile(tmp_path / "gate").read().damaged_bytes == RECORD_BYTES - 5
    assert ScoreFile(tmp_path / "gate").read() == unpack(b"".join(map(pack, scores(2, 1))))


def test_the_file_stays_small(tmp_path: Path) -> None:
    file, known = ScoreFile(tmp_path / "gate"), []
    for begun in range(0, 10 * KEPT, 100):
        known += scores(100, begun)
        file.append(known[-100:], known[-KEPT:])
        assert (tmp_path / "gate").stat().st_size <= 4 * KEPT * RECORD_BYTES
    assert ScoreFile(tmp_path / "gate").read().scores == tuple(known[-KEPT:])
