"""What cannot be opened is told by our errors alone, and a level that somebody asked for stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import pytest

from edge_runtime.capture.opencv_capture import open_capture

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LOG = cv2.utils.logging


@pytest.fixture(autouse=True)
def _level(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("OPENCV_LOG_LEVEL", raising=False)
    before = LOG.getLogLevel()
    LOG.setLogLevel(LOG.LOG_LEVEL_WARNING)
    yield
    LOG.setLogLevel(before)


def test_what_opencv_cannot_open_adds_no_line_of_its_own(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert not open_capture(cv2, str(tmp_path / "gone.avi"), cv2.CAP_FFMPEG).isOpened()
    assert "VIDEOIO" not in capfd.readouterr().err


def test_a_level_that_was_asked_for_stays_even_the_usual_one(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENCV_LOG_LEVEL", "WARNING")
    assert not open_capture(cv2, str(tmp_path / "gone.avi"), cv2.CAP_FFMPEG).isOpened()
    assert "VIDEOIO" in capfd.readouterr().err
