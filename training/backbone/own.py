"""The backbone that ships: int8, distilled on drawn pictures; `lepton-backbone.NOTICE` beside it says from what."""

from __future__ import annotations

from importlib.resources import files

NAME = "own"
FILE = "lepton-backbone.tflite"
NOTICE = "lepton-backbone.NOTICE"


def own_backbone() -> bytes:
    """The TFLite file's bytes."""
    return files("training.backbone").joinpath(FILE).read_bytes()


def own_notice() -> str:
    """Its origin, in words."""
    return files("training.backbone").joinpath(NOTICE).read_text("utf-8")
