from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pytest

from edge_contracts.station import Region
from edge_contracts.verdict import Cause, Outcome
from edge_runtime.lessons.lessons import OtherBundle
from edge_runtime.web.judge import Judge
from tests.fakes.models import BundleRecipe, write_brightness_bundle
from tests.fakes.parts import scores
from tests.fakes.pictures import picture, write_picture
from tests.fakes.stations import DEFECT_LEVEL, THRESHOLD
from tests.fakes.web import point_face, served_page

if TYPE_CHECKING:
    from pathlib import Path

WHOLE = Region()
DIGEST = "ab" * 32


class Model:
    """Answers what it is told to."""

    def __init__(self, answer, digest: str) -> None:
        self.answer, self.digest = answer, digest
        self.closed = False

    def predict(self, pixels):
        self.seen = pixels.shape
        return self.answer

    predict_tensor = predict

    def close(self) -> None:
        self.closed = True


def judged(folder: Path, answer, pixels=None, region: Region = WHOLE):
    model = Model(answer, DIGEST)
    face = point_face(folder, lambda: model, digest=DIGEST)
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

    def opens(digest: str) -> Model:
        opened.append(Model(scores(0.1), digest))
        return opened[-1]

    judge = Judge()
    first, second = (point_face(tmp_path, partial(opens, one), digest=one) for one in (DIGEST, "cd" * 32))
    for face in (first, first, second):
        judge.picture(face, picture(100), WHOLE)
    assert [model.closed for model in opened] == [True, False]
    judge.close()
    assert [model.closed for model in opened] == [True, True]
    judge.picture(second, picture(100), WHOLE)
    assert len(opened) == 3


def test_another_bundle_than_the_lines_judges_nothing(tmp_path: Path) -> None:
    judge, other = Judge(), Model(scores(0.1), "cd" * 32)
    face = point_face(tmp_path, lambda: other, digest=DIGEST)
    for _ in range(2):
        with pytest.raises(
            OtherBundle, match=r"the line runs \(abab.*\), found another .*\(cdcd.*\); reload the station"
        ):
            judge.picture(face, picture(100), WHOLE)
        assert other.closed
    other.digest = DIGEST
    assert judge.picture(face, picture(100), WHOLE).decision.outcome is Outcome.GOOD


def test_a_bundle_that_no_reload_has_taken_over_is_refused_on_the_page_and_by_the_protocol(tmp_path: Path) -> None:
    write_picture(tmp_path / "part.png", picture(DEFECT_LEVEL))
    with served_page(tmp_path) as page:
        bundle, old = tmp_path / "part.bundle", (tmp_path / "part.bundle").read_bytes()
        spec = page.get("/v2/models/gate").json["inputs"][0]
        values = np.zeros(spec["shape"], int).ravel().tolist()
        question = json.dumps({"inputs": [{**spec, "data": values}]}).encode()

        def asked() -> list[tuple[int, str]]:
            upload = page.post("/points/gate/judge", (tmp_path / "part.png").read_bytes())
            answers = upload, page.post("/v2/models/gate/infer", question)
            return [(one.status, one.json.get("error", one.json.get("outcome", "answered"))) for one in answers]

        write_brightness_bundle(bundle, BundleRecipe(threshold=THRESHOLD, divide_by=4.0))
        (on_page, told), (by_protocol, also) = asked()
        assert (on_page, by_protocol) == (409, 503)
        assert all(one.endswith("reload the station, or put the old file back") for one in (told, also))
        bundle.write_bytes(old)
        assert asked() == [(200, "defect"), (200, "answered")]
