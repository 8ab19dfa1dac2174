from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from edge_contracts.errors import BadInputError
from edge_contracts.station import Region
from edge_contracts.verdict import Cause, Outcome, Verdict
from edge_runtime.frames import Frame
from edge_runtime.occasion import Inspected
from edge_runtime.recording.album import Album
from edge_runtime.recording.picture_recorder import PictureRecorder
from tests.fakes.pictures import picture

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import numpy as np

PATIENCE_S = 10.0


def inspected(number: int = 0, *, point: str = "gate", cause: Cause = Cause.CLEAN) -> Inspected:
    outcome = {Cause.CLEAN: Outcome.GOOD, Cause.THRESHOLD: Outcome.DEFECT}.get(cause, Outcome.UNKNOWN)
    verdict = Verdict(
        point=point,
        part=f"{number:06}",
        outcome=outcome,
        cause=cause,
        reason="as the test says",
        model="0" * 64,
        label=None,
        score=None,
        threshold=None,
        captured_at_ns=1,
        decided_at_ns=2,
        latency_ms=0.001,
    )
    return Inspected(verdict, Frame(picture(seed=number), 1, number + 1), None, Region())


@pytest.fixture
def recorder() -> Iterator[PictureRecorder]:
    made = PictureRecorder()
    made.start()
    yield made
    assert made.stop(PATIENCE_S)


def until(holds: Callable[[], bool]) -> None:
    until_s = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < until_s
        threading.Event().wait(0.002)


def test_nothing_is_kept_before_somebody_asks(recorder: PictureRecorder, tmp_path: Path) -> None:
    recorder.take(inspected())
    assert not recorder.progress.running
    assert list(tmp_path.iterdir()) == []


def test_the_next_pictures_of_one_point_are_kept_and_then_no_more(recorder: PictureRecorder, tmp_path: Path) -> None:
    recorder.record("gate", Album(tmp_path, "gate"), Region(), 3)
    assert recorder.progress.running
    for number in range(6):
        recorder.take(inspected(number))
        recorder.take(inspected(number, point="other"))
        until(lambda number=number: recorder.progress.taken >= min(number + 1, 3))
    assert len(list(tmp_path.iterdir())) == 3
    progress = recorder.progress
    assert (progress.running, progress.taken, progress.wanted, progress.trouble) == (False, 3, 3, None)


def test_defects_are_pictures_too_and_dark_ones_are_none(recorder: PictureRecorder, tmp_path: Path) -> None:
    recorder.record("gate", Album(tmp_path, "gate"), Region(), 2)
    for number, cause in enumerate((Cause.DARK, Cause.THRESHOLD, Cause.FROZEN, Cause.BACKEND_HUNG)):
        recorder.take(inspected(number, cause=cause))
    until(lambda: not recorder.progress.running)
    assert recorder.progress.told == "2 of 2 pictures; skipped: 1 dark, 1 frozen"


def test_a_second_request_waits_for_the_first_or_its_end(recorder: PictureRecorder, tmp_path: Path) -> None:
    recorder.record("gate", Album(tmp_path, "gate"), Region(), 3)
    with pytest.raises(BadInputError, match=r"found that gate is being recorded \(0 of 3 pictures\); wait"):
        recorder.record("other", Album(tmp_path, "other"), Region(), 1)
    recorder.cancel()
    assert recorder.progress.trouble == "cancelled"
    recorder.record("other", Album(tmp_path, "other"), Region(), 1)
    recorder.take(inspected(point="other"))
    until(lambda: recorder.progress.taken == 1)


class HangingAlbum(Album):
    """A disk that does not answer until it is told to."""

    answers = threading.Event()

    def keep(self, pixels: np.ndarray) -> Path:
        self.answers.wait(PATIENCE_S)
        return super().keep(pixels)


def test_a_slow_disk_never_holds_up_a_verdict_and_what_is_left_out_is_counted(
    recorder: PictureRecorder, tmp_path: Path
) -> None:
    album = HangingAlbum(tmp_path, "gate")
    recorder.record("gate", album, Region(), 100)
    for number in range(20):
        recorder.take(inspected(number))
    assert recorder.progress.left_out >= 14
    album.answers.set()
    until(lambda: recorder.progress.taken == 20 - recorder.progress.left_out)


class FullAlbum(Album):
    def keep(self, _: np.ndarray) -> Path:
        raise OSError(28, "No space left on device")


def test_a_full_disk_ends_the_recording_and_says_so(
    recorder: PictureRecorder, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    recorder.record("gate", FullAlbum(tmp_path, "gate"), Region(), 3)
    recorder.take(inspected())
    until(lambda: recorder.progress.trouble is not None)
    assert "No space left" in recorder.progress.trouble
    assert not recorder.progress.running
    until(lambda: "cannot be kept" in caplog.text)
    recorder.record("gate", Album(tmp_path, "gate"), Region(), 1)
    recorder.take(inspected())
    until(lambda: recorder.progress.taken == 1)
