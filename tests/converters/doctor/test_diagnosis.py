"""What was tried is told so that the choice can be understood."""

import math
from dataclasses import replace

import pytest

from converters.doctor import Tried
from converters.doctor.diagnosis import sentences
from tests.converters.doctor.test_findings import LAYER


def told(*tried):
    return sentences(LAYER, {}, [Tried(name, db, None, kept) for name, db, kept in tried])[-1]


def test_a_setting_that_is_kept_although_another_is_truer_says_by_which_margin_it_wins():
    said = told(("min-max", 40.1, True), ("p99.99", 40.5, False))
    assert said.startswith("tried (before any softmax): min-max 40.1 dB (kept), p99.99 40.5 dB; ")
    assert said.endswith("a later one must win by 0.5 dB, and by 1.5 dB where fewer answers agree")


def test_the_best_of_all_needs_no_explanation():
    assert (
        told(("min-max", 30.0, False), ("mse", 34.0, True))
        == "tried (before any softmax): min-max 30.0 dB, mse 34.0 dB (kept)"
    )


@pytest.mark.parametrize(
    ("noise_db", "said"),
    [
        (43.8, "43.8 dB of signal over noise at the output (after any softmax); "),
        (math.inf, "the output is exact on these inputs; "),
        (-math.inf, "the output is not finite on these inputs; "),
    ],
)
def test_the_output_is_told_in_words_where_no_figure_tells_it(noise_db, said):
    assert sentences(replace(LAYER, noise_db=noise_db), {}, [])[0].startswith(said)
