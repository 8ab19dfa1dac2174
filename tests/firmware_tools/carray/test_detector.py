"""A detector that was learned from a sensor's readings and converted runs on a microcontroller's runtime."""

import io
from contextlib import closing

import numpy as np
import pytest
from click.testing import CliRunner

from edge_contracts.bundle import read_bundle
from firmware_tools.carray.export import plan_export
from lepton.cli import main
from tests.fakes.micro_bundles import reference_answers
from tests.fakes.micro_runtime import MicroRun, fits
from tests.fakes.sounds import write_sound
from tests.random_networks.runtimes import Runtime
from tests.system.required import require_tflite_python


def lepton(*arguments):
    done = CliRunner().invoke(main, [str(one) for one in arguments])
    assert done.exit_code == 0, done.output


@pytest.fixture(scope="module")
def export(tmp_path_factory):
    home = tmp_path_factory.mktemp("press")
    (home / "good").mkdir()
    random = np.random.default_rng(0)
    at = np.arange(800) / 200
    for number in range(14):
        force = 5 * np.clip(at - 1, 0, None) + random.normal(0, 0.2, at.size)
        write_sound(
            home / "good" / f"{number:02}.wav", force.astype(np.float32)[:, None], rate_hz=200, bits=32, is_float=True
        )
    lepton("train", home / "good", "--readings", "-o", home / "press-float.bundle")
    lepton(
        "convert",
        home / "press-float.bundle",
        "--profile",
        "rpi-4b",
        "--calibration",
        home / "good",
        "-o",
        home / "press.bundle",
    )
    return plan_export(read_bundle(home / "press.bundle"))


def test_it_answers_its_goldens_as_litert_does(export):
    run = MicroRun(export.content, export.host.bytes)
    for golden in export.bundle.manifest.golden.goldens:
        values = np.load(io.BytesIO(export.bundle.members[golden.input]))
        for answer, expected in zip(run.answer(values), reference_answers(export.bundle.model, values), strict=True):
            assert np.allclose(answer, expected, rtol=1e-5)


def test_it_answers_its_goldens_to_the_bit_as_the_reference_kernels_of_tflite_runtime(export):
    run, bundle = MicroRun(export.content, export.host.bytes), export.bundle
    inputs = [np.load(io.BytesIO(bundle.members[one.input])) for one in bundle.manifest.golden.goldens]
    with closing(Runtime(require_tflite_python(), "BUILTIN_REF")) as runtime:
        recorded = runtime.run(bundle.model, [{bundle.manifest.input.tensor: values} for values in inputs])
    for values, expected in zip(inputs, recorded, strict=True):
        for one, other in zip(run.answer(values), expected, strict=True):
            np.testing.assert_array_equal(one, other)


def test_its_arena_is_enough_and_little_more(export):
    assert fits(export.content, export.host.bytes)
    assert not fits(export.content, int(export.host.bytes / 1.1))
