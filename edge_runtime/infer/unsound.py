"""What ONNX Runtime must not do to a model: fusions that change its answers."""

from __future__ import annotations

UNSOUND_FUSIONS = ("Pad_Fusion",)
"""ONNX Runtime 1.31 moves a Pad of zeros into a MaxPool, which pads with minus infinity."""
