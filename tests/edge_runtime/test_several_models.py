"""A running daemon with several models per point, masks and tiles: the configuration's words reach the parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest

from edge_contracts.bundle import BundleRejected
from edge_contracts.errors import BadInputError
from tests.fakes.models import BundleRecipe, write_brightness_bundle
from tests.fakes.pictures import HEIGHT_PX, WIDTH_PX, picture, write_picture
from tests.fakes.stations import DEFECT_LEVEL, GOOD_LEVEL, run_station, write_parts, write_station

if TYPE_CHECKING:
    from pathlib import Path

HEAD = '[station]\norg = "acme"\nsite = "north"\ndevice = "line-1"\n\n[[points]]\nname = "belt"\n'
FOLDER = 'source = { kind = "folder", path = "parts" }\n'
RIGHT_IS_BRIGHT = np.concatenate(
    [picture(GOOD_LEVEL)[:, : WIDTH_PX // 2], picture(DEFECT_LEVEL)[:, WIDTH_PX // 2 :]], axis=1
)


def station(folder: Path, text: str, *, limits: dict[str, float] | None = None) -> Path:
    """Bundles named like their thresholds' keys, and a configuration."""
    for name, threshold in (limits or {"gate": 0.3, "strict": 0.6, "lax": 0.9}).items():
        write_brightness_bundle(folder / f"{name}.bundle", BundleRecipe(threshold=threshold))
    path = folder / "station.toml"
    path.write_text(HEAD + FOLDER + text)
    return path


def model(name: str, bundle: str, more: str = "") -> str:
    return f'[[points.models]]\nname = "{name}"\nbundle = "{bundle}.bundle"\n{more}\n'


def outcomes(verdicts: list[dict[str, Any]]) -> list[str]:
    return [verdict["outcome"] for verdict in verdicts]


def test_a_gate_then_two_models_judge_each_part(tmp_path: Path) -> None:
    write_parts(tmp_path / "parts", [40, GOOD_LEVEL, DEFECT_LEVEL])
    models = model("gate", "gate", "gate = true") + model("strict", "strict") + model("lax", "lax")
    verdicts, summary = run_station(station(tmp_path, models))
    assert outcomes(verdicts) == ["good", "good", "defect"]
    said = [[(one["model"], one["outcome"]) for one in verdict["models"]] for verdict in verdicts]
    assert said[0] == [("gate", "good")]
    assert said[1] == [("gate", "defect"), ("strict", "good"), ("lax", "good")]
    assert said[2] == [("gate", "defect"), ("strict", "defect"), ("lax", "good")]
    assert verdicts[2]["model"] == verdicts[2]["models"][1]["bundle"]
    assert verdicts[2]["grade"] == "major"
    assert summary.left_behind == 0


def test_with_all_both_models_must_find_it(tmp_path: Path) -> None:
    write_parts(tmp_path / "parts", [DEFECT_LEVEL, 240])
    models = 'join = "all"\n' + model("strict", "strict") + model("lax", "lax")
    assert outcomes(run_station(station(tmp_path, models))[0]) == ["good", "defect"]


def test_a_model_with_a_source_of_its_own_judges_the_same_parts(tmp_path: Path) -> None:
    write_parts(tmp_path / "parts", [GOOD_LEVEL] * 3)
    write_parts(tmp_path / "others", [GOOD_LEVEL, DEFECT_LEVEL, GOOD_LEVEL])
    beside = model("beside", "strict", 'source = { kind = "folder", path = "others" }')
    verdicts, summary = run_station(station(tmp_path, model("own", "strict") + beside))
    assert outcomes(verdicts) == ["good", "defect", "good"]
    assert verdicts[1]["reason"].startswith("beside: ")
    assert summary.left_behind == 0


def test_when_the_other_source_ends_no_part_is_good(tmp_path: Path) -> None:
    write_parts(tmp_path / "parts", [GOOD_LEVEL] * 3)
    write_parts(tmp_path / "others", [GOOD_LEVEL])
    beside = model("beside", "strict", 'source = { kind = "folder", path = "others" }')
    verdicts, _ = run_station(station(tmp_path, "deadline_ms = 200\n" + model("own", "strict") + beside))
    assert [(verdict["outcome"], verdict["cause"]) for verdict in verdicts[1:]] == [("unknown", "no-frame")] * 2


def test_what_is_masked_makes_no_defect(tmp_path: Path) -> None:
    write_parts(tmp_path / "parts", [])
    write_picture(tmp_path / "parts" / "00.png", RIGHT_IS_BRIGHT)
    bundle = 'bundle = "strict.bundle"\ntiles = { columns = 2, overlap = 0.0 }\n'
    assert outcomes(run_station(station(tmp_path, bundle))[0]) == ["defect"]
    left = "mask = { polygons = [[[0, 0], [0.5, 0], [0.5, 1], [0, 1]]] }\n"
    assert outcomes(run_station(station(tmp_path, bundle + left))[0]) == ["good"]
    plane = np.zeros((HEIGHT_PX, WIDTH_PX), np.uint8)
    plane[:, : WIDTH_PX // 2] = 255
    cv2.imwrite(str(tmp_path / "mask.png"), plane)
    assert outcomes(run_station(station(tmp_path, bundle + 'mask = { path = "mask.png" }\n'))[0]) == ["good"]


def test_tiles_see_what_the_whole_averages_away(tmp_path: Path) -> None:
    write_parts(tmp_path / "parts", [])
    write_picture(tmp_path / "parts" / "00.png", RIGHT_IS_BRIGHT)
    whole = 'bundle = "lax.bundle"\nthreshold = 0.7\n'
    assert outcomes(run_station(station(tmp_path, whole))[0]) == ["good"]
    assert outcomes(run_station(station(tmp_path, whole + "tiles = { columns = 2 }\n"))[0]) == ["defect"]


def test_a_mask_of_another_aspect_is_refused_at_the_start(tmp_path: Path) -> None:
    write_parts(tmp_path / "parts", [GOOD_LEVEL])
    cv2.imwrite(str(tmp_path / "mask.png"), np.full((90, 160), 255, np.uint8))
    text = 'bundle = "strict.bundle"\nmask = { path = "mask.png" }\n'
    with pytest.raises(BadInputError, match=r"inspection point belt: wanted a mask in the aspect .* found .*160×90"):
        run_station(station(tmp_path, text))


@pytest.mark.parametrize(("text", "says"), [
    (model("a", "none"), r"points\.0\.models\.0\.bundle: wanted a bundle"),
    ('bundle = "strict.bundle"\nmask = { path = "none.png" }\n', r"points\.0\.mask\.path: wanted a PNG"),
    (model("a", "strict", 'source = { kind = "folder", path = "none" }'), r"models\.0\.source\.path: wanted a folder"),
    ("", "wanted either bundle"),
])  # fmt: skip
def test_what_is_missing_is_named_where_it_stands(tmp_path: Path, text: str, says: str) -> None:
    write_parts(tmp_path / "parts", [GOOD_LEVEL])
    with pytest.raises(BadInputError, match=says):
        run_station(station(tmp_path, text))


def test_a_bundle_that_cannot_be_used_leaves_no_other_loaded(tmp_path: Path) -> None:
    write_parts(tmp_path / "parts", [GOOD_LEVEL])
    path = station(tmp_path, model("first", "strict") + model("second", "lax"))
    (tmp_path / "lax.bundle").write_text("no bundle")
    with pytest.raises(BundleRejected, match="wanted a bundle"):
        run_station(path)


def test_a_point_with_one_bundle_says_nothing_of_models(tmp_path: Path) -> None:
    write_parts(tmp_path / "parts", [DEFECT_LEVEL])
    verdicts, _ = run_station(write_station(tmp_path))
    assert verdicts[0]["models"] == []


def test_pictures_in_which_nothing_moved_are_no_parts(tmp_path: Path) -> None:
    write_parts(tmp_path / "parts", [GOOD_LEVEL, DEFECT_LEVEL])
    for number in range(2, 5):
        write_picture(tmp_path / "parts" / f"0{number}.png", picture(DEFECT_LEVEL, seed=1))
    write_picture(tmp_path / "parts" / "05.png", picture(GOOD_LEVEL))
    moving = 'bundle = "strict.bundle"\ntrigger = { kind = "frame", motion = { levels = 30 } }\n'
    verdicts, summary = run_station(station(tmp_path, moving))
    assert [verdict["part"] for verdict in verdicts] == ["00.png", "01.png", "05.png"]
    assert outcomes(verdicts) == ["good", "defect", "good"]
    assert (summary.good, summary.defect, summary.unknown) == (2, 1, 0)


def test_alerts_of_single_defects_may_wait_for_more(tmp_path: Path) -> None:
    write_parts(tmp_path / "parts", [DEFECT_LEVEL, GOOD_LEVEL, DEFECT_LEVEL, DEFECT_LEVEL])
    text = 'bundle = "strict.bundle"\nalerting = { defects = 2, of = 2 }\n'
    verdicts, summary = run_station(station(tmp_path, text))
    assert outcomes(verdicts) == ["defect", "good", "defect", "defect"]
    assert summary.spooled == 1
