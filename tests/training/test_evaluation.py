from __future__ import annotations

import numpy as np
import pytest

from edge_contracts.errors import BadInputError
from edge_contracts.manifest import AnomalyRule, ClassRule, FileEntry, Manifest, NoRule, Output, TensorInput
from edge_contracts.verdict import Outcome
from edge_runtime.frames import Scores
from training.evaluation import Judged, judge, summarise


def _manifest(rule: AnomalyRule | ClassRule | NoRule) -> Manifest:
    classes = isinstance(rule, ClassRule)
    return Manifest(
        name="part",
        sequence=1,
        task="classification" if classes else "anomaly",
        labels=("dent", "good", "fine") if classes else (),
        precision="float32",
        profile="none",
        runtime="tflite",
        input=TensorInput(tensor="x", shape=(1, 4), dtype="float32"),
        outputs=(Output(tensor="y", role="probabilities" if classes else "score", shape=(1,), dtype="float32"),),
        rule=rule,
        files=(FileEntry(path="model.tflite", bytes=1, sha256="0" * 64),),
    )


def _scores(*values: float) -> Scores:
    return Scores(np.array(values, np.float32), None, {})


@pytest.mark.parametrize(
    ("score", "verdict"), [(0.99, "good"), (1.0, "defect"), (5.0, "defect"), (float("nan"), "unknown")]
)
def test_a_score_that_reaches_the_threshold_is_a_defect(score: float, verdict: str) -> None:
    manifest = _manifest(AnomalyRule(threshold=1.0))
    assert judge(manifest, _scores(score))[1] == verdict


@pytest.mark.parametrize(
    ("values", "score", "verdict"),
    [([0.1, 0.7, 0.2], 0.1, "good"), ([0.8, 0.1, 0.1], 0.8, "defect"), ([0.3, 0.4, 0.3], 0.3, "unknown")],
)
def test_classes_are_judged_by_the_best_and_scored_by_the_good(values: list[float], score: float, verdict: str) -> None:
    manifest = _manifest(ClassRule(good=("good", "fine"), min_confidence=0.5))
    found, answer = judge(manifest, _scores(*values))
    assert found == pytest.approx(score)
    assert answer == verdict


def test_a_bundle_without_a_rule_does_not_judge() -> None:
    with pytest.raises(BadInputError, match="only measures"):
        judge(_manifest(NoRule()), _scores(1.0))


def test_the_figures_count_what_was_judged() -> None:
    judged = (
        Judged("1", "good", is_good=True, score=1.0, verdict=Outcome.GOOD),
        Judged("2", "good", is_good=True, score=3.0, verdict=Outcome.DEFECT),
        Judged("3", "dent", is_good=False, score=2.0, verdict=Outcome.GOOD),
        Judged("4", "dent", is_good=False, score=float("nan"), verdict=Outcome.UNKNOWN),
    )
    evaluation = summarise(judged, 1.5)
    assert evaluation.auroc == pytest.approx(3 / 4)
    assert (evaluation.overkill, evaluation.escape) == (0.5, 0.5)
    document = evaluation.document()
    assert (document["samples"], document["good"], document["defective"]) == (4, 2, 2)
    assert document["confusion"] == {
        "defective called good": 1,
        "defective called unknown": 1,
        "good called defect": 1,
        "good called good": 1,
    }


def test_good_parts_alone_give_overkill_and_no_auroc() -> None:
    evaluation = summarise((Judged("1", "good", is_good=True, score=1.0, verdict=Outcome.GOOD),), 1.0)
    assert (evaluation.auroc, evaluation.escape, evaluation.overkill) == (None, None, 0.0)


def test_the_suggested_threshold_keeps_overkill_within_five_percent() -> None:
    good = [Judged(f"g{place}", "good", is_good=True, score=float(place), verdict=Outcome.GOOD) for place in range(40)]
    bad = [Judged("b", "dent", is_good=False, score=38.5, verdict=Outcome.GOOD)]
    evaluation = summarise((*good, *bad), 1.0)
    suggested = evaluation.suggested_threshold
    assert suggested is not None
    assert sum(one.score >= suggested for one in good) == 2
    assert bad[0].score >= suggested
    assert evaluation.escaped == ["b"]
