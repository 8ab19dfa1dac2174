"""Drawn pictures without end: textures, things made of them, light, wear. What the own backbone learns to see from."""

from __future__ import annotations

from training.backbone.drawing.picture import drawn_picture

__all__ = ["drawn_picture"]
