from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from edge_contracts.verdict import Outcome
from edge_runtime.infer.predictor import Predictor
from training.dataset import read_dataset
from training.evaluation import Judged
from training.report.worst_pictures import MOST_SHOWN, worst

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from training.dataset import Sample


@pytest.fixture(scope="module")
def predictor(plate_bundle: Path) -> Iterator[Predictor]:
    """What draws the heat maps."""
    made = Predictor.open(plate_bundle)
    yield made
    made.close()


@pytest.fixture(scope="module")
def samples(plate_parts: Path) -> list[Sample]:
    """Ten good parts, and the six defective ones."""
    everything = read_dataset(plate_parts)
    return [one for one in everything if one.is_good][:10] + [one for one in everything if not one.is_good]


def _answers(samples: list[Sample], verdict: dict[bool, Outcome]) -> list[Judged]:
    """The score of each is its place."""
    return [
        Judged(str(one.path), one.label, one.is_good, float(place), verdict[one.is_good])
        for place, one in enumerate(samples)
    ]


@pytest.mark.parametrize(
    "verdict",
    [{True: Outcome.GOOD, False: Outcome.DEFECT}, {True: Outcome.DEFECT, False: Outcome.GOOD}],
    ids=["all judged rightly", "all judged wrongly"],
)
def test_the_worst_good_parts_score_most_and_the_worst_defects_least(
    samples: list[Sample], predictor: Predictor, verdict: dict[bool, Outcome]
) -> None:
    judged = _answers(samples, verdict)
    for is_good, expected in ((True, samples[9::-1]), (False, samples[10:])):
        found = worst(judged, samples, predictor, is_good=is_good)
        assert found is not None
        assert [one.name for one in found.pictures] == [one.path.name for one in expected[:MOST_SHOWN]]
        assert found.wrong == (0 if verdict[True] is Outcome.GOOD else len(expected))
