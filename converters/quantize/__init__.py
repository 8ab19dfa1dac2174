"""Float graph to int8 graph: calibrate, choose ranges and scales, rewrite, try out, keep the best."""

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
