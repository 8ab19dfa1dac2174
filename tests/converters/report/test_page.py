"""The report page as a whole."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from converters.report import render
from edge_contracts.card import GateResult, Measurement
from edge_contracts.manifest import Manifest, NoRule, Output, ProvenanceStep

VOID = {"meta", "img", "br"}
XSS = "\"><script>alert(1)</script><img src=x onerror='alert(2)'>.png"
MOST_BYTES = 400_000


class Outline(HTMLParser):
    """Every tag with its attributes; fails on a tag that is closed out of order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    def all(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.words))


def outline(printed):
    return Outline(render(printed.page, printed.bundle))


@pytest.fixture(params=["detector", "classifier"])
def printed(request):
    return request.getfixturevalue(request.param)


def test_the_page_needs_nothing_beside_it(printed):
    html = render(printed.page, printed.bundle)
    for tag, attributes in Outline(html).tags:
        assert tag not in {"script", "link", "iframe", "object"}
        assert attributes.get("src", "data:").startswith("data:")
        assert attributes.get("href", "#").startswith("#")
        assert not any(name.startswith("on") for name in attributes)
    assert "http:" not in html
    assert "https:" not in html
    assert "url(" not in html
    assert "@import" not in html


def test_the_same_page_is_the_same_text(printed):
    assert render(printed.page, printed.bundle) == render(printed.page, printed.bundle)


def test_everything_that_is_drawn_is_also_said(printed):
    page = outline(printed)
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert all(image["alt"] for image in page.all("img"))
    assert all("scope" in header for header in page.all("th"))
    for drawing in page.all("svg"):
        named = set(drawing.get("aria-labelledby", "").split())
        assert drawing.get("aria-hidden") == "true" or (drawing["role"] == "img" and named and named <= set(ids))
    assert all(section["aria-labelledby"] in ids for section in page.all("section"))
    assert page.all("html")[0]["lang"] == "en"


def test_a_hostile_file_name_stays_text(detector):
    samples = tuple(replace(sample, name=XSS, label=XSS) for sample in detector.page.samples)
    page = outline(replace(detector, page=replace(detector.page, samples=samples)))
    assert XSS in page.text
    assert page.all("script") == []
    assert all(image["src"].startswith("data:image/jpeg") for image in page.all("img"))


def test_hostile_labels_notes_and_provenance_stay_text(classifier):
    fields = {name: getattr(classifier.page.manifest, name) for name in Manifest.model_fields}
    step = ProvenanceStep(step=XSS, tool=XSS, inputs={XSS: XSS}, settings={XSS: [XSS]})
    fields |= {"labels": (XSS, "b"), "rule": NoRule(), "operators": {XSS: 1}, "provenance": (step,)}
    card = classifier.page.card.model_copy(update={"notes": (XSS,), "calibration": XSS, "tool": XSS})
    page = outline(replace(classifier, page=replace(classifier.page, manifest=Manifest(**fields), card=card)))
    assert page.all("script") == []
    assert page.text.count("<script>") >= 8


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.text(max_size=300))
def test_no_name_changes_how_the_page_is_built(classifier, name):
    samples = tuple(replace(sample, name=name, label=name) for sample in classifier.page.samples)
    page = outline(replace(classifier, page=replace(classifier.page, samples=samples)))
    assert [tag for tag, _ in page.tags if tag in {"figure", "section"}] == [
        tag for tag, _ in outline(classifier).tags if tag in {"figure", "section"}
    ]


@pytest.mark.parametrize(
    ("verdict", "headline"),
    [
        ("passed", "Passed"),
        ("refused", "Refused"),
        ("forced", "Refused, packed by force"),
        ("reported", "Reported, not judged"),
    ],
)
def test_the_verdict_stands_first_with_its_reasons(detector, verdict, headline):
    gate = GateResult(verdict=verdict, samples=8, reasons=("wanted at most 1 point, found 7",))
    card = detector.page.card.model_copy(update={"gate": gate})
    page = outline(replace(detector, page=replace(detector.page, card=card)))
    before_figures = page.text.split("Float and converted")[0]
    assert f"Verdict: {headline}" in before_figures
    assert "wanted at most 1 point, found 7" in before_figures


def test_the_figures_stand_side_by_side(detector):
    text = outline(detector).text
    assert "Model file 1.00 MB 250 kB 4.0 × smaller" in text
    assert "Latency, median 1.00 ms 0.500 ms 2.0 × faster" in text
    assert "Latency was measured here, not on the board (x86_64, 1 thread)." in text
    assert "Threshold 0.5000 0.5000" in text
    assert "Score shift 0.400 %" in text
    assert "Same verdict 8 of 8" in text


def test_a_detector_shows_its_highest_scores_beside_their_heat_maps(detector):
    page = outline(detector)
    alts = [image["alt"] for image in page.all("img")]
    assert alts[0] == "part-7.png"
    assert alts[1].startswith("Heat map of part-7.png, hottest in the ")
    assert len(alts) == 12
    assert "0.7875 defect" in page.text


def test_a_classifier_shows_the_input_that_changed_its_class_first(classifier):
    page = outline(classifier)
    assert "1 of 8 inputs changed its class." in page.text
    assert page.all("img")[0]["alt"] == "part-2.png"
    assert "good, 71.1 % → scratch, 70.1 % changed" in page.text


def test_the_expected_loss_stands_in_one_row_with_its_unit_and_meaning(classifier):
    metrics = [Measurement(name=f"expected_loss{suffix}", value=0.00703, unit="1") for suffix in ("", "_builtin")]
    card = classifier.page.card.model_copy(update={"metrics": tuple(metrics)})
    other = replace(classifier.page.comparison, expected_loss=0.0101, kernels="builtin")
    comparison = replace(classifier.page.comparison, expected_loss=0.00703, kernels="xnnpack", other=other)
    text = outline(replace(classifier, page=replace(classifier.page, card=card, comparison=comparison))).text
    assert text.count("Expected loss") == 1
    assert "Expected loss 0.703 points 1.01 points of accuracy on these inputs, by the float model's own" in text


def test_a_setting_that_is_off_or_empty_is_said_in_words(classifier):
    step = ProvenanceStep(step="quantize", tool="lepton", inputs={}, settings={"int4": [], "equalised": False})
    fields = {name: getattr(classifier.page.manifest, name) for name in Manifest.model_fields}
    manifest = Manifest(**(fields | {"provenance": (step,)}))
    text = outline(replace(classifier, page=replace(classifier.page, manifest=manifest))).text
    assert "int4 none equalised no" in text


def test_random_inputs_are_not_shown_as_if_they_meant_something(detector):
    card = detector.page.card.model_copy(update={"gate": GateResult(verdict="reported", samples=8)})
    assert outline(replace(detector, page=replace(detector.page, card=card))).all("img") == []


def test_a_model_that_answers_nan_is_told_not_drawn(detector):
    nan = np.full(8, np.nan)
    comparison = replace(detector.page.comparison, scores=nan, signal_to_noise_db=-np.inf, score_shift=float("nan"))
    page = outline(replace(detector, page=replace(detector.page, comparison=comparison)))
    assert "Score shift not a number mean" in page.text
    assert page.all("circle") == [{"cx": "12", "cy": "12", "r": "11"}]


def test_the_noisiest_pictures_and_many_inputs_stay_below_400_kb(detector):
    random = np.random.default_rng(0)
    pixels = random.integers(0, 256, (400, 400, 3), np.uint8)
    grain = replace(detector.page.samples[0], picture=lambda: pixels)
    noisy = tuple(replace(grain, name=f"{n}.png") for n in range(3000))
    scores = random.lognormal(size=3000)
    comparison = replace(detector.page.comparison, samples=3000, scores_float=scores, scores=scores * 1.1)
    page = replace(detector.page, samples=noisy, comparison=comparison)
    assert len(render(page, detector.bundle).encode()) <= MOST_BYTES


@pytest.mark.parametrize(("shape", "drawn"), [((1, 1), True), ((1, 4420, 4), False)])
def test_of_thousands_of_raw_outputs_the_first_is_not_drawn_as_a_score(detector, shape, drawn):
    fields = {name: getattr(detector.page.manifest, name) for name in Manifest.model_fields}
    outputs = (Output(tensor="score", role="raw", shape=shape, dtype="float32"),)
    manifest = Manifest(**(fields | {"task": "raw", "outputs": outputs, "rule": NoRule()}))
    page = outline(replace(detector, page=replace(detector.page, manifest=manifest, source=manifest)))
    assert ("Scores" in page.words) == drawn
