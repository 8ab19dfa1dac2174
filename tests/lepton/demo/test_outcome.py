"""The demo's table is counted from the run: nothing that went wrong can look right."""

from hypothesis import given
from hypothesis import strategies as st

from lepton.demo.film import PartTruth
from lepton.demo.outcome import Judged, count

SPACING = 13


def truth(*defects):
    return [
        PartTruth(index, SPACING * index, SPACING * index + 10, SPACING * index + 5, defect)
        for index, defect in enumerate(defects)
    ]


def verdict(index, outcome, *, late=0):
    return Judged(f"{index + 1:06d}", outcome, SPACING * index + 5 + late, 4.0)


def test_each_part_is_counted_once_and_by_its_truth():
    judged = [verdict(0, "good"), verdict(1, "defect", late=1), verdict(2, "defect"), verdict(3, "good", late=-2)]
    outcome = count(truth(None, "scratch", None, "dent"), judged, ["000002", "000003"])
    assert (outcome.parts, outcome.defective, outcome.found, outcome.escapes) == (4, 2, 1, 1)
    assert (outcome.good, outcome.overkill, outcome.unknown, outcome.unjudged) == (2, 1, 0, 0)
    assert outcome.missed == {"dent": (1, 1), "scratch": (0, 1)}
    assert (outcome.alerts, outcome.stored, outcome.lost) == (2, 2, 0)


def test_an_unknown_part_is_found_because_it_is_rejected():
    outcome = count(truth("scratch"), [verdict(0, "unknown")], ["000001"])
    assert (outcome.found, outcome.escapes, outcome.unknown) == (1, 0, 1)


def test_a_defective_part_without_a_verdict_is_an_escape():
    outcome = count(truth("scratch", None), [verdict(1, "good")], [])
    assert (outcome.escapes, outcome.unjudged) == (1, 1)


def test_a_verdict_far_from_every_part_is_counted_as_one_too_many():
    outcome = count(truth(None), [verdict(0, "good"), verdict(0, "defect", late=6)], ["000001"])
    assert (outcome.doubled, outcome.unjudged) == (1, 0)


def test_an_alert_that_nobody_stored_is_lost():
    outcome = count(truth("dent"), [verdict(0, "defect")], [])
    assert (outcome.stored, outcome.lost) == (0, 1)


@given(
    st.lists(
        st.tuples(st.sampled_from([None, "dent"]), st.sampled_from(["good", "defect", "unknown", None])), max_size=20
    )
)
def test_the_counts_always_add_up(line):
    judged = [verdict(index, outcome) for index, (_, outcome) in enumerate(line) if outcome]
    outcome = count(truth(*(defect for defect, _ in line)), judged, [])
    assert outcome.found + outcome.escapes == outcome.defective
    assert outcome.defective + outcome.good == outcome.parts == len(line)
    assert outcome.unjudged == sum(said is None for _, said in line)
    assert outcome.lost == outcome.alerts == sum(said in {"defect", "unknown"} for _, said in line)
