"""A board with tflite-runtime, numpy 1 and OpenCV 4 answers as the one that made the bundle."""

import json
import subprocess

import cv2
import numpy as np
import pytest

from edge_runtime.infer.predictor import Predictor
from tests.fakes.models import BundleRecipe, write_brightness_bundle
from tests.system.required import REPOSITORY, require_tflite_python

pytestmark = pytest.mark.system

SCORE = """
import json, sys, cv2
from pathlib import Path
from edge_runtime.infer.predictor import Predictor
predictor = Predictor.open(Path(sys.argv[1]))
pixels = cv2.cvtColor(cv2.imread(sys.argv[2]), cv2.COLOR_BGR2RGB)
print(json.dumps({"runtime": predictor.backend.runtime, "score": float(predictor.predict(pixels).values[0])}))
"""


@pytest.fixture(scope="module")
def python():
    return require_tflite_python()


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, cwd=REPOSITORY)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_same_picture_scores_the_same_in_both_runtimes(python, tmp_path):
    bundle, picture = tmp_path / "part.bundle", tmp_path / "part.png"
    write_brightness_bundle(bundle)
    pixels = np.random.default_rng(1).integers(0, 256, (97, 131, 3), np.uint8)
    cv2.imwrite(str(picture), cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
    there = json.loads(run(python, "-c", SCORE, bundle, picture))
    assert there["runtime"] == "tflite"
    assert there["score"] == pytest.approx(float(Predictor.open(bundle).predict(pixels).values[0]), abs=1e-6)


def test_goldens_recorded_with_litert_hold_in_tflite_runtime(python, tmp_path):
    bundle = tmp_path / "part.bundle"
    write_brightness_bundle(bundle, BundleRecipe(golden_score=128 / 255))
    said = run(python, "-m", "lepton", "bundle", "verify", bundle, "--runtime", "tflite")
    assert "1 goldens within tolerance (tflite 2.14.0" in said


def test_preprocessing_gives_the_recorded_bytes_with_opencv_4(python):
    assert run(python, "-c", "import cv2; print(cv2.__version__)").startswith("4.")
    said = run(python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/edge_runtime/test_preprocess.py")
    assert " passed" in said
    assert "failed" not in said
