"""What the daemon gives a point reaches the part of it that is meant."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from edge_contracts.station import Point, PresenceTrigger
from edge_runtime.assembly import Company, assemble, build_reader, build_trigger
from edge_runtime.clock import MonotonicClock
from edge_runtime.config import load_station
from edge_runtime.model_loading import load_predictor
from edge_runtime.trigger.crossings import Crossings
from edge_runtime.trigger.given_names import GivenNames
from tests.fakes.models import BundleRecipe, write_brightness_bundle
from tests.fakes.stations import GOOD_LEVEL, write_parts

if TYPE_CHECKING:
    from pathlib import Path

STATION = """
[station]
org = "acme"
site = "north"
device = "line-1"

[[points]]
name = "belt"
source = { kind = "folder", path = "parts" }

[[points.models]]
name = "seen"
bundle = "part.bundle"

[[points.models]]
name = "heard"
bundle = "part.bundle"
source = { kind = "folder", path = "others" }
"""


def point_in(folder: Path) -> Point:
    write_brightness_bundle(folder / "part.bundle", BundleRecipe(threshold=0.6))
    for name in ("parts", "others"):
        write_parts(folder / name, [GOOD_LEVEL])
    (folder / "station.toml").write_text(STATION)
    return load_station(folder / "station.toml").points[0]


def broken(_: float) -> None:
    raise RuntimeError("the light barrier is gone")


def test_a_point_watches_its_models_sources_and_keeps_the_names_of_those_before_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    point, clock, given = point_in(tmp_path), MonotonicClock(), GivenNames()
    own, beside = (build_reader(view, clock) for view in point.views)
    company = Company((), own, clock, tmp_path / "state", given=given, beside={point.views[1].name: beside})
    made = assemble(point, [load_predictor(view) for view in point.views], company)
    assert made.beside == (beside,)
    monkeypatch.setattr(own, "take", broken)
    made.pipeline.step()
    assert given.faults == 1
    for predictor in made.predictors:
        predictor.close()


@pytest.mark.parametrize("is_live", [True, False])
def test_no_part_waits_where_a_model_has_a_live_source_of_its_own(tmp_path: Path, *, is_live: bool) -> None:
    seen = point_in(tmp_path).model_copy(update={"trigger": PresenceTrigger(kind="presence")})
    clock = MonotonicClock()
    own = build_reader(seen.views[0], clock)
    beside = build_reader(seen.views[1], clock, is_beside=True)
    own.live, beside.live = True, is_live
    company = Company((), own, clock, tmp_path / "state", beside={seen.views[1].name: beside})
    made = assemble(seen, [load_predictor(view) for view in seen.views], company)
    crossings = made.crossings
    assert isinstance(crossings, Crossings)
    assert crossings._rule._may_wait is not is_live
    assert made.announced is crossings.counts
    for predictor in made.predictors:
        predictor.close()


RTSP = {"kind": "rtsp", "url": "rtsp://camera/1"}


@pytest.mark.parametrize(
    ("source", "frozen_frames", "glances"),
    [(RTSP, 2, True), (RTSP, 0, False), ({"kind": "folder", "path": "x"}, 2, False)],
)
def test_pictures_that_nobody_wants_are_looked_at_only_where_a_frozen_camera_is_looked_for(
    source: dict[str, object], frozen_frames: int, *, glances: bool
) -> None:
    settings = {"name": "gate", "bundle": "b", "source": source, "health": {"frozen_frames": frozen_frames}}
    point, clock = Point.model_validate(settings), MonotonicClock()
    reader = build_reader(point, clock)
    reader.glances = not glances
    build_trigger(point, reader, clock, threading.Event())
    assert reader.glances is glances
