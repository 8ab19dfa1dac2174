"""The quantisation doctor: which layer loses, why, what was tried, and what it bought."""

from __future__ import annotations

from converters.doctor.doctor import Patient, Treatment, examine, give_back
from converters.doctor.findings import Findings, Histogram, Islands, Layer, Point, Tried
from converters.doctor.pair import Pair
from converters.doctor.search import Budget

__all__ = [
    "Budget",
    "Findings",
    "Histogram",
    "Islands",
    "Layer",
    "Pair",
    "Patient",
    "Point",
    "Treatment",
    "Tried",
    "examine",
    "give_back",
]
