"""Float model to int8 bundle: read, calibrate, quantise, verify, pack and report, in run order.

From Python:
    from converters import convert
    done = convert("part-float.bundle", profile="rpi-4b", calibration="good/", out="part.bundle")
    print(done.digest, done.card.gate.verdict)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

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


def __getattr__(name: str) -> Any:
    """The public names, loaded when they are first used: `lepton --help` must not wait for a runtime (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
