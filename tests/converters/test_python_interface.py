"""`from converters import convert`: names or values, folders or arrays, and nothing loaded before it is used."""

import subprocess
import sys

import numpy as np
import pytest

import converters
from converters import convert, quantize
from device_profiles import load_profile
from edge_contracts.bundle import read_bundle
from edge_contracts.errors import BadInputError
from tests.fakes.models import BundleRecipe, write_brightness_bundle

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("warm_children")]


@pytest.fixture
def detector(tmp_path):
    path = tmp_path / "float.bundle"
    write_brightness_bundle(path, BundleRecipe(changes={"profile": "none"}))
    return path


@pytest.fixture
def drawn():
    return list(np.random.default_rng(0).integers(0, 256, (9, 20, 30, 3)).astype(np.uint8))


def test_importing_the_package_loads_neither_numpy_nor_a_runtime():
    code = "import converters, sys; print([m for m in ('numpy', 'ai_edge_litert', 'cv2', 'onnx') if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=".")
    assert found.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("module", "unwanted"),
    [
        ("converters.conversion", ["onnx", "converters.lower", "onnxruntime", "edge_contracts.station"]),
        ("converters.lower", ["numpy"]),
        ("converters.isolation.trial", ["numpy"]),
        ("converters.lower.lowering", ["onnx", "onnxruntime", "converters.quantize.quantizer"]),
    ],
)
def test_a_step_loads_nothing_that_it_may_not_need(module, unwanted):
    code = f"import {module}, sys; print([name for name in {unwanted} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=".")
    assert found.stdout.strip() == "[]"


def test_every_public_name_is_there_and_no_other():
    assert {name: getattr(converters, name).__name__ for name in converters.__all__} == {
        "Conversion": "Conversion",
        "Description": "Description",
        "GateRefused": "GateRefused",
        "convert": "convert",
    }
    with pytest.raises(AttributeError, match="module 'converters' has no attribute 'konvert'"):
        _ = converters.konvert
    assert all(getattr(quantize, name) is not None for name in quantize.__all__)
    with pytest.raises(AttributeError, match=r"module 'converters.quantize' has no attribute 'kwantise'"):
        _ = quantize.kwantise


def test_text_and_paths_names_and_profiles_are_the_same(detector, drawn, tmp_path):
    one = convert(str(detector), profile="rpi-4b", calibration=drawn, out=str(tmp_path / "a.bundle"))
    other = convert(detector, profile=load_profile("rpi-4b"), calibration=drawn, out=tmp_path / "b.bundle")
    assert one.digest == other.digest
    assert one.path == tmp_path / "a.bundle"
    assert one.card.calibration == "9 pictures from memory"


def test_pictures_in_memory_are_those_of_a_folder(detector, drawn, tmp_path):
    import cv2  # noqa: PLC0415 - one test writes files

    folder = tmp_path / "pictures"
    folder.mkdir()
    for index, picture in enumerate(drawn):
        cv2.imwrite(str(folder / f"{index}.png"), picture[:, :, ::-1])
    read = convert(detector, profile="rpi-4b", calibration=folder, out=tmp_path / "a.bundle")
    given = convert(detector, profile="rpi-4b", calibration=drawn, out=tmp_path / "b.bundle")
    assert read_bundle(read.path).model == read_bundle(given.path).model
    np.testing.assert_array_equal(read.comparison.scores, given.comparison.scores)


def test_inputs_in_memory_calibrate_a_model_that_takes_numbers(data, tmp_path):
    inputs = list(np.random.default_rng(0).normal(0, 1, (4, 1, 640)).astype(np.float32))
    model = data / "mlperf-tiny/ad01_fp32.tflite"
    done = convert(model, profile="rpi-4b", calibration=inputs, out=tmp_path / "a.bundle", force=True)
    assert done.card.calibration == "4 arrays from memory"
    assert done.comparison.samples == 4


@pytest.mark.parametrize(
    ("arrays", "sentence"),
    [
        ([], "found none; give pictures or inputs"),
        ([np.zeros((4, 4), np.float64)], r"found float64 of shape \(4, 4\)"),
        ([np.zeros((4, 4), np.uint8)], r"found uint8 of shape \(4, 4\)"),
        ([np.zeros((4, 4, 3), np.uint8), np.zeros(3, np.float32)], "found arrays, pictures"),
        ([[1.0, 2.0]], "wanted numpy arrays to calibrate with, found list"),
        ([np.full(3, np.nan, np.float32)], "wanted arrays of shape|found NaN or infinity in array 0|whole number"),
    ],
)
def test_arrays_that_are_no_inputs_are_refused(detector, tmp_path, arrays, sentence):
    with pytest.raises(BadInputError, match=sentence):
        convert(detector, profile="rpi-4b", calibration=arrays, out=tmp_path / "a.bundle")


def test_a_format_that_nobody_knows_is_refused_by_name(detector, drawn, tmp_path):
    with pytest.raises(BadInputError, match="wanted the format auto, tflite or onnx, found 'tf'"):
        convert(detector, profile="rpi-4b", calibration=drawn, out=tmp_path / "a.bundle", form="tf")


def test_every_stage_tells_how_much_of_it_is_done(data, tmp_path):
    told = {}

    def tell(stage, done):
        told.setdefault(stage, []).append(done)

    inputs = list(np.random.default_rng(0).normal(0, 1, (4, 1, 640)).astype(np.float32))
    model = data / "mlperf-tiny/ad01_fp32.tflite"
    convert(model, profile="rpi-4b", calibration=inputs, out=tmp_path / "a.bundle", force=True, progress=tell)
    assert [stage for stage in told if stage != "examine"] == [
        "read",
        "calibrate",
        "quantize",
        "verify",
        "time",
        "pack",
    ]
    for fractions in told.values():
        assert 0 < min(fractions) <= max(fractions) == fractions[-1] == 1
