"""The backbone that ships: int8, distilled on drawn pictures; `lepton-backbone.NOTICE` beside it says from what."""

from __future__ import annotations

from importlib.resources import files

NAME = "own"
FILE = "lepton-backbone.tflite"


def own_backbone() -> bytes:
    """The TFLite file's bytes."""
    return files("training.backbone").joinpath(FILE).read_bytes()
