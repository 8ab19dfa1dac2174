"""`lepton delegate`, as a person who thinks of buying a board sees it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from converters.delegates.cli import _verdict, delegate
from device_profiles.placement.fate import DelegateReport, Fate, OperatorFate
from edge_contracts.errors import BadInputError, LeptonError
from tests.fakes.lone_operators import Given, indices, tflite_of
from tests.fakes.models import write_brightness_bundle

if TYPE_CHECKING:
    from pathlib import Path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(delegate, [str(argument) for argument in arguments])


def test_list_names_accelerators_and_boards() -> None:
    lines = run("list").output.splitlines()
    assert [line.split()[0] for line in lines] == [
        "NAME", "edgetpu", "hailo", "rknn", "tensorrt", "tflm", "verisilicon"
    ]  # fmt: skip
    assert "rpi-5" in next(line for line in lines if line.startswith("hailo"))


def test_list_as_json_has_the_sources() -> None:
    documents = json.loads(run("list", "--json").output)
    assert all(document["sources"] for document in documents)


def test_a_network_that_runs_whole_leaves_with_0(data: Path) -> None:
    result = run("check", data / "coral-test-data/mobilenet_v1_0.25_128_quant.tflite", "--for", "edgetpu")
    assert result.exit_code == 0
    assert "all 31 operators run on it" in result.output


P, INDICES = Given((1, 8, 8, 4)), indices(0, 0, 0, 0)


def strided_by(stride: int) -> bytes:
    return tflite_of("STRIDED_SLICE", [P, INDICES, indices(1, 8, 8, 4), indices(1, stride, stride, 1)], P)


@pytest.mark.parametrize(("stride", "code", "fate"), [(1, 0, "accelerator"), (2, 1, "processor")])
def test_a_limit_of_the_maker_decides_the_exit_code(tmp_path: Path, stride: int, code: int, fate: str) -> None:
    model = tmp_path / "model.tflite"
    model.write_bytes(strided_by(stride))
    result = run("check", model, "--for", "edgetpu", "--json")
    (told,) = json.loads(result.output)["delegates"]
    assert (result.exit_code, told["fits"], told["operators"][0]["fate"]) == (code, code == 0, fate)


def test_an_unknown_is_no_yes(tmp_path: Path) -> None:
    model = tmp_path / "model.tflite"
    flat = Given((1, 256))
    model.write_bytes(tflite_of("RESHAPE", [P, indices(1, 256)], flat))
    result = run("check", model, "--for", "edgetpu")
    assert result.exit_code == 1
    assert "beyond that nobody says" in result.output


def test_int8_ends_are_not_advised_to_a_network_that_has_them(data: Path) -> None:
    models = data / "coral-test-data"
    has = run("check", models / "mobilenet_v1_0.25_128_quant.tflite", "--for", "edgetpu").output
    assert "give int8 inputs" not in has
    assert "8 MB on the chip" in has


def test_counts_and_verbs_agree() -> None:
    def told(*made: Fate) -> str:
        operators = tuple(OperatorFate(place, "ADD", "y", fate) for place, fate in enumerate(made))
        return _verdict(DelegateReport("any", "Any", "1", operators, None))

    assert "3 operators 1 runs, 2 fall back" in told("accelerator", "processor", "processor")
    assert "3 operators 2 run, 1 is unknown" in told("accelerator", "accelerator", "unknown")
    assert "3 operators 2 are refused, 1 is unknown" in told("refused", "refused", "unknown")


def test_a_network_that_does_not_leaves_with_1_and_says_where(data: Path) -> None:
    result = run("check", data / "mlperf-tiny/kws_ref_model.tflite", "--for", "edgetpu")
    assert result.exit_code == 1
    assert re.search(r"0 +\d+ +CONV_2D +falls back +wanted fixed shapes", result.output)


def test_without_a_name_every_accelerator_of_the_form_is_asked(tmp_path: Path) -> None:
    bundle = tmp_path / "part.bundle"
    write_brightness_bundle(bundle)
    document = json.loads(run("check", bundle, "--json").output)
    assert [each["delegate"] for each in document["delegates"]] == ["edgetpu", "hailo", "tflm", "verisilicon"]
    assert all(each["operators"] for each in document["delegates"])


def test_an_accelerator_that_reads_another_form_is_an_error(data: Path) -> None:
    result = run("check", data / "onnx/mnist/model.onnx", "--for", "edgetpu")
    assert isinstance(result.exception, BadInputError)
    assert "wanted tflite for edgetpu" in str(result.exception)


@pytest.mark.parametrize("content", [b"PK\x03\x04", b"nothing of the kind"])
def test_what_is_no_model_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "model.bin"
    path.write_bytes(content)
    assert isinstance(run("check", path).exception, LeptonError)


def test_what_another_command_reads_is_not_promised(tmp_path: Path) -> None:
    path = tmp_path / "model.txt"
    path.write_text("these are notes\n")
    refusal = str(run("check", path).exception)
    assert "'lepton convert' reads Keras files, SavedModel folders and programs of torch.export, too" in refusal
