from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_contracts.errors import BadInputError
from edge_contracts.manifest import (
    AnomalyRule,
    BoxLimit,
    BoxRule,
    ClassRule,
    FileEntry,
    Manifest,
    NoRule,
    Output,
    TensorInput,
)
from edge_contracts.verdict import Outcome
from edge_runtime.frames import Boxes, Scores
from training.confidence import auroc_interval, none_found_bound, share_interval
from training.evaluation import Judged, classes_of, judge, summarise
from training.evaluation_text import evaluation_text
from training.figures import GroupHits, Share
from training.threshold_advice import threshold_advice

if TYPE_CHECKING:
    from collections.abc import Iterable


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


def test_a_part_that_lacks_something_is_the_worst_of_all() -> None:
    """What is missing has no score, and neither has what may be there."""
    rule = BoxRule(limits={"screw": BoxLimit(at_least=1, at_most=None)})
    manifest = Manifest.model_construct(name="part", labels=("screw",), rule=rule)
    corners, labels, scores = np.array([[0, 0, 0.5, 0.5]], np.float32), np.zeros(1, np.intp), np.ones(1, np.float32)
    screw = Boxes(corners, labels, scores)
    found = [Scores(scores, None, {}, boxes=one) for one in (screw, screw.where(np.zeros(1, np.bool_)))]
    assert [judge(manifest, one) for one in found] == [(0.0, Outcome.GOOD), (float("inf"), Outcome.DEFECT)]


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
    assert (evaluation.overkill, evaluation.escape) == (Share(1, 2), Share(1, 2))
    document = evaluation.document()
    assert (document["overkill"], document["escape"]) == (0.5, 0.5)
    assert (document["samples"], document["good"], document["defective"]) == (4, 2, 2)
    assert document["confusion"] == {
        "defective called good": 1,
        "defective called unknown": 1,
        "good called defect": 1,
        "good called good": 1,
    }


def test_every_document_is_json_and_says_why_a_score_is_none() -> None:
    judged = (
        Judged("1", "good", is_good=True, score=1.5, verdict=Outcome.GOOD),
        Judged("2", "dent", is_good=False, score=float("nan"), verdict=Outcome.UNKNOWN),
        Judged("3", "lost", is_good=False, score=float("inf"), verdict=Outcome.DEFECT),
    )
    document = json.loads(json.dumps(summarise(judged, 1.0).document(), allow_nan=False))
    told = [(one["score"], one["no_score"]) for one in document["pictures"]]
    assert told == [(1.5, ""), (None, "it could not be judged"), (None, "something is missing on it")]


def test_good_parts_alone_give_overkill_and_no_auroc() -> None:
    evaluation = summarise((Judged("1", "good", is_good=True, score=1.0, verdict=Outcome.GOOD),), 1.0)
    assert (evaluation.auroc, evaluation.escape, evaluation.overkill) == (None, None, Share(0, 1))
    assert evaluation.document()["bounds"]["auroc"] is None


def test_every_figure_says_what_chance_leaves_open() -> None:
    bounds = summarise(_answers(good=20, dent=10, scratch=5), 1.0).document()["bounds"]
    assert bounds["confidence"] == 0.95
    assert bounds["auroc"]["low"] < bounds["auroc"]["value"] == bounds["auroc"]["high"] == 1.0
    assert (bounds["overkill"]["hits"], bounds["overkill"]["trials"]) == (0, 20)
    assert bounds["overkill"]["high"] == pytest.approx(0.168, abs=1e-3)
    assert bounds["escape_excluded_above"] == pytest.approx(3 / 15, rel=0.1)


def test_one_miss_excludes_nothing() -> None:
    missed = Judged("x", "dent", is_good=False, score=0.1, verdict=Outcome.GOOD)
    bounds = summarise((*_answers(good=20, dent=10), missed), 1.0).document()["bounds"]
    assert bounds["escape_excluded_above"] is None
    assert bounds["escape"]["hits"] == bounds["escape_at_5_percent_overkill"]["hits"] == 1


def test_each_label_has_its_own_figures() -> None:
    missed = Judged("x", "dent", is_good=False, score=0.1, verdict=Outcome.GOOD)
    dent, good, scratch = summarise((*_answers(good=20, dent=3, scratch=5), missed), 1.0).document()["by_label"]
    assert [one["label"] for one in (dent, good, scratch)] == ["dent", "good", "scratch"]
    assert (dent["samples"], dent["escape"]["value"], dent["auroc"]["value"]) == (4, 0.25, 0.75)
    assert (scratch["escape"]["value"], scratch["auroc"]["value"]) == (0.0, 1.0)
    assert good["overkill"]["trials"] == 20


def _answers(**labels: int) -> tuple[Judged, ...]:
    """So many pictures of each label, all judged rightly."""
    return tuple(
        Judged(f"{label}-{number}", label, label == "good", float(label != "good") + 1, _RIGHT[label == "good"])
        for label, count in labels.items()
        for number in range(count)
    )


_RIGHT = {True: Outcome.GOOD, False: Outcome.DEFECT}


def test_no_threshold_is_suggested_where_good_pictures_have_no_score() -> None:
    good = [Judged(str(number), "good", is_good=True, score=number, verdict=Outcome.GOOD) for number in range(10)]
    broken = Judged("10", "good", is_good=True, score=float("nan"), verdict=Outcome.UNKNOWN)
    assert summarise((*good, broken), 1.0).suggested_threshold is None


def test_no_threshold_is_advised_where_chance_is_not_excluded() -> None:
    manifest = _manifest(AnomalyRule(threshold=1.5))
    foreign = tuple(replace(one, score=-one.score) for one in _answers(good=20, dent=10))
    text = evaluation_text(manifest, summarise(foreign, 1.0), None)
    assert "chance (an AUROC of 0.5) is not excluded" in text
    assert "would be a threshold" not in text


def test_a_threshold_is_told_with_what_it_costs() -> None:
    high = Judged("high", "good", is_good=True, score=2.5, verdict=Outcome.DEFECT)
    judged = (*_answers(good=19, dent=10), high, replace(high, path="higher", score=2.6))
    advice = threshold_advice(_manifest(AnomalyRule(threshold=1.5)), summarise(judged, 1.0), learned=0)
    assert "would be a threshold of 2.501: it rejects 1 of 21 good ones and lets 10 of 10 defects pass" in advice
    assert "where the bundle's 1.5 rejects 2 and lets 0 pass; 'lepton threshold'" in advice


@pytest.mark.parametrize(("good", "learned", "why"), [(19, 0, "19 different good"), (20, 1, "were learned")])
def test_no_threshold_is_advised_from_few_or_learned_parts(good: int, learned: int, why: str) -> None:
    told = summarise(_answers(good=good, dent=10), 1.0)
    advice = threshold_advice(_manifest(AnomalyRule(threshold=1.5)), told, learned)
    assert "no threshold is advised" in advice
    assert why in advice
    assert advice in evaluation_text(_manifest(AnomalyRule(threshold=1.5)), told, None, learned)


@given(
    st.lists(st.integers(1, 1_000_000), min_size=20, max_size=40),
    st.lists(st.integers(1, 1_000_000), min_size=1, max_size=3),
)
def test_the_threshold_that_is_printed_parts_the_scores_as_the_exact_one_does(close: list[int], bad: list[int]) -> None:
    good = [2 + one * 1e-9 for one in close]
    judged = tuple(Judged("g", "good", is_good=True, score=one, verdict=Outcome.GOOD) for one in good)
    judged += tuple(Judged("b", "dent", is_good=False, score=3 + one, verdict=Outcome.DEFECT) for one in 20 * bad)
    evaluation = summarise(judged, 1.0)
    exact = evaluation.suggested_threshold
    advice = threshold_advice(_manifest(AnomalyRule(threshold=1.5)), evaluation, learned=0)
    assert exact is not None
    (said,) = re.findall(r"a threshold of (\S+): it", advice)
    assert [one.score >= float(said) for one in judged] == [one.score >= exact for one in judged]


def test_where_scores_lie_apart_four_digits_are_enough() -> None:
    answers = [Judged(str(place), "good", True, 2.00047, Outcome.GOOD) for place in range(20)]
    answers += [Judged(str(place), "dent", False, 9.0, Outcome.DEFECT) for place in range(20)]
    advice = threshold_advice(_manifest(AnomalyRule(threshold=1.5)), summarise(tuple(answers), 1.0), learned=0)
    assert "would be a threshold of 2.001: it rejects 0 of 20 good ones" in advice


def test_the_suggested_threshold_keeps_overkill_within_five_percent() -> None:
    good = [Judged(f"g{place}", "good", is_good=True, score=float(place), verdict=Outcome.GOOD) for place in range(40)]
    bad = [Judged("b", "dent", is_good=False, score=38.5, verdict=Outcome.GOOD)]
    evaluation = summarise((*good, *bad), 1.0)
    suggested = evaluation.suggested_threshold
    assert suggested is not None
    assert sum(one.score >= suggested for one in good) == 2
    assert bad[0].score >= suggested
    assert evaluation.escaped == ["b"]


def _shots(label: str, parts: int, shots: int, wrong: Iterable[int] = ()) -> tuple[Judged, ...]:
    """So many pictures of each of so many parts; those whose number is among the wrong ones are judged so."""
    return tuple(
        replace(one, group=f"{number // shots}", verdict=_RIGHT[(label == "good") is (number not in wrong)])
        for number, one in enumerate(_answers(**{label: parts * shots}))
    )


def test_forty_shots_of_two_defects_exclude_what_two_defects_do() -> None:
    evaluation = summarise((*_shots("good", 3, 20), *_shots("dent", 2, 20)), 1.0)
    bounds = evaluation.document()["bounds"]
    assert bounds["escape_excluded_above"] == none_found_bound(2)
    assert (bounds["escape"]["trials"], bounds["escape"]["groups"]) == (40, 2)
    assert bounds["escape"]["high"] == share_interval(0, 2).high
    assert evaluation.area is not None
    assert evaluation.area.interval == auroc_interval(1.0, 3, 2)
    text = evaluation_text(_manifest(AnomalyRule(threshold=1.5)), evaluation, None)
    assert "part: 60 good and 40 defective recordings in 3 and 2 groups" in text
    assert "escape 0.000 (0 of 40 in 2 groups, 95 % interval 0.000 to 0.842)" in text
    assert "no miss in 2 groups of defects excludes escape rates above 77.6% only" in text


def test_a_part_counts_as_wrong_where_one_of_its_pictures_is() -> None:
    """Parts 0 and 1 are wrong in some pictures, part 2 in all of them, the other seven in none."""
    overkill = summarise(_shots("good", 10, 4, wrong={0, 5, 8, 9, 10, 11}), 1.0).overkill
    assert overkill == Share(6, 40, GroupHits(some=3, all=1, trials=10))
    assert overkill.value == 6 / 40
    assert (overkill.interval.low, overkill.interval.high) == (share_interval(1, 10).low, share_interval(3, 10).high)


def test_an_interval_holds_the_share_of_pictures_however_unequal_the_groups_are() -> None:
    share = Share.of([True] * 30 + [False] * 5, ["a"] * 30 + [""] * 5)
    assert (share.groups, share.interval.high) == (6, share.value)


def test_pictures_without_a_group_are_parts_of_their_own() -> None:
    assert Share.of([True, False, False], ["", "", "a"]) == Share(1, 3)
    text = evaluation_text(_manifest(AnomalyRule(threshold=1.5)), summarise(_answers(good=20, dent=10), 1.0), None)
    assert "group" not in text


def test_classes_are_those_of_a_rule_that_names_them() -> None:
    assert classes_of(_manifest(ClassRule(good=("good", "fine")))) == {"dent": False, "good": True, "fine": True}
    assert classes_of(_manifest(AnomalyRule(threshold=1.0))) == {}
