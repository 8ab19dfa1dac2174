"""Float graph to int8 graph: calibrate, choose ranges and scales, rewrite, try out, keep the best."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from converters.quantize.quantizer import QuantizedModel, quantize
    from converters.quantize.recipe import CAMERA_RAW, CAMERA_SIGNED, CAMERA_UNIT, Recipe
    from converters.quantize.search import Tried
    from converters.quantize.workbench import Workbench

__all__ = [
    "CAMERA_RAW",
    "CAMERA_SIGNED",
    "CAMERA_UNIT",
    "QuantizedModel",
    "Recipe",
    "Tried",
    "Workbench",
    "quantize",
]

_HOMES = {
    "CAMERA_RAW": "converters.quantize.recipe",
    "CAMERA_SIGNED": "converters.quantize.recipe",
    "CAMERA_UNIT": "converters.quantize.recipe",
    "QuantizedModel": "converters.quantize.quantizer",
    "Recipe": "converters.quantize.recipe",
    "Tried": "converters.quantize.search",
    "Workbench": "converters.quantize.workbench",
    "quantize": "converters.quantize.quantizer",
}


def __getattr__(name: str) -> Any:
    """The public names, loaded when they are first used: lowering prepares graphs, and quantises none (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
