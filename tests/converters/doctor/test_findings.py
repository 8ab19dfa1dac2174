"""What the doctor found reaches the card as plain JSON."""

import json
import math

from converters.doctor import Findings, Histogram, Islands, Layer, Point, Tried

LAYER = Layer(
    name="conv",
    kind="CONV_2D",
    precision="int8",
    own_db=40.0,
    noise_db=math.inf,
    weights_db=30.0,
    weight_share=0.5,
    weight_error_db=None,
    saturated=0.0,
    lowest=0.0,
    highest=6.0,
    stored_lowest=0.0,
    stored_highest=6.0,
    step=6 / 255,
    histogram=Histogram(0.0, 6.0, (1,) * 32),
)
ISLANDS = Islands(
    (
        Point((), 10.0, 0.5, 10, 1.0, 1.0, 1.0, chosen=False),
        Point(("conv",), 20.0, 1.0, 12, 1.1, 1.1, 1.2, chosen=True),
    ),
    7,
    "why",
    1.0,
)
FINDINGS = Findings(
    16, -math.inf, "weights", ("it loses",), (LAYER,), (Tried("mse", 10.0, math.inf, kept=True),), ISLANDS
)


def test_the_document_survives_strict_json():
    text = json.dumps(FINDINGS.as_document(), allow_nan=False)
    assert json.loads(text) == FINDINGS.as_document()


def test_an_exact_layer_and_a_broken_output_have_finite_figures():
    document = FINDINGS.as_document()
    assert document["layers"][0]["noise_db"] == 200.0
    assert document["output_db"] == -200.0


def test_what_was_kept_float_is_what_the_chosen_point_names():
    assert ISLANDS.kept_float == ("conv",)
    assert Islands(ISLANDS.points[:1], 1, "why", 1.0).kept_float == ()
