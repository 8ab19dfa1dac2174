from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from training.detectors import selection
from training.detectors.copies import Copies
from training.detectors.gauss import fit_gauss
from training.detectors.kinds import detector_kinds
from training.detectors.learn import Backbone, learn
from training.detectors.selection import MOST_LOOKED_AT, _spread_over, select
from training.features.gabor import gabor_features

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy as np


def test_every_kind_is_tried_and_fine_layers_where_the_network_has_one(
    data: Path, good_parts: list[np.ndarray]
) -> None:
    file = data / "coral-test-data/mobilenet_v1_0.25_128_quant.tflite"
    found = learn(good_parts[:12], backbone=Backbone(file.read_bytes(), file.name)).selection
    assert [(one.kind, one.stride_px) for one in found.trials] == [
        *((kind, 16) for kind in detector_kinds()),
        ("gauss", 8),
        ("memory", 8),
    ]
    assert found.kind in detector_kinds()
    assert found.stride_px in {8, 16}


@pytest.mark.parametrize("kind", ["memory", "student"])
def test_a_kind_that_is_asked_for_is_taken(kind: str, good_parts: list[np.ndarray]) -> None:
    found = learn(good_parts[:12], kind=kind)
    assert (found.selection.kind, found.selection.trials) == (kind, ())
    assert found.model == learn(good_parts[:12], kind=kind).model


def test_many_photographs_are_chosen_by_some_of_them(
    draw_part: Callable[..., np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selection, "detector_kinds", lambda: {"gauss": fit_gauss})
    looked_at = []

    class Counted(list[str]):
        def __getitem__(self, place: int) -> str:  # type: ignore[override]
            looked_at.append(place)
            return super().__getitem__(place)

    frames = [draw_part(seed, height=96, width=96) for seed in range(8)] * 10
    select({16: gabor_features(96, 96)}, frames, Counted(str(number) for number in range(80)), Copies(0), 0)
    assert len(looked_at) == MOST_LOOKED_AT


def test_the_parts_that_are_looked_at_are_of_many_groups() -> None:
    places = _spread_over(["tray"] * 500 + [str(number) for number in range(20)])
    assert len(places) == MOST_LOOKED_AT
    assert {0, *range(500, 520)} < set(places)
    assert _spread_over([str(number) for number in range(119)]) == list(range(0, 119, 2))
