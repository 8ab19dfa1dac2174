"""Fifty alerts through an outage: the broker is away for ten seconds, the station is killed once, nothing is missing.

The alerts are offered while there is no broker, and the station is killed in the middle of them; real broker, real
spool, real store, each a process of its own.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from delivery_device import POINTS
from delivery_rig import Rig

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.system

PARTS = 50
OUTAGE_S = 10.0
RATE = 8
"""Alerts per second: all fifty fit into the outage, the station's restart included."""


def test_fifty_alerts_of_an_outage_are_stored_in_order_and_once(tmp_path: Path) -> None:
    with Rig(tmp_path, PARTS, rate=RATE) as rig:
        for role in ("broker", "receiver"):
            rig.start(role)
        rig.wait_until(lambda _: "listening at" in rig.log("receiver"), 20)
        rig.kill("broker")
        gone_s = time.monotonic()
        rig.start("device")
        rig.wait_until(lambda found: len(found.emitted) >= PARTS // 2, 20)
        rig.kill("device")
        rig.start("device")
        found = rig.wait_until(lambda found: len(found.emitted) >= PARTS, 20)
        assert (len(found.emitted), found.stored) == (PARTS, []), rig.log("device")
        time.sleep(max(0.0, gone_s + OUTAGE_S - time.monotonic()))
        rig.start("broker")
        found = rig.wait_until(lambda found: not found.lost, 20)
        assert (len(found.emitted), found.lost, found.duplicates) == (PARTS, set(), set()), rig.log("device")
        assert found.unwitnessed <= found.offered, "only what the kill caught between its commit and its witness"
        assert len(found.unwitnessed) <= POINTS
        seqs = [seq for seq, _, _ in rig.rows()]
        assert seqs == list(range(1, len(seqs) + 1)), "stored in the order in which they were offered"
