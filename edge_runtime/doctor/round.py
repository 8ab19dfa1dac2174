"""The doctor's round: every check in its order; one that fails itself is a finding and hides no other."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from edge_runtime.doctor.finding import Finding, Standing
from edge_runtime.doctor.patient import Chart

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from edge_runtime.doctor.patient import Patient

CHECKS = (
    "packages",
    "camera",
    "microcontroller",
    "line_trigger",
    "line_output",
    "model",
    "takt_time",
    "gate_time",
    "state_disk",
    "board_clock",
    "broker",
    "evidence_upload",
    "web_port",
    "service_unit",
)
"""Modules of this folder, each with `examine(patient, chart)`; a later one may read what an earlier one charted."""


def examine(patient: Patient, checks: Sequence[str] = CHECKS) -> Iterator[Finding]:
    """Every finding, as it is made."""
    chart = Chart()
    for name in checks:
        yield from _made(name, patient, chart)


def _made(name: str, patient: Patient, chart: Chart) -> Iterator[Finding]:
    try:
        module: Any = import_module(f"edge_runtime.doctor.{name}")
        yield from module.examine(patient, chart)
    except Exception as error:  # noqa: BLE001 - a check that fails must not hide what the others find
        found = f"the check itself failed ({type(error).__name__}: {error})"
        yield Finding(name.replace("_", " "), "", Standing.FAILED, found, "an answer", "report this message")
