"""What a bundle's card says against it is told; a card that is not there, or not known, says nothing."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING

import pytest

from edge_contracts.card import Card, GateResult
from edge_runtime.config import load_station
from edge_runtime.inspection.doubts import doubts
from edge_runtime.model_loading import load_predictor
from tests.fakes.models import BundleRecipe
from tests.fakes.stations import FOLDER, write_parts, write_station

if TYPE_CHECKING:
    from pathlib import Path


def card(verdict: str) -> bytes:
    gate = GateResult(verdict=verdict, samples=8)
    made = Card(created=datetime(2026, 5, 4, tzinfo=timezone.utc), tool="t", profile="x", calibration="c", gate=gate)
    return made.model_dump_json().encode()


def told(folder: Path, content: bytes | None, point: str = FOLDER) -> list[str]:
    write_parts(folder / "parts", [100])
    station = write_station(folder, point, recipe=BundleRecipe(threshold=0.6, card=content))
    (view,) = load_station(station).points
    predictor = load_predictor(view)
    try:
        return [str(one) for one in doubts(view, predictor)]
    finally:
        predictor.close()


@pytest.mark.parametrize(
    ("verdict", "word"), [("forced", "packed with --force"), ("reported", "calibrated with random inputs")]
)
def test_a_bundle_whose_accuracy_nobody_vouches_for_is_told(tmp_path: Path, verdict: str, word: str) -> None:
    (said,) = told(tmp_path, card(verdict))
    assert word in said
    assert "part.bundle" in said


@pytest.mark.parametrize("content", [None, b"{}", card("passed")], ids=["none", "another", "passed"])
def test_what_says_nothing_against_itself_is_not_doubted(tmp_path: Path, content: bytes | None) -> None:
    assert told(tmp_path, content) == []


def test_a_threshold_far_from_the_bundles_own_is_told_beside_it(tmp_path: Path) -> None:
    assert len(told(tmp_path, card("forced"), FOLDER + "threshold = 1e9\n")) == 2
