"""Nothing lost: every part of the way is killed at random while alerts flow, and what was emitted is what is stored.

*Emitted* is what a process that nobody kills made durable after the spool's append had returned. An alert whose append
was durable, but whose station died before it could say so, is stored without being witnessed; at most one per
inspection point and kill, and always one that was offered.
"""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

import pytest
from delivery_device import POINTS, READY
from delivery_rig import ROLES, Found, Rig, kill_at_random

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.system, pytest.mark.slow]

SEED = int(os.environ.get("LEPTON_KILL_SEED", "20"))
KILLS = 20
PARTS = 2000
RATE = 70
"""Alerts per second at most, so that they flow for nearly as long as there is killing."""
KILLS_IN_FLOW = 12


def test_what_was_emitted_is_stored_once_though_everything_is_killed(tmp_path: Path) -> None:
    with Rig(tmp_path, PARTS, rate=RATE) as rig:
        began_s = time.monotonic()
        for role in ROLES:
            rig.start(role)
        kill_at_random(rig, KILLS, (1.1, 2.5), SEED)
        found = rig.wait_until(lambda f: len(f.emitted) >= PARTS and not f.lost, 120)
        report(
            f"seed {SEED}: {summary(rig, found)}, {time.monotonic() - began_s:.1f} s; "
            f"kills while alerts were still being offered {dict(rig.kills_in_flow)}"
        )
        assert rig.kills == dict.fromkeys(ROLES, KILLS)
        assert min(rig.kills_in_flow[role] for role in ROLES) >= KILLS_IN_FLOW
        assert len(found.emitted) >= PARTS
        assert found.lost == set(), rig.log("device")
        assert found.duplicates == set()
        assert found.unwitnessed <= found.offered
        assert len(found.unwitnessed) <= POINTS * KILLS
        assert rig.stop("device", f"{READY} {rig.runs}") == 0, rig.log("device")
        assert rig.stop("receiver", "listening at") == 0, rig.log("receiver")
        assert "lost: 0" in rig.log("receiver").splitlines()[-1]


def report(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def summary(rig: Rig, found: Found) -> str:
    return (
        f"kills {dict(rig.kills)}, emitted {len(found.emitted)}, stored {len(found.stored)}, lost {len(found.lost)}, "
        f"duplicates {len(found.duplicates)}, stored but unwitnessed {len(found.unwitnessed)}"
    )


def test_the_harness_notices_an_append_that_returns_before_its_commit(tmp_path: Path) -> None:
    with Rig(tmp_path, 10_000, rate=200, device_options=("--early", "--window-ms", "50")) as rig:
        for role in ROLES:
            rig.start(role)
        for kill in range(1, 5):
            rig.wait_until(lambda f, kill=kill: len(f.emitted) >= 100 * kill, 20)
            rig.kill("device")
            rig.start("device")
        rig.kill("device")
        found = rig.wait_until(lambda f: not f.lost, 3)
        report(summary(rig, found))
        assert found.lost, "alerts were said to be durable before they were, and the harness saw no loss"


def test_the_harness_notices_that_a_brokers_acknowledgement_is_not_storage(tmp_path: Path) -> None:
    with Rig(tmp_path, 10_000, rate=200, device_options=("--ack", "broker")) as rig:
        for role in ROLES:
            rig.start(role)
        rig.wait_until(lambda f: len(f.stored) >= 50, 20)
        rig.kill("receiver")
        before = len(rig.found().emitted)
        rig.wait_until(lambda f: len(f.emitted) >= before + 100, 20)
        rig.kill("broker")
        rig.start("broker")
        rig.start("receiver")
        after = len(rig.found().stored)
        rig.wait_until(lambda f: len(f.stored) >= after + 50, 20)
        rig.kill("device")
        found = rig.wait_until(lambda f: not f.lost, 3)
        report(summary(rig, found))
        assert found.lost, "the broker forgot what it had acknowledged, and the harness saw no loss"


def test_fifty_alerts_offered_without_a_broker_arrive_in_order_and_once(tmp_path: Path) -> None:
    with Rig(tmp_path, 50, rate=200) as rig:
        rig.start("device")
        rig.wait_until(lambda f: len(f.emitted) >= 25, 20)
        rig.kill("device")
        rig.start("device")
        rig.wait_until(lambda f: len(f.emitted) >= 50, 20)
        rig.start("broker")
        rig.start("receiver")
        found = rig.wait_until(lambda f: not f.lost and len(f.emitted) >= 50, 20)
        report(summary(rig, found))
        assert (len(found.emitted), found.lost, found.duplicates) == (50, set(), set())
        seqs = [seq for seq, _, _ in rig.rows()]
        assert seqs == sorted(seqs)
        assert seqs == list(range(1, len(seqs) + 1))
