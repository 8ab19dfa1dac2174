"""What the page makes of the card's details: layers, islands, sizes, zeros, accelerators, confusion, kernels."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from converters.gate.confusion import Confused, Confusion
from converters.report import render
from converters.report.calibration import coverage
from converters.report.delegates import delegates
from converters.report.islands import islands
from converters.report.layers import decibels, layers
from converters.report.matrix import matrix
from converters.report.size import size, zeros
from tests.converters.report import findings
from tests.converters.report.test_page import MOST_BYTES, XSS, Outline

SECTIONS = {
    "layers": "Layers",
    "islands": "Float islands",
    "size": "Size",
    "calibration": "Calibration",
    "delegates": "Accelerators",
}


@pytest.fixture
def examined(classifier):
    """A labelled classifier whose card has every detail, compared with both kernel sets."""
    first = replace(classifier.page.comparison, kernels="litert 2.3.0, xnnpack", accuracy=0.75, accuracy_float=0.875)
    other = replace(first, kernels="litert 2.3.0, builtin", accuracy=0.8125)
    samples = tuple(
        replace(sample, label=("good", "scratch")[place % 2]) for place, sample in enumerate(classifier.page.samples)
    )
    card = classifier.page.card.model_copy(update={"details": findings.details()})
    page = replace(classifier.page, card=card, comparison=replace(first, other=other), samples=samples)
    return replace(classifier, page=page)


def with_details(printed, details):
    card = printed.page.card.model_copy(update={"details": details})
    return Outline(render(replace(printed.page, card=card), printed.bundle))


def test_every_detail_gets_its_section_and_none_without_it(examined):
    page = Outline(render(examined.page, examined.bundle))
    assert all(section in page.words for section in [*SECTIONS.values(), "Confusion"])
    bare = with_details(examined, {})
    assert not {section["aria-labelledby"] for section in bare.all("section")} & set(SECTIONS)


def test_every_drawing_of_the_findings_is_also_said(examined):
    page = Outline(render(examined.page, examined.bundle))
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    for drawing in page.all("svg"):
        named = set(drawing.get("aria-labelledby", "").split()) & set(ids)
        assert drawing.get("aria-hidden") == "true" or (
            drawing["role"] == "img" and (named or drawing.get("aria-label"))
        )
    assert all("scope" in header for header in page.all("th"))
    assert all(region["tabindex"] == "0" for region in page.all("div") if region.get("role") == "region")


def test_the_whole_page_stays_small(examined):
    assert len(render(examined.page, examined.bundle).encode()) <= MOST_BYTES


def test_hostile_names_in_the_findings_stay_text(examined):
    details = json.loads(json.dumps(findings.details()).replace("block_5/conv", json.dumps(XSS)[1:-1]))
    page = with_details(examined, details)
    assert page.all("script") == []
    assert XSS in page.text


def test_both_kernel_sets_stand_side_by_side_by_name(examined):
    text = Outline(render(examined.page, examined.bundle)).text
    assert "Kernels litert 2.3.0, xnnpack litert 2.3.0, builtin" in text
    assert "Accuracy 75.0 % 81.2 %" in text


def unsearched():
    document = findings.doctor(islands=None)
    return document | {"layers": [layer | {"sensitivity_db": None} for layer in document["layers"]]}


def test_the_worst_integer_layers_are_ranked_by_what_they_lose_themselves():
    document = unsearched()
    found = layers(document)
    expected = sorted(
        (layer for layer in document["layers"] if layer["precision"] != "float32"), key=lambda layer: layer["own_db"]
    )
    assert [layer.name for layer in found.worst] == [layer["name"] for layer in expected[:4]]
    assert [dot.rank for dot in found.dots if dot.rank] != []
    assert found.dots[7].is_float


def test_after_a_search_they_are_ranked_by_what_they_give_back():
    found = layers(findings.doctor())
    assert [layer.name for layer in found.worst] == ["block_5/conv"]
    assert found.heading == "The operators that give most back in float"


def test_the_search_s_own_sentence_is_told_once(examined):
    reason = findings.doctor()["islands"]["reason"]
    document = findings.doctor(sentences=("first", reason))
    assert layers(document).sentences == ("First.",)
    assert Outline(render(examined.page, examined.bundle)).text.count(reason) == 1


def test_the_stored_range_is_drawn_where_it_lies_in_the_histogram():
    document = findings.doctor(layers=(findings.layer(0, own_db=10.0),))
    worst = layers(document).worst[0]
    assert worst.held_px[0] == 0
    assert worst.held_px[1] == pytest.approx(272 * 6 / 9.5, abs=0.1)


def test_rare_values_are_still_seen():
    counts = (10_000, 1, *[0] * 30)
    document = findings.doctor(layers=(findings.layer(0, own_db=9.0, histogram=findings.Histogram(0, 9.5, counts)),))
    bars = layers(document).worst[0].bars
    assert [bar.inputs for bar in bars] == [10_000, 1]
    assert bars[1].height_px == 3


@pytest.mark.parametrize(
    ("db", "text"), [(200.0, "exact"), (-200.0, "not finite"), (-3.21, "−3.2\N{NO-BREAK SPACE}dB")]
)
def test_what_json_cannot_say_is_said_in_words(db, text):
    assert decibels(db) == text


def test_an_exact_network_has_no_worst_layer():
    document = findings.doctor(layers=(findings.layer(0, own_db=np.inf, noise_db=np.inf),))
    assert layers(document).worst == ()
    assert "None loses much" in layers(document).text


def test_the_chosen_islands_are_marked_and_named():
    search = islands(findings.doctor())
    assert [len(choice.operators) for choice in search.choices if choice.chosen] == [2]
    assert search.across == "time, 1 = all integer"
    assert islands(findings.doctor(islands=None)) is None


def test_each_step_falls_from_the_one_before_it():
    steps = size(findings.size()).steps
    assert [step.change for step in steps] == [
        "",
        "−2.1\N{NO-BREAK SPACE}%",
        "−11.3\N{NO-BREAK SPACE}%",
        "−67.9\N{NO-BREAK SPACE}%",
    ]
    for before, after in pairwise(steps):
        assert after.kept + after.lost == pytest.approx(before.kept)


def test_a_step_that_grows_says_so():
    document = findings.size() | {"steps": [{"name": "a", "bytes": 100}, {"name": "b", "bytes": 150}]}
    grown = size(document).steps[1]
    assert grown.change == "+50.0\N{NO-BREAK SPACE}%"
    assert grown.lost == 0


def test_zeros_are_told_without_a_promise(examined):
    assert zeros(findings.sparsity()).removed == 31
    text = Outline(render(examined.page, examined.bundle)).text
    assert "31 channels that no answer depends on were taken out. A zero among other weights makes" in text
    assert zeros(None) is None
    uncounted = {name: value for name, value in findings.sparsity().items() if name != "artefact"}
    assert zeros(uncounted).stored_unstructured == ""


def test_calibration_figures_are_told_as_far_as_they_are_known():
    whole = coverage(findings.calibration())
    assert whole.sentences[0] == "4 of 40 inputs are near copies of others."
    assert [row.label for row in whole.rows] == [
        "Different inputs",
        "Within what others show",
        "Beyond it",
        "Cut off",
        "Brightness",
        "Black or burnt out",
    ]
    arrays = findings.calibration() | dict.fromkeys(("saturation", "coverage", "beyond", "brightness", "clipped"))
    assert [row.label for row in coverage(arrays).rows] == ["Different inputs"]


def test_an_accelerator_says_where_the_network_leaves_it():
    coral, micro, hailo = delegates(findings.delegates())
    assert coral.summary == "12 of 13 operators run on it; the network leaves it at operator 12, SOFTMAX."
    assert (coral.state, micro.state, hailo.state) == ("reported", "passed", "refused")
    assert micro.summary == "All 12 operators run on it."
    assert hailo.fallbacks[0].reason == "only as the last operator"


def test_a_confusion_shows_hits_and_what_changed():
    found = matrix(
        Confusion(("a", "b"), (Confused("a", "a", 9, 8), Confused("a", "b", 0, 1), Confused("b", "b", 5, 5)))
    )
    first = found.rows[0]
    assert [(cell.inputs, cell.change, cell.is_hit) for cell in first.cells] == [(8, "−1", True), (1, "+1", False)]
    assert first.hit == "88.9\N{NO-BREAK SPACE}%"


def test_many_classes_are_told_by_their_worst_confusions():
    labels = tuple(f"class {place}" for place in range(30))
    cells = tuple(Confused(label, labels[0], 1, place) for place, label in enumerate(labels) if place)
    found = matrix(Confusion(labels, cells))
    assert found.rows == ()
    assert (found.mistakes[0].label, found.mistakes[0].inputs) == ("class 29", 29)
    assert len(found.mistakes) == 12
