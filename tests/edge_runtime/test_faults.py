"""No fault reads as good: each one on a running daemon, every part unknown within its deadline."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from edge_runtime.summary import End
from tests.fakes.models import BundleRecipe
from tests.fakes.pictures import picture, write_film
from tests.fakes.stations import (
    FOLDER,
    GOOD_LEVEL,
    THRESHOLD,
    FailingPredictor,
    HangingPredictor,
    StopAfter,
    opens,
    run_station,
    write_parts,
    write_station,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from edge_runtime.infer.predictor import Predictor

pytestmark = pytest.mark.live

DEADLINE_MS = 1000.0
PARTS = 6
ENDLESS = """
source = {{ kind = "folder", path = "parts", repeat = true }}
trigger = {{ kind = "interval", interval_s = {interval_s} }}
"""
FILM = 'source = { kind = "video", path = "belt.avi", pace = "fast" }\n'


@dataclass(frozen=True)
class Fault:
    """What is wrong, and the cause that the verdicts must name.

    spared: so many first parts may be judged before the fault can be known: a still begins with no repetition.
    end: a model that never answers again cannot be stopped either.
    """

    cause: str
    build: Callable[[Path], None]
    point: str = FOLDER
    recipe: BundleRecipe | None = None
    predictor: type[Predictor] | None = None
    spared: int = 0
    end: End = End.EXHAUSTED


def good_parts(folder: Path) -> None:
    write_parts(folder / "parts", [GOOD_LEVEL] * PARTS)


def parts_of(level: int) -> Callable[[Path], None]:
    return lambda folder: void(write_parts(folder / "parts", [level] * PARTS))


def frozen_film(folder: Path) -> None:
    write_film(folder / "belt.avi", [picture(GOOD_LEVEL)] * 10)


def torn_parts(folder: Path) -> None:
    for path in write_parts(folder / "parts", [GOOD_LEVEL] * PARTS).iterdir():
        path.write_bytes(path.read_bytes()[:-100])


def empty_parts(folder: Path) -> None:
    for path in write_parts(folder / "parts", [GOOD_LEVEL] * PARTS).iterdir():
        path.write_bytes(b"")


def huge_parts(folder: Path) -> None:
    for path in write_parts(folder / "parts", [GOOD_LEVEL] * PARTS).iterdir():
        content = bytearray(path.read_bytes())
        content[16:24] = np.array([60_000, 50_000], ">u4").tobytes()
        path.write_bytes(content)


def void(_: object) -> None:
    return None


FAULTS = {
    "a model of NaN": Fault("not-a-number", good_parts, recipe=BundleRecipe(threshold=THRESHOLD, divide_by=0.0)),
    "a backend that hangs": Fault("backend-hung", good_parts, predictor=HangingPredictor, end=End.TROUBLE),
    "a backend that fails": Fault("backend-failed", good_parts, predictor=FailingPredictor),
    "a frozen camera": Fault("frozen", frozen_film, FILM, spared=1),
    "a lamp that is off": Fault("dark", parts_of(0)),
    "a lamp that is too bright": Fault("overexposed", parts_of(255)),
    "torn pictures": Fault("bad-frame", torn_parts),
    "empty pictures": Fault("bad-frame", empty_parts),
    "huge pictures": Fault("bad-frame", huge_parts),
}


@pytest.fixture(autouse=True)
def _let_go() -> Iterator[None]:
    HangingPredictor.release.clear()
    yield
    HangingPredictor.release.set()


def assert_unknown(verdicts: list[dict[str, Any]], cause: str) -> None:
    assert verdicts
    for verdict in verdicts:
        assert (verdict["outcome"], verdict["cause"]) == ("unknown", cause)
        assert verdict["latency_ms"] <= DEADLINE_MS
        assert verdict["reason"]


@pytest.mark.parametrize("name", FAULTS)
def test_every_part_is_unknown_within_the_deadline(name: str, tmp_path: Path) -> None:
    fault = FAULTS[name]
    fault.build(tmp_path)
    station = write_station(tmp_path, fault.point, recipe=fault.recipe, deadline_ms=DEADLINE_MS)
    predictor = opens(fault.predictor) if fault.predictor else None
    verdicts, summary = run_station(station, open_predictor=predictor)
    assert_unknown(verdicts[fault.spared :], fault.cause)
    assert len(verdicts) >= PARTS
    assert summary.end is fault.end
    assert summary.unknown == len(verdicts) - fault.spared
    assert summary.spooled > 0


def rtsp(port: int) -> str:
    return (
        f'source = {{ kind = "rtsp", url = "rtsp://127.0.0.1:{port}/cam", open_timeout_s = 0.5 }}\n'
        'trigger = { kind = "interval", interval_s = 1.0 }\n'
    )


def test_a_camera_that_never_was_there_makes_each_interval_unknown(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        station = write_station(tmp_path, rtsp(reserved.getsockname()[1]), deadline_ms=DEADLINE_MS)
        verdicts, summary = run_station(station, lines=StopAfter(5))
    assert_unknown(verdicts, "source-lost")
    assert summary.end is End.STOPPED
    assert "camera (gate): " in caplog.text
    assert "camera (gate): over" not in caplog.text


def test_a_camera_that_takes_the_call_and_says_nothing_makes_each_interval_unknown(tmp_path: Path) -> None:
    with socket.socket() as black_hole:
        black_hole.bind(("127.0.0.1", 0))
        black_hole.listen()
        station = write_station(tmp_path, rtsp(black_hole.getsockname()[1]), deadline_ms=DEADLINE_MS)
        verdicts, _ = run_station(station, lines=StopAfter(3))
    assert_unknown(verdicts, "source-lost")


class Shredder(StopAfter):
    """Removes every picture after the second verdict."""

    def __init__(self, parts: Path) -> None:
        super().__init__(8)
        self._parts = parts
        self.at: int | None = None

    def write(self, text: str) -> int:
        written = super().write(text)
        if self.at is None and len(self.verdicts) == 2:
            for path in self._parts.iterdir():
                path.unlink()
            self.at = len(self.verdicts)
        return written


def test_a_source_that_dies_while_the_line_runs_makes_its_parts_unknown(tmp_path: Path) -> None:
    good_parts(tmp_path)
    station = write_station(tmp_path, ENDLESS.format(interval_s=0.3), deadline_ms=200)
    verdicts, _ = run_station(station, lines=Shredder(tmp_path / "parts"))
    assert [verdict["outcome"] for verdict in verdicts[:2]] == ["good", "good"]
    assert_unknown(verdicts[3:], "bad-frame")


def test_a_backend_that_stays_hung_ends_the_daemon_for_a_restart(tmp_path: Path) -> None:
    good_parts(tmp_path)
    station = write_station(tmp_path, ENDLESS.format(interval_s=0.3), deadline_ms=200, hang_restart_s=1.0)
    verdicts, summary = run_station(station, open_predictor=opens(HangingPredictor))
    assert summary.end is End.TROUBLE
    assert_unknown(verdicts, "backend-hung")
