"""What the bench demands of each cell, and whether it is met.

agreement   at least the peer's (class, best place); signal to noise where a network chooses nothing, both of detectors
size        ≤ 1.02 ×; against ONNX files weights only
latency     ≤ 1.02 ×; against the reference int8 files of MLPerf Tiny ≤ 1.05 ×
time        ≤ 0.25 × TFLiteConverter's, ≤ 1 × the others'; file to file, and the whole of `lepton convert`
megabytes   installed, ≤ 0.25 × TFLiteConverter's; of the others printed
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    Row = Mapping[str, Any]
    """One network of the results: `judged_by` and, under `contenders`, each one's figures."""

MOST_SIZE = MOST_LATENCY = 1.02
MOST_REFERENCE_LATENCY = 1.05
QUARTER = 0.25
SLOW = "TFLiteConverter"
REFERENCE = "MLPerf Tiny's int8 file"
OURS = "lepton"
WEIGHTS_ONLY = "ONNX Runtime"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One cell. what: agreement, signal, size, latency, time, whole, megabytes. most: the bar of `ours / theirs`."""

    network: str
    peer: str
    what: str
    ours: float
    theirs: float
    met: bool
    ratio: float


def verdicts(row: Row) -> Iterator[Verdict]:
    """Every demand on one network against every peer that made a file that runs; none where ours did not."""
    ours = row["contenders"][OURS]
    for peer, theirs in row["contenders"].items():
        if peer == OURS or ours["judgement"] is None or theirs["judgement"] is None:
            continue
        for what, mine, other, met, ratio in _cells(row["judged_by"], peer, ours, theirs):
            yield Verdict(row["network"], peer, what, mine, other, met, ratio)


def install_verdict(environments: Row) -> Verdict:
    """Our installed megabytes against TFLiteConverter's."""
    ours, theirs = environments[OURS]["megabytes"], environments[SLOW]["megabytes"]
    return Verdict("all", SLOW, "megabytes", ours, theirs, ours <= QUARTER * theirs, ours / theirs)


def _cells(judged_by: str, peer: str, ours: Row, theirs: Row) -> Iterator[tuple[str, float, float, bool, float]]:
    a, b = ours["judgement"], theirs["judgement"]
    if peer == REFERENCE:
        yield _latency(a, b, MOST_REFERENCE_LATENCY)
        yield _ratio("size", a["bytes"], b["bytes"], MOST_SIZE)
        return
    if judged_by != "signal":
        yield "agreement", a["agreement"], b["agreement"], a["agreement"] >= b["agreement"], 0.0
    if judged_by != "class":
        decibels = a["signal_to_noise_db"], b["signal_to_noise_db"]
        yield "signal", *decibels, decibels[0] >= decibels[1], 0.0
    field = "weight_bytes" if peer == WEIGHTS_ONLY else "bytes"
    yield _ratio("size", a[field], b[field], MOST_SIZE)
    yield _latency(a, b, MOST_LATENCY)
    most = QUARTER if peer == SLOW else 1.0
    yield _ratio("time", ours["process_s"], theirs["process_s"], most)
    yield _ratio("whole", ours["whole_s"], theirs["process_s"], most)


def _ratio(what: str, mine: float, other: float, most: float) -> tuple[str, float, float, bool, float]:
    return what, mine, other, mine <= most * other, mine / max(other, 1e-12)


def _latency(a: Row, b: Row, most: float) -> tuple[str, float, float, bool, float]:
    """The median over turns of the ratio, which a machine that slows down does not move."""
    return "latency", a["latency_ms"], b["latency_ms"], b["latency_ratio"] <= most, b["latency_ratio"]
