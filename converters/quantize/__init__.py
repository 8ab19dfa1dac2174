"""Float graph to int8 graph: calibrate, choose ranges and scales, rewrite, try out, keep the best."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converters.late_names import late_names

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

__getattr__ = late_names(__name__, _HOMES)
"""Loaded when they are first used: lowering prepares graphs, and quantises none."""
