from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from edge_contracts.bundle import read_bundle
from training.dataset import Sample, read_dataset
from training.features.of_bundle import feature_part_of
from training.report.learning_curve import CurvePoint, learning_curve, still_rises

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.training.conftest import Draw
    from training.features.feature_part import FeaturePart


@pytest.fixture
def part(plate_bundle: Path) -> FeaturePart:
    found = feature_part_of(read_bundle(plate_bundle))
    assert found is not None
    return found


@pytest.fixture
def good_and_scratched(plate_parts: Path) -> tuple[list[Sample], list[Sample]]:
    samples = read_dataset(plate_parts)
    return [one for one in samples if one.is_good], [one for one in samples if "scratch" in one.label]


def test_a_bundle_tells_what_more_good_parts_bring(part: FeaturePart, good_and_scratched) -> None:
    good, scratched = good_and_scratched
    curve = learning_curve(part, good[:20], [*good[20:], *scratched])
    assert [one.photographs for one in curve] == [10, 20]
    assert all(0.9 <= one.auroc <= 1 for one in curve)


def test_the_half_is_drawn_from_all_and_is_not_the_first_half(
    part: FeaturePart, draw_part: Draw, save: Callable[..., Path]
) -> None:
    """Who knew the first ones alone, taken from nearer, would take each of the others for worse than any of them."""

    def drawn(name: str, label: str, seeds: range) -> list[Sample]:
        pictures = [draw_part(seed) for seed in seeds]
        if name == "near":
            pictures = [one[:60, :80].repeat(2, axis=0).repeat(2, axis=1) for one in pictures]
        return [Sample(save(f"{label}/{name}-{place}.png", one), label) for place, one in enumerate(pictures)]

    near, far = drawn("near", "good", range(10)), drawn("far", "good", range(20, 34))
    half, _ = learning_curve(part, [*near, *far[:10]], [*far[10:], *drawn("near", "dent", range(50, 54))])
    assert half.auroc > 0.5


def test_too_few_parts_or_one_kind_alone_are_no_curve(part: FeaturePart, good_and_scratched) -> None:
    good, scratched = good_and_scratched
    assert learning_curve(part, good[:12], [good[12], *scratched]) == ()
    assert learning_curve(part, good[:20], good[20:]) == ()


def test_a_rise_of_a_hundredth_is_worth_more_pictures() -> None:
    flat, steep = (CurvePoint(40, auroc, 0.0) for auroc in (0.955, 0.97))
    assert not still_rises([CurvePoint(20, 0.95, 0.0), flat])
    assert still_rises([CurvePoint(20, 0.95, 0.0), steep])
