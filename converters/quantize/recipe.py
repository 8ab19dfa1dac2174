"""How to quantise a model: plain data, kept beside the model that it made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from converters.quantize.affine import Affine
from converters.quantize.ranges import RULES
from edge_contracts.errors import BadInputError

CAMERA_UNIT = Affine(1 / 255, -128)
"""For a model that wants 0 to 1: its input's bytes are the camera's with the highest bit turned over."""

CAMERA_SIGNED = Affine(1 / 127.5, -1)
"""For a model that wants -1 to 1; off by half a step (0.004), because a zero point is whole."""

CAMERA_RAW = Affine(1.0, -128)
"""For a model that wants 0 to 255."""

CONVOLUTIONS = ("CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV")
"""Kinds that every int8 runtime computes with a scale per channel."""

REMEDIES = ("bias-correction", "measured-bias", "second-order", "equalise")
"""The settings that a search may turn over."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """The choices of one quantisation.

    ranges: range rules to try (see `converters.quantize.ranges`); a later one must win by a margin.
    per_channel: operators whose weights get one scale per output channel; the others get one per tensor. A
        FULLY_CONNECTED gets them only where that saves 6 dB of its weights' noise: both runtimes compute it right, but
        scales take bytes, and whether an accelerator does is for its profile to say.
    activations: int8, or int16 with zero point 0 (int8 weights, int64 biases). XNNPACK takes no int16: on boards with a
        big processor it is 10 to 126 times slower than int8. An operator without an int16 kernel stays float.
    symmetric: int8 activations have zero point 0, as some accelerators want; costs half the steps after a RELU.
    int4: patterns (`FULLY_CONNECTED`, `head/*`) for the kinds and output names of operators whose weights are stored as
        int4, -7 to 7 with a scale per channel: half the bytes for 20 dB, and with XNNPACK 2 to 3.5 times the time. Of
        the operators that match, those in `INT4_KINDS` (see `converters.quantize.operator_rules`) take it; not beside
        int16 activations.
    bias_correction: take the mean error of rounded weights out of the biases.
    measured_bias: correct each bias by what its operator receives in the int8 network so far, not in the float one (see
        `converters.quantize.refinement`).
    rounding: weights to the nearest step, or one by one with the error carried to the weights that are still to be
        rounded, by the second moments of the operator's real inputs (see `converters.quantize.rounding`).
    equalise: scale channels up before and down after an activation until both sides' weights use their steps alike
        (see `converters.quantize.equalisation`).
    remedies: which of `REMEDIES` to turn over, one at a time on the best so far, keeping what wins (see
        `converters.quantize.search`); none (and one range rule) for exactly the settings above.
    enough_db: signal to noise of the worst output from which no remedy is tried. At 20 dB an error is a tenth of the
        signal; of twenty networks those above it gained at most 1.5 dB by a remedy, and half of them lost (measured).
    keep_float: patterns (`EXP`, `head/*`) for operator kinds and output names that stay float; None to keep all of the
        float part of a model that already takes integers (its builder chose), and otherwise nothing.
    input: the int8 parameters of the model's inputs where they are known, as for camera bytes; None to calibrate.
    float_islands: leave operators in float that are quicker and truer so, and what stands between them (see
        `converters.quantize.islands`), and join what is unlike before an output in float (see
        `converters.quantize.unlike_parts`); False for boards without float kernels: accelerators, microcontrollers.
    float_outputs: give outputs as float32 even where an int8 operator makes them.
    float16_constants: store big constants of operators that stay float as float16.
    """

    ranges: tuple[str, ...] = ("min-max", "l2.5", "mse", "p99.99")
    per_channel: tuple[str, ...] = (*CONVOLUTIONS, "FULLY_CONNECTED")
    activations: Literal["int8", "int16"] = "int8"
    symmetric: bool = False
    int4: tuple[str, ...] = ()
    bias_correction: bool = True
    measured_bias: bool = False
    rounding: Literal["nearest", "second-order"] = "nearest"
    equalise: bool = False
    remedies: tuple[str, ...] = ("measured-bias", "second-order", "equalise")
    enough_db: float = 20.0
    keep_float: tuple[str, ...] | None = None
    input: Affine | None = None
    float_islands: bool = True
    float_outputs: bool = False
    float16_constants: bool = True

    def __post_init__(self) -> None:
        unknown = [name for name in self.ranges if name not in RULES]
        if unknown or not self.ranges:
            raise BadInputError(f"range rules: wanted some of {', '.join(RULES)}, found {', '.join(unknown) or 'none'}")
        if self.int4 and self.activations == "int16":
            raise BadInputError(
                "wanted int4 weights beside int8 activations, found int16: kernels load such files and compute "
                "nonsense; leave one of the two out"
            )
        if self.input is not None and self.activations == "int16":
            raise BadInputError(
                "wanted no int8 parameters for the input of an int16 model: tflite-runtime 2.14 turns no int8 into "
                "int16; leave them out and calibrate the input"
            )
        if strangers := [name for name in self.remedies if name not in REMEDIES]:
            raise BadInputError(f"remedies: wanted some of {', '.join(REMEDIES)}, found {', '.join(strangers)}")
