"""What the user says of pixel values becomes the manifest's mean and deviation in bytes, or a sentence says why not."""

import math
from pathlib import Path

import numpy as np
import pytest

from converters.load import Description
from edge_contracts.errors import BadInputError

BYTES = np.arange(256.0)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (Description(pixel_range=(-1, 1)), [BYTES / 127.5 - 1] * 3),
        (
            Description(mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225)),
            [(BYTES / 255 - m) / s for m, s in ((0.485, 0.229), (0.456, 0.224), (0.406, 0.225))],
        ),
        (
            Description(pixel_range=(0, 255), mean=(103.939, 116.779, 123.68), colour="bgr"),
            [BYTES - m for m in (103.939, 116.779, 123.68)],
        ),
    ],
)
def test_the_ways_of_the_frameworks_can_all_be_said(said, expected):
    mean, std = said.byte_scaling(3)
    for channel, wanted in enumerate(expected):
        found = (BYTES - mean[channel % len(mean)]) / std[channel % len(std)]
        np.testing.assert_allclose(found, wanted, atol=1e-12)


@pytest.mark.parametrize(
    ("said", "channels", "sentence"),
    [
        (Description(pixel_range=(1, 0)), 3, "wanted a pixel range as low then high, found 1 0"),
        (Description(mean=(0.5, 0.5, 0.5)), 1, "wanted 1 or 1 values of mean for an input of 1 channels, found 3"),
        (Description(std=(1.0, 0.0, 1.0)), 3, "wanted deviations above 0, found 0"),
    ],
)
def test_what_cannot_be_meant_is_refused(said, channels, sentence):
    with pytest.raises(BadInputError, match=sentence):
        said.byte_scaling(channels)


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"good": "good"}, r"wanted a tuple of labels in good, found 'good'; write \('good',\)"),
        ({"labels": "/data/labels.txt"}, "wanted a tuple of labels in labels, found '/data/labels.txt'"),
        ({"labels": Path("labels.txt")}, "wanted a tuple of labels in labels, found 'labels.txt'"),
        ({"colour": "RGB"}, "wanted colour to be one of rgb, bgr, grey, found 'RGB'"),
        ({"threshold": -3.0}, "wanted a threshold above 0, found -3: a mean squared error is never less than 0"),
        ({"threshold": 0.0}, "wanted a threshold above 0, found 0"),
        ({"threshold": math.nan}, "wanted a threshold above 0, found nan"),
        (
            {"gives": "classes"},
            "wanted gives to be one of the network's own, logits, probabilities, numbers, found 'cla",
        ),
        ({"resize": "cubic"}, "wanted resize to be one of nearest, bilinear, area, bilinear-antialias, found 'cubic'"),
    ],
)
def test_a_text_for_a_list_and_an_unknown_word_are_refused_at_once(said, sentence):
    with pytest.raises(BadInputError, match=sentence):
        Description(**said)
