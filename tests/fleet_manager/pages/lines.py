"""Alerts as the desk gives them, for the pages' views."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from edge_contracts.alert import Evidence, EvidenceKind, Severity
from edge_contracts.verdict import Cause, Outcome
from fleet_manager.desk.handling import AlertFile, HistoryEntry
from fleet_manager.desk.inbox import AlertLine
from fleet_manager.desk.life_cycle import AlertState

SITE, DEVICE = "plant/hall", "plant/hall/press-1"
PICTURE = Evidence(kind=EvidenceKind.IMAGE, sha256="a" * 64, media_type="image/jpeg", bytes=9)
HEAT = Evidence(kind=EvidenceKind.HEAT_MAP, sha256="b" * 64, media_type="image/jpeg", bytes=9)
_DATA = {"point": "gate", "part": "4711", "outcome": "defect", "cause": "threshold", "reason": "r", "latency_ms": 40}


def line(**changed: Any) -> AlertLine:
    one = AlertLine(
        id=12,
        address=DEVICE,
        site=SITE,
        event_id="e",
        time_ms=1_700_000_000_000,
        stored_ms=1_700_000_000_120,
        point="gate",
        part="4711",
        outcome=Outcome.DEFECT,
        cause=Cause.THRESHOLD,
        severity=Severity.WARNING,
        label="scratch",
        score=0.81,
        model="c" * 64,
        count=1,
        reason="r",
        evidence=(PICTURE, HEAT),
        state=AlertState.NEW,
        who=None,
        changed_ms=None,
    )
    return replace(one, **changed)


def file(*history: HistoryEntry, clk: str = "ntp", **changed: Any) -> AlertFile:
    event = {
        "id": "0190aaaa-0000-7000-8000-000000000001",
        "source": f"lepton/1/{DEVICE}",
        "type": "lepton.alert.v1",
        "time": "2026-05-04T09:12:31Z",
        "epoch": "00000000000000aa",
        "seq": 5,
        "clk": clk,
        "mono": 1,
        "data": {**_DATA, "score": 0.81, "threshold": 0.5},
    }
    return AlertFile(line(**changed), json.dumps(event), history)
