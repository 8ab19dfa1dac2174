from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from edge_contracts.station import Region
from edge_contracts.verdict import Cause, Outcome
from edge_runtime.web.judge import Judge
from tests.fakes.parts import scores
from tests.fakes.pictures import picture
from tests.fakes.web import point_face

if TYPE_CHECKING:
    from pathlib import Path

WHOLE = Region()


class Model:
    """Answers what it is told to."""

    def __init__(self, answer) -> None:
        self.answer = answer
        self.closed = False

    def predict(self, pixels):
        self.seen = pixels.shape
        return self.answer

    predict_tensor = predict

    def close(self) -> None:
        self.closed = True


def judged(folder: Path, answer, pixels=None, region: Region = WHOLE):
    model = Model(answer)
    face = point_face(folder, lambda: model)
    return Judge().picture(face, picture(100) if pixels is None else pixels, region), model


def test_a_picture_is_judged_as_the_line_would(tmp_path: Path) -> None:
    found, _ = judged(tmp_path, scores(0.7, heat=0.7))
    assert (found.decision.outcome, found.decision.threshold) == (Outcome.DEFECT, 0.6)
    assert found.heat_map is not None


def test_only_the_region_is_judged(tmp_path: Path) -> None:
    _, model = judged(tmp_path, scores(0.1), region=Region(x=0.5, width=0.5))
    assert model.seen == (48, 32, 3)


@pytest.mark.parametrize(("level", "cause"), [(0, Cause.DARK), (255, Cause.OVEREXPOSED)])
def test_what_the_line_would_not_judge_is_unknown_here_too(tmp_path: Path, level: int, cause: Cause) -> None:
    found, _ = judged(tmp_path, scores(0.0), np.full((48, 64, 3), level, np.uint8))
    assert (found.decision.outcome, found.decision.cause) == (Outcome.UNKNOWN, cause)


def test_a_model_that_says_no_number_judges_nothing_good(tmp_path: Path) -> None:
    found, _ = judged(tmp_path, scores(float("nan"), heat=float("nan")))
    assert (found.decision.outcome, found.decision.cause) == (Outcome.UNKNOWN, Cause.NOT_A_NUMBER)
    assert found.heat_map is None


def test_a_model_is_opened_once_and_again_for_another_bundle(tmp_path: Path) -> None:
    opened: list[Model] = []

    def opens() -> Model:
        opened.append(Model(scores(0.1)))
        return opened[-1]

    judge = Judge()
    first, second = point_face(tmp_path, opens), point_face(tmp_path, opens, digest="cd" * 32)
    for face in (first, first, second):
        judge.picture(face, picture(100), WHOLE)
    assert [model.closed for model in opened] == [True, False]
    judge.close()
    assert [model.closed for model in opened] == [True, True]
    judge.picture(second, picture(100), WHOLE)
    assert len(opened) == 3
