"""What a bundle gets when its artefact is finished: a threshold in its own scores, goldens with room for a board."""

import json
from dataclasses import replace

import numpy as np
import pytest

from converters.artefact import Artefact
from converters.bundle.pack import Draft, KernelsDisagree, bill_of_materials, complete, draft_bundle
from converters.calibration.samples import Sample
from converters.gate.verify import Comparison
from converters.load import EXPORT
from device_profiles.profile import load_profile
from edge_contracts.bundle import read_bundle
from edge_contracts.known_parts import KNOWN_GOOD
from edge_contracts.manifest import AnomalyRule, ProvenanceStep, ScoreReference
from edge_runtime.infer.predictor import Predictor
from tests.fakes.models import SIDE, BundleRecipe, write_brightness_bundle


@pytest.fixture
def draft(tmp_path):
    path = tmp_path / "float.bundle"
    write_brightness_bundle(path, BundleRecipe(threshold=0.5))
    bundle = read_bundle(path)
    return Draft(bundle.manifest, dict(bundle.members))


@pytest.fixture
def samples():
    drawn = np.random.default_rng(0)
    return [Sample(drawn.uniform(0, 1, (1, SIDE, SIDE, 3)).astype(np.float32), str(place)) for place in range(4)]


def comparison(ratio):
    scores = np.array([0.2, 0.4, 0.8])
    return Comparison(3, 40.0, scores, ratio * scores)


@pytest.mark.parametrize("ratio", [0.5, 1.0, 1.25])
def test_a_threshold_moves_as_the_scores_did(draft, samples, ratio):
    assert complete(draft, samples, comparison(ratio)).manifest.rule.threshold == pytest.approx(0.5 * ratio)


@pytest.mark.parametrize("ratio", [0.5, 1.25])
def test_the_reference_of_good_scores_moves_with_the_threshold(draft, samples, ratio):
    reference = ScoreReference(quantiles=(0.1, 0.2, 0.3, 0.4, 0.5), samples=40)
    known = AnomalyRule(threshold=0.5, reference=reference)
    draft = Draft(draft.manifest.model_copy(update={"rule": known}), draft.members)
    moved = complete(draft, samples, comparison(ratio)).manifest.rule.reference
    assert moved.samples == 40
    assert moved.quantiles == pytest.approx([one * ratio for one in reference.quantiles])


def test_scores_of_zero_do_not_move_a_threshold(draft, samples):
    dead = Comparison(3, 40.0, np.zeros(3), np.zeros(3))
    assert complete(draft, samples, dead).manifest.rule.threshold == 0.5


def test_a_golden_allows_a_board_two_integer_steps(draft, samples, monkeypatch):
    monkeypatch.setattr("converters.bundle.pack._steps", lambda _draft, _inputs: {"score": 0.01, "heat_map": 0.02})
    tolerance = complete(draft, samples, None).manifest.golden.tolerance
    assert tolerance == {"score": pytest.approx(0.02), "heat_map": pytest.approx(0.04)}


@pytest.mark.parametrize("lost", [np.nan, np.inf])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_golden_that_is_no_number_is_never_packed_wherever_it_stands(draft, samples, monkeypatch, place, lost):
    real, asked = Predictor.predict_tensor, []

    def answered(predictor, values):
        asked.append(values)
        answer = real(predictor, values)
        if len(asked) == 2 * place + 1:  # both kernel sets answer each golden in turn
            answer.outputs["score"][:] = lost
        return answer

    monkeypatch.setattr(Predictor, "predict_tensor", answered)
    with pytest.raises(KernelsDisagree, match="found output 'score' NaN or infinite"):
        complete(draft, samples, None)


def test_what_a_board_that_is_taught_knows_is_kept_and_belongs_to_the_digest(tmp_path):
    write_brightness_bundle(tmp_path / "part.bundle", BundleRecipe(teachable=True))
    source = read_bundle(tmp_path / "part.bundle")
    made = Artefact(source.model, source.manifest.input, source.manifest.outputs, "int8", {}, (), settings={}, notes=())
    packed = draft_bundle(source, made, load_profile("x86-64"), {})
    assert packed.members[KNOWN_GOOD] == source.members[KNOWN_GOOD]
    assert KNOWN_GOOD in {entry.path for entry in packed.manifest.files}


@pytest.mark.parametrize("tool", [("tensorflow", "2.21.0"), ("torch", "2.13.0+cpu")])
def test_the_bill_of_materials_names_the_exporter_with_its_version(draft, tool):
    step = ProvenanceStep(step=EXPORT, tool=" ".join(tool))
    source = draft.bundle()
    source = replace(source, manifest=source.manifest.model_copy(update={"provenance": (step,)}))
    made = Artefact(source.model, source.manifest.input, source.manifest.outputs, "int8", {}, (), settings={}, notes=())
    listed = json.loads(bill_of_materials(source, made))["metadata"]["tools"]["components"]
    assert tool in [(one["name"], one["version"]) for one in listed]
    assert {"lepton-edge", "numpy", "ai-edge-litert"} <= {one["name"] for one in listed}
