"""Float model to int8 bundle: read, calibrate, quantise, verify, pack and report, in run order.

From Python:
    from converters import convert
    done = convert("part-float.bundle", profile="rpi-4b", calibration="good/", out="part.bundle")
    print(done.digest, done.card.gate.verdict)
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from converters.late_names import late_names

if TYPE_CHECKING:
    from converters.conversion import Conversion, GateRefused, convert
    from converters.load import Description

__all__ = ["Conversion", "Description", "GateRefused", "convert"]

_HOMES = {
    "Conversion": "converters.conversion",
    "Description": "converters.load",
    "GateRefused": "converters.conversion",
    "convert": "converters.conversion",
}

os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", "4")
"""A conversion is two processes on two cores or more, and numpy's idle threads turn in circles for 2^26 cycles each."""

__getattr__ = late_names(__name__, _HOMES)
"""Loaded when they are first used: `lepton --help` must not wait for a runtime."""
