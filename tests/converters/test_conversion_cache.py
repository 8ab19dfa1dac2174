"""A second conversion computes only what changed, and gives the same bytes."""

import json
from unittest import mock

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from converters import Description, convert
from converters.cache import Store
from converters.graph import Graph, Operator, Tensor
from converters.isolation.trial import _Process
from converters.tflite import write_tflite
from device_profiles import load_profile
from edge_contracts.bundle import read_bundle
from lepton.cli import main

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("warm_children")]

SIDE = 16


def small_classifier():
    """1×16×16×3 float → a convolution of 4 channels → two probabilities."""
    float32, random = np.dtype(np.float32), np.random.default_rng(0)
    tensors = [
        Tensor("picture", (1, SIDE, SIDE, 3), float32),
        Tensor("taps", (4, 3, 3, 3), float32, random.normal(0, 0.3, (4, 3, 3, 3)).astype(np.float32)),
        Tensor("none", (4,), float32, np.zeros(4, np.float32)),
        Tensor("seen", (1, 4, 4, 4), float32),
        Tensor("weights", (2, 64), float32, random.normal(0, 0.2, (2, 64)).astype(np.float32)),
        Tensor("logits", (1, 2), float32),
        Tensor("scores", (1, 2), float32),
    ]
    window = {"padding": "SAME", "stride_h": 4, "stride_w": 4, "fused_activation_function": "RELU"}
    operators = [
        Operator("CONV_2D", ["picture", "taps", "none"], ["seen"], window),
        Operator("FULLY_CONNECTED", ["seen", "weights", None], ["logits"]),
        Operator("SOFTMAX", ["logits"], ["scores"], {"beta": 1.0}),
    ]
    return write_tflite(Graph({tensor.name: tensor for tensor in tensors}, operators, ["picture"], ["scores"]))


@pytest.fixture(autouse=True)
def _one_program(monkeypatch):
    """Whoever edits the source while these tests run does not change what they see."""
    monkeypatch.setattr("converters.cache.steps.program_fingerprint", lambda: "this program")


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "small.tflite"
    path.write_bytes(small_classifier())
    return path


@pytest.fixture
def pictures(tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    pixels = np.random.default_rng(0).integers(0, 256, (9, SIDE, SIDE, 3)).astype(np.uint8)
    for index, picture in enumerate(pixels):
        cv2.imwrite(str(folder / f"{index}.png"), picture)
    return folder


@pytest.fixture
def converted(model, pictures, tmp_path):
    """Converts into a new bundle; the steps that were reused."""
    made = []

    def run(*, cache=True, **changes):
        asked = {"profile": "rpi-4b", "calibration": pictures, "force": True} | changes
        out = tmp_path / f"{len(made)}.bundle"
        made.append(convert(model, out=out, cache=Store(tmp_path / "steps") if cache else None, **asked))
        return made[-1], {step.name for step in made[-1].steps if step.reused}

    return run


def test_the_same_conversion_reuses_every_step_and_makes_the_same_bundle(converted):
    (plain, _), (first, computed), (second, reused) = converted(cache=False), converted(), converted()
    assert computed == set()
    assert reused == {step.name for step in first.steps} >= {"load", "quantize", "verify"}
    members = [read_bundle(done.path).members for done in (plain, first, second)]
    digested = [{path: m for path, m in one.items() if path not in {"card.json", "report.html"}} for one in members]
    assert digested[0] == digested[1] == digested[2]
    gates = [read_bundle(done.path).card.gate for done in (plain, first, second)]
    assert gates[0] == gates[1] == gates[2]


def test_no_child_is_forked_to_try_candidates_where_the_artefact_was_kept(converted):
    with mock.patch("converters.isolation.trial._Process", wraps=_Process) as process:
        converted()
        assert len(process.mock_calls) == 1
        converted()
        assert len(process.mock_calls) == 1


def test_another_name_quantises_nothing_anew(converted):
    converted()
    done, reused = converted(description=Description(name="person-detector"))
    assert "quantize" in reused
    assert "load" not in reused
    assert read_bundle(done.path).manifest.name == "person-detector"


def test_other_labels_are_judged_anew(converted):
    converted()
    done, reused = converted(description=Description(labels=("none", "person")))
    assert "verify" not in reused
    assert read_bundle(done.path).manifest.labels == ("none", "person")


def test_another_picture_quantises_anew_and_loads_nothing(converted, pictures):
    converted()
    (pictures / "8.png").write_bytes((pictures / "7.png").read_bytes())
    _, reused = converted()
    assert reused == {"load"}


def test_a_board_with_other_weights_quantises_anew(converted):
    converted()
    board = load_profile("rpi-4b")
    per_tensor = board.model_copy(
        update={"quantisation": board.quantisation.model_copy(update={"weights": "per_tensor"})}
    )
    assert "quantize" not in converted(profile=per_tensor)[1]


def test_a_kept_result_that_was_tampered_with_is_said_and_computed_again(converted, tmp_path):
    first, _ = converted()
    for path in (tmp_path / "steps/quantize").iterdir():
        content = bytearray(path.read_bytes())
        content[-100] ^= 255
        path.write_bytes(content)
    second, reused = converted()
    assert "quantize" not in reused
    (said,) = [step.remark for step in second.steps if step.name == "quantize"]
    assert "damaged" in said
    assert first.digest == second.digest


def test_the_command_tells_what_it_reused(model, pictures, tmp_path):
    command = ["convert", str(model), "--profile", "rpi-4b", "--calibration", str(pictures), "--force"]
    said = [
        CliRunner().invoke(main, [*command, "-o", str(tmp_path / "x.bundle"), *more]).output
        for more in ([], [], ["--no-cache"])
    ]
    assert [text.count(" reused in ") for text in said] == [0, 3, 0]
    printed = CliRunner().invoke(main, [*command, "-o", str(tmp_path / "x.bundle"), "--json"])
    steps = json.loads(printed.stdout)["steps"]
    assert {step["name"]: step["reused"] for step in steps} == {"load": True, "quantize": True, "verify": True}
