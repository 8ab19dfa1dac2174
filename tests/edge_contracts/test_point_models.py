"""What a point with one bundle, or with several models, may say."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from edge_contracts.station import Alerting, Mask, Point, Region, Tiles

FOLDER = {"kind": "folder", "path": "/pictures"}


def point(**values: Any) -> Point:
    return Point.model_validate({"name": "belt", "source": FOLDER} | values)


def model(name: str, **values: Any) -> dict[str, Any]:
    return {"name": name, "bundle": f"/{name}.bundle"} | values


def test_a_point_with_one_bundle_is_its_own_view() -> None:
    one = point(bundle="/part.bundle", threshold=3)
    assert one.views == (one,)


def test_each_model_has_a_view_with_its_own_settings_and_the_points_region() -> None:
    sound = {"kind": "folder", "path": "/sounds"}
    several = point(
        region={"x": 0.5, "width": 0.5},
        models=[
            model("dents", threshold=3, thresholds={"dent": 2}, tiles={"columns": 2}, threads=2),
            model("hum", source=sound, region={"y": 0.5, "height": 0.5}),
        ],
    )
    dents, hum = several.views
    assert (dents.name, dents.bundle, dents.threshold, dents.threads) == ("belt/dents", "/dents.bundle", 3, 2)
    assert (dents.region, dents.source, dents.thresholds) == (several.region, several.source, {"dent": 2})
    assert (hum.region, hum.source.path, hum.threshold, hum.tiles) == (Region(y=0.5, height=0.5), "/sounds", None, None)
    assert not dents.models


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "neither": ({}, "wanted either bundle or .*, found neither"),
    "both": ({"bundle": "/b", "models": [model("a")]}, "found both|belongs into"),
    "a threshold beside models": ({"models": [model("a")], "threshold": 1}, "threshold belongs into"),
    "two of a name": ({"models": [model("a"), model("a")]}, "different names"),
    "a gate alone": ({"models": [model("a", gate=True)]}, "a gate is the first"),
    "a gate behind": ({"models": [model("a"), model("b", gate=True)]}, "a gate is the first"),
    "two gates": ({"models": [model("a", gate=True), model("b", gate=True), model("c")]}, "a gate is the first"),
    "a gate elsewhere": ({"models": [model("a", gate=True, source=FOLDER), model("b")]}, "leave its source out"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_cannot_be_meant_is_refused(what: str) -> None:
    values, says = WRONG[what]
    with pytest.raises(ValidationError, match=says):
        point(**values)


@pytest.mark.parametrize(("table", "values"), [
    (Mask, {}),
    (Mask, {"path": "m.png", "polygons": [[[0, 0], [1, 0], [1, 1]]]}),
    (Mask, {"polygons": [[[0, 0], [1, 0]]]}),
    (Tiles, {}),
    (Tiles, {"columns": 2, "reduction": 1.0}),
    (Tiles, {"columns": 9, "rows": 9}),
    (Alerting, {"defects": 3, "of": 2}),
])  # fmt: skip
def test_a_table_that_says_nothing_or_too_much_is_refused(table: Any, values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        table.model_validate(values)
