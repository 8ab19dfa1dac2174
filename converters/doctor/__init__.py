"""The quantisation doctor: which layer loses, why, what was tried, and what it bought."""

from __future__ import annotations

from converters.doctor.findings import Findings, Histogram, Islands, Layer, Point, Tried

__all__ = ["Findings", "Histogram", "Islands", "Layer", "Point", "Tried"]
