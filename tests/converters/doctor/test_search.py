"""The search finds the operators that pay, and keeps to its budget."""

import pytest

from converters.doctor import Budget, Patient, examine, give_back
from converters.doctor.cost import time_ratio
from converters.doctor.layers import examine_layers
from converters.doctor.search import search, sensitivity
from converters.doctor.trial_room import TrialRoom
from converters.isolation.forking import forked_children
from converters.tflite import write_tflite

ROOMY = Budget(operators=2, time_ratio=10.0)


@pytest.fixture(scope="module", autouse=True)
def children():
    """A conversion forks them, too."""
    with forked_children():
        yield


def room(pair, feeds):
    return TrialRoom.over(pair, feeds, 12, classes=False)


def treated(pair, feeds, budget=ROOMY, **changes):
    patient = Patient(pair, pair, feeds)
    return give_back(patient, examine(patient), budget, **changes)


@pytest.fixture(scope="module")
def two_given_back(spoilt_activation, feeds):
    return treated(spoilt_activation, feeds)


def test_the_spoilt_operator_is_the_most_sensitive(spoilt_weights, feeds):
    gains = sensitivity(room(spoilt_weights, feeds), examine_layers(spoilt_weights, feeds), ROOMY)
    assert max(gains, key=gains.__getitem__) == "conv0"
    assert gains["conv0"] > 10


def test_one_spoilt_operator_is_all_that_is_given_back(spoilt_weights, feeds):
    done = treated(spoilt_weights, feeds, Budget(operators=1, time_ratio=10.0))
    assert done.findings.islands.kept_float == ("conv0",)


def test_neighbours_are_given_back_together(two_given_back):
    assert two_given_back.findings.islands.kept_float == ("conv2", "conv3")


def test_what_ships_is_what_was_measured(two_given_back):
    chosen = next(point for point in two_given_back.findings.islands.points if point.chosen)
    assert len(write_tflite(two_given_back.graph)) == chosen.bytes


def test_the_same_samples_give_the_same_choice(two_given_back, spoilt_activation, feeds):
    assert write_tflite(treated(spoilt_activation, feeds).graph) == write_tflite(two_given_back.graph)


def test_no_mixture_is_dearer_than_its_budget(spoilt_activation, feeds):
    one = Budget(operators=1, time_ratio=1.2)
    points = treated(spoilt_activation, feeds, one).findings.islands.points
    assert all(len(point.operators) <= 1 and point.estimated_ratio <= 1.2 for point in points)


def test_a_budget_that_allows_nothing_leaves_int8_alone(spoilt_activation, feeds):
    done = treated(spoilt_activation, feeds, Budget(operators=2, time_ratio=1.0))
    assert done.findings.islands.kept_float == ()
    assert write_tflite(done.graph) == write_tflite(spoilt_activation.shipped)
    assert "no mixture" in done.findings.islands.reason


def test_no_more_models_are_tried_than_the_budget_says(spoilt_activation, feeds):
    small = Budget(operators=4, time_ratio=10.0, models=9, alone=4)
    tried = room(spoilt_activation, feeds)
    search(tried, sensitivity(tried, examine_layers(spoilt_activation, feeds), small), small)
    assert len(tried.tried) <= 9


def test_the_cheapest_mixture_that_the_gate_passes_is_taken(spoilt_activation, feeds):
    seen = []

    def accepts(graph):
        seen.append(graph)
        return len(seen) == 1

    done = treated(spoilt_activation, feeds, Budget(operators=4, time_ratio=10.0), accepts=accepts)
    assert len(seen) == 1
    assert len(done.findings.islands.kept_float) == 1
    assert done.findings.islands.points[-1].chosen


def test_the_search_ends_where_the_gate_is_content(spoilt_activation, feeds):
    budget = Budget(operators=4, time_ratio=10.0)
    short = treated(spoilt_activation, feeds, budget, accepts=lambda _: True).findings.islands
    assert short.tried < treated(spoilt_activation, feeds, budget).findings.islands.tried
    assert "the fewest that the gate lets pass" in short.reason


def test_where_the_gate_passes_none_the_best_is_kept_and_said(spoilt_activation, feeds):
    done = treated(spoilt_activation, feeds, accepts=lambda _: False)
    assert done.findings.islands.kept_float == ("conv2", "conv3")
    assert "the gate lets none pass" in done.findings.islands.reason


def test_no_listed_point_beats_another_in_everything(two_given_back):
    points = two_given_back.findings.islands.points
    figures = [(-point.output_db, point.estimated_ratio, point.bytes) for point in points if point.operators]
    assert len(figures) > 1
    for one in figures:
        assert not [two for two in figures if two != one and all(a <= b for a, b in zip(two, one, strict=True))]


def test_a_person_reads_three_lines(spoilt_weights, feeds):
    said = treated(spoilt_weights, feeds, Budget(operators=1, time_ratio=10.0)).findings.sentences
    assert len(said) == 3
    assert "rounded weights make" in said[0]
    assert "conv0" in said[1]
    assert said[2].startswith("float: conv0; ")


def test_a_sound_model_is_told_to_be_sound(sound, feeds):
    found = examine(Patient(sound, sound, feeds))
    assert found.cause == "none"
    assert len(found.sentences) == 1


def test_more_float_is_estimated_to_take_more_time(sound):
    names = ["conv0", "conv1", "conv2", "conv3", "conv4", "out"]
    ratios = [time_ratio(sound.original, set(names[:count]), set(names)) for count in range(7)]
    assert ratios[0] == 1
    assert ratios[:5] == sorted(ratios[:5])
    assert ratios[-1] == pytest.approx(2, abs=0.1)
