"""Long names become readable, sentences stay what they were."""

import pytest

from converters.operator_name import LONGEST, short_name, with_short_names

JOINED = "model/activation/Relu;model/batch_normalization/FusedBatchNormV3;model/conv2d/Conv2D1"


def test_of_joined_names_the_first_is_shown():
    assert short_name(JOINED) == "model/activation/Relu"


def test_of_a_long_name_the_end_is_shown():
    shown = short_name("MobilenetV1/" * 9 + "Conv2d_13_pointwise/Relu6")
    assert len(shown) == LONGEST
    assert shown.endswith("/Conv2d_13_pointwise/Relu6")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            f"most is lost at {JOINED} (-13.0 dB), b (-9 dB)",
            "most is lost at model/activation/Relu (-13.0 dB), b (-9 dB)",
        ),
        ("float: a, b; 19.6 dB (int8 alone 15.9 dB)", "float: a, b; 19.6 dB (int8 alone 15.9 dB)"),
        (f"float: {JOINED}, {JOINED}; 3 dB", "float: model/activation/Relu, model/activation/Relu; 3 dB"),
    ],
)
def test_a_sentence_keeps_its_words_and_marks(text, shown):
    assert with_short_names(text) == shown
