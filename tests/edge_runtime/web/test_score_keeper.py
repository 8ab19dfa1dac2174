from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from edge_contracts.verdict import Cause, Outcome
from edge_runtime.clock import MonotonicClock
from edge_runtime.lessons.lesson import Impression
from edge_runtime.web.score_file import KEPT
from edge_runtime.web.score_keeper import Labels, ScoreKeeper
from tests.fakes.parts import DIGEST, inspected, verdict

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def keeper(folder: Path, labels: Labels | None = None) -> ScoreKeeper:
    return ScoreKeeper(folder / "scores", lambda _: labels, MonotonicClock())


def give(books: ScoreKeeper, *scores: float, cause: Cause = Cause.CLEAN, **changes) -> None:
    for score in scores:
        books.take(inspected(verdict(cause, score=score, **changes)))
    books.file()


def known(books: ScoreKeeper, digest: str = DIGEST) -> list[float]:
    return [score.score for score in books.scores("gate", digest)]


def test_scores_outlive_a_restart(tmp_path: Path) -> None:
    books = keeper(tmp_path)
    books.start()
    books.take(inspected(verdict(Cause.CLEAN, score=0.25)))
    assert books.stop(10)
    again = keeper(tmp_path)
    again.open("gate")
    assert known(again) == [0.25]


def test_the_bundles_own_score_is_kept_and_not_that_of_lessons(tmp_path: Path) -> None:
    books = keeper(tmp_path)
    seen = Impression(np.zeros(3, np.float32), np.zeros((2, 2), np.float32), 0.25, 1.0, DIGEST)
    books.take(replace(inspected(verdict(Cause.THRESHOLD, score=7.5)), impression=seen))
    books.file()
    assert known(books) == [0.25]


def test_only_verdicts_that_compared_a_score_count(tmp_path: Path) -> None:
    books = keeper(tmp_path)
    give(books, 0.5)
    give(books, 0.75, cause=Cause.THRESHOLD)
    books.take(inspected(verdict(Cause.DARK)))
    books.take(inspected(verdict(Cause.DEADLINE, score=0.1)))
    books.file()
    assert known(books) == [0.5, 0.75]


def test_scores_of_another_bundle_are_not_shown(tmp_path: Path) -> None:
    books = keeper(tmp_path)
    give(books, 0.5, model="cd" * 32)
    give(books, 0.25)
    assert known(books) == [0.25]
    assert known(books, "cd" * 32) == [0.5]


def test_the_last_five_hundred_are_kept(tmp_path: Path) -> None:
    books = keeper(tmp_path)
    give(books, *map(float, range(KEPT + 10)))
    assert known(books) == [float(number) for number in range(10, KEPT + 10)]


def test_a_label_is_good_or_not_and_one_with_its_own_threshold_keeps_its_outcome(tmp_path: Path) -> None:
    books = keeper(tmp_path, Labels(frozenset({"whole"}), frozenset({"cracked"})))
    give(books, 0.5, cause=Cause.UNSURE, label="whole")
    give(books, 0.5, cause=Cause.UNSURE, label="cracked")
    assert [(score.good_label, score.fixed) for score in books.scores("gate", DIGEST)] == [
        (True, None),
        (False, Outcome.UNKNOWN),
    ]


def test_a_disk_that_takes_nothing_costs_the_file_and_not_the_scores(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "scores").write_text("no folder")
    books = keeper(tmp_path)
    with caplog.at_level(logging.WARNING):
        give(books, 0.5)
        books.write()
        books.write()
    assert known(books) == [0.5]
    assert books.counts.failed == 3
    assert len(caplog.records) == 1
    (tmp_path / "scores").unlink()
    (tmp_path / "scores").mkdir()
    books.write()
    again = keeper(tmp_path)
    again.open("gate")
    assert known(again) == [0.5]


def test_damage_is_counted_and_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "scores").mkdir()
    (tmp_path / "scores" / "gate").write_bytes(b"garbage")
    books = keeper(tmp_path)
    books.open("gate")
    assert books.counts.damaged_bytes == 7
    assert "7 bytes of the kept scores are damaged" in caplog.text


def test_a_line_that_is_not_emptied_is_bounded_and_counted(tmp_path: Path) -> None:
    books = keeper(tmp_path)
    part = inspected(verdict(Cause.CLEAN, score=0.5))
    for _ in range(5000):
        books.take(part)
    assert books.counts.passed_over == 5000 - 4096
