"""What a whole daemon notices of its own work: scores that drift, a camera that was moved, pictures worth keeping."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import numpy as np

from edge_contracts.manifest import AnomalyRule, ScoreReference
from tests.edge_runtime.test_picture_health import scene
from tests.fakes.models import BundleRecipe
from tests.fakes.pictures import write_film, write_picture
from tests.fakes.stations import (
    DEFECT_LEVEL,
    FOLDER,
    GOOD_LEVEL,
    THRESHOLD,
    StopWhenLogged,
    run_station,
    write_parts,
    write_station,
)

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

ENDLESS = 'source = { kind = "folder", path = "parts", repeat = true }\n'


def test_scores_that_are_not_those_of_the_bundle_are_told_with_a_cause(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_parts(tmp_path / "parts", [GOOD_LEVEL] * 5)
    quantiles = tuple(np.linspace(0.2, 0.3, 21).tolist())
    rule = AnomalyRule(threshold=THRESHOLD, reference=ScoreReference(quantiles=quantiles, samples=200))
    recipe = BundleRecipe(changes={"rule": rule})
    watch = "[drift]\nwindow = 100\n[board]\nperiod_s = 0.5\n"
    station = write_station(tmp_path, ENDLESS, recipe=recipe, more=watch)
    verdicts, _ = run_station(station, lines=StopWhenLogged(caplog, "drift (gate)"))
    assert "the last 100 scores are higher than those of good parts were" in caplog.text
    assert {verdict["outcome"] for verdict in verdicts} == {"good"}


def test_parts_seen_by_a_camera_that_was_moved_are_unknown(tmp_path: Path) -> None:
    write_film(tmp_path / "line.avi", [scene(0, seed) for seed in range(10)] + [scene(32, seed) for seed in range(10)])
    write_picture(tmp_path / "place.png", scene(0, 99))
    source = (
        'source = { kind = "video", path = "line.avi", pace = "fast" }\nhealth = { moved_reference = "place.png" }\n'
    )
    verdicts, _ = run_station(write_station(tmp_path, source))
    assert [verdict["cause"] == "moved" for verdict in verdicts] == [False] * 14 + [True] * 6
    assert {verdict["outcome"] for verdict in verdicts[14:]} == {"unknown"}


def test_samples_of_good_parts_and_clips_of_defects_are_kept_where_asked_for(tmp_path: Path) -> None:
    write_parts(tmp_path / "parts", [GOOD_LEVEL] * 5 + [DEFECT_LEVEL] + [GOOD_LEVEL] * 4)
    more = "[evidence]\ngood_every = 5\nclip_before = 2\nclip_after = 2\n"
    run_station(write_station(tmp_path, FOLDER, more=more))
    evidence = tmp_path / "state" / "evidence"
    assert {path.name for path in evidence.iterdir()} == {"good", "clip", "defect-anomaly"}
    (clip,) = evidence.glob("clip/*/*.zip")
    with zipfile.ZipFile(clip) as archive:
        assert len(archive.namelist()) == 1 + 5


def test_a_clip_that_is_open_when_the_pictures_end_is_kept(tmp_path: Path) -> None:
    write_parts(tmp_path / "parts", [GOOD_LEVEL] * 3 + [DEFECT_LEVEL, GOOD_LEVEL])
    run_station(write_station(tmp_path, FOLDER, more="[evidence]\nclip_before = 2\nclip_after = 3\n"))
    (clip,) = (tmp_path / "state" / "evidence").glob("clip/*/*.zip")
    with zipfile.ZipFile(clip) as archive:
        assert len(archive.namelist()) == 1 + 4
