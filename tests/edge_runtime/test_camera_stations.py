"""Whole stations on sources that come and go: a network camera on a real socket, a folder that is written into."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from edge_runtime.infer.predictor import Predictor
from tests.fakes.belt import PER_S, belt, crossed_by
from tests.fakes.mjpeg_camera import MjpegCamera, jpeg, part
from tests.fakes.pictures import picture, write_picture
from tests.fakes.saboteur import Saboteur
from tests.fakes.stations import DEFECT_LEVEL, GOOD_LEVEL, StopAfter, opens, run_station, write_station

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from edge_runtime.frames import Scores, Subject

pytestmark = pytest.mark.live

DEADLINE_MS = 250.0
CAMERA = """
source = {{ kind = "mjpeg", url = "{url}", open_timeout_s = 1.0, read_timeout_s = 0.2 }}
trigger = {{ kind = "interval", interval_s = 0.25 }}
max_frame_age_ms = 200
"""
WATCHED = 'source = {{ kind = "folder", path = "{path}", watch = true, after = "{after}", settle_s = 0.05 }}\n'


class Wire:
    """What the camera sends, to be changed while it does."""

    def __init__(self) -> None:
        self.make: Callable[[int], bytes] = lambda number: part(jpeg(number, GOOD_LEVEL))

    def __call__(self, number: int) -> bytes:
        return self.make(number)


def torn(number: int) -> bytes:
    return part(jpeg(number)[:900])


FAULTS = {
    "stall": (None, {"no-frame", "source-lost", "stale"}),
    "frozen": (lambda _: part(jpeg(7, GOOD_LEVEL)), {"frozen"}),
    "dark": (lambda number: part(jpeg(number, 0)), {"dark", "frozen"}),
    "torn pictures": (torn, {"bad-frame"}),
    "garbage": (lambda number: np.random.default_rng(number).bytes(20_000), {"source-lost", "no-frame", "stale"}),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_a_camera_does_its_parts_are_unknown_and_then_good_again(tmp_path: Path, fault: str) -> None:
    wire, (make, causes) = Wire(), FAULTS[fault]
    camera = MjpegCamera(make_part=wire, period_s=0.02)
    good = wire.make

    def harm() -> None:
        wire.make = make or good
        camera.flowing.clear() if make is None else None

    def mend() -> None:
        wire.make = good
        camera.flowing.set()

    saboteur = Saboteur(harm, mend)
    station = write_station(tmp_path, CAMERA.format(url=camera.url), deadline_ms=DEADLINE_MS)
    verdicts, _ = run_station(station, lines=saboteur)
    camera.unplug()
    assert [verdict["outcome"] for verdict in saboteur.during] == ["unknown"] * 3
    assert {verdict["cause"] for verdict in saboteur.during} <= causes
    assert verdicts[-1]["outcome"] == "good", "the camera came back and was not found"


BELT = """
source = {{ kind = "mjpeg", url = "{url}" }}
trigger = {{ kind = "presence" }}
"""


class SlowPredictor(Predictor):
    """Takes longer than the next part needs to cross."""

    def predict(self, subject: Subject) -> Scores:
        threading.Event().wait(0.3)
        return super().predict(subject)


def test_parts_that_cross_while_the_model_works_all_have_a_verdict(tmp_path: Path) -> None:
    sent = []

    def shown(number: int) -> bytes:
        sent.append(number)
        return part(bytes(cv2.imencode(".jpg", belt(number))[1]))

    camera = MjpegCamera(make_part=shown, period_s=1 / PER_S)
    station = write_station(tmp_path, BELT.format(url=camera.url), deadline_ms=500)
    verdicts, _ = run_station(station, lines=StopAfter(16), open_predictor=opens(SlowPredictor))
    crossed = crossed_by(sent[-1])
    camera.unplug()
    causes = [verdict["cause"] for verdict in verdicts]
    assert crossed - 3 <= len(verdicts) <= crossed
    assert set(causes) <= {"missed", "clean", "threshold", "backend-hung", "deadline"}
    assert sum(cause != "missed" for cause in causes) > len(causes) / 3
    assert [verdict["part"] for verdict in verdicts] == [f"{n:06d}" for n in range(1, len(verdicts) + 1)]


def drop_in(folder: Path, name: str, level: int, seed: int) -> None:
    write_picture(folder / f".{name}", picture(level, seed=seed)).rename(folder / name)


@pytest.mark.parametrize("after", ["keep", "delete"])
def test_what_is_put_into_a_watched_folder_is_judged_once_in_its_order(tmp_path: Path, after: str) -> None:
    folder = tmp_path / "camera"
    folder.mkdir()
    lines = StopAfter(3)
    station = write_station(tmp_path, WATCHED.format(path=folder, after=after))

    def camera() -> None:
        waiting = threading.Event()
        waiting.wait(1.0)
        for number, level in enumerate((GOOD_LEVEL, DEFECT_LEVEL, GOOD_LEVEL)):
            drop_in(folder, f"{9 - number}.png", level, number)
            os.utime(folder / f"{9 - number}.png", (1000 + number, 1000 + number))

    writer = threading.Thread(target=camera)
    writer.start()
    verdicts, _ = run_station(station, lines=lines)
    writer.join()
    assert [(one["part"], one["outcome"]) for one in verdicts] == [
        *(("9.png", "good"), ("8.png", "defect"), ("7.png", "good")),
    ]
    assert len(list(folder.iterdir())) == (3 if after == "keep" else 1)
