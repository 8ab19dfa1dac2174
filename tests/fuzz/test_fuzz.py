"""Damaged and hostile files are refused in words: a sample of `make fuzz`, and each kind of mischief by name."""

import os
import signal
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest

from tests.fuzz import flock
from tests.fuzz.corpus import Sound, corpus
from tests.fuzz.flock import drive
from tests.fuzz.target import mutant

pytestmark = pytest.mark.slow

SAMPLE = 600
SEED = 3


@pytest.fixture(scope="module")
def sounds():
    return corpus(None)


def test_a_sample_of_mutants_is_refused_in_words_or_runs():
    command = [sys.executable, "-m", "tests.fuzz", "--count", str(SAMPLE), "--seed", str(SEED), "--data", os.devnull]
    done = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{SAMPLE:,} of {SAMPLE:,} mutants" in done.stdout
    assert "0 failures" in done.stdout


def test_a_mutant_is_the_same_each_time(sounds):
    assert [mutant(sounds, 5, case) for case in range(9)] == [mutant(sounds, 5, case) for case in range(9)]


def test_mutants_are_of_every_kind_and_way(sounds):
    made = [mutant(sounds, SEED, case) for case in range(200)]
    found = Counter((sound.kind, way) for sound, way, _ in made)
    assert set(found) == {(kind, way) for kind in ("onnx", "tflite", "bundle") for way in ("bytes", "structure")}
    assert sum(content != sound.content for sound, _, content in made) > 180


@pytest.mark.parametrize(
    ("mischief", "outcome"),
    [
        (lambda: os.kill(os.getpid(), signal.SIGSEGV), "contained: SIGSEGV"),
        (signal.pause, "contained: hang"),
        (lambda: np.ones(1 << 40), "contained: memory"),
        (lambda: {}[0], "failed"),
    ],
)
def test_the_harness_counts_what_a_mutant_does_to_its_child(monkeypatch, mischief, outcome):
    def handle(_kind, content, enter_native):
        enter_native()
        if content == b"x" * 4:
            mischief()

    sounds = (Sound("x", "onnx", b"xxxx"),)
    monkeypatch.setattr(flock, "handle", handle)
    monkeypatch.setattr(flock, "mutant", lambda *_: (sounds[0], "bytes", b"xxxx" if _[2] == 1 else b"y"))
    tally = drive(sounds, 0, range(3), seconds=1.0)
    assert tally.outcomes == {"onnx|bytes|accepted": 2, f"onnx|bytes|{outcome}": 1}
    assert len(tally.failures) == (outcome == "failed")


def test_a_reader_that_crashes_is_a_failure(monkeypatch):
    sounds = (Sound("x", "tflite", b"xxxx"),)
    monkeypatch.setattr(flock, "handle", lambda *_: os.abort())
    monkeypatch.setattr(flock, "mutant", lambda *_: (sounds[0], "bytes", b"xxxx"))
    tally = drive(sounds, 0, range(1))
    assert tally.failures == ["mutant 0/0 of x (tflite, bytes): the reader ended with SIGABRT"]
