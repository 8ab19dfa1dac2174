from __future__ import annotations

import threading
from typing import Any

from edge_runtime.capture.backoff import Backoff
from edge_runtime.terminals.listener import Listener
from edge_runtime.terminals.wire import WireLost
from tests.fakes.clock import FakeClock
from tests.fakes.patience import eventually
from tests.fakes.wires import ScriptedWire


def listening(wire: ScriptedWire, heard: list[Any], clock: FakeClock | None = None) -> Listener[Any]:
    listener = Listener("gate", wire, heard.append, clock=clock or FakeClock(), backoff=Backoff(lambda: 0.5))
    listener.start()
    return listener


def test_everything_that_is_heard_is_handed_on_in_order() -> None:
    heard: list[int] = []
    wire = ScriptedWire([1, 2], [], [3])
    listener = listening(wire, heard)
    assert wire.silent.wait(5)
    assert listener.lost is None
    assert listener.stop(5)
    assert heard == [1, 2, 3]
    assert listener.counts.heard == 3


def test_a_wire_that_breaks_is_opened_again_and_counted() -> None:
    heard: list[int] = []
    wire = ScriptedWire([1], WireLost("gone"), [2], RuntimeError("the driver's own"), [3], fail_opens=2)
    listener = listening(wire, heard)
    assert wire.silent.wait(5)
    assert listener.stop(5)
    assert heard == [1, 2, 3]
    assert (listener.counts.opened, listener.counts.lost, listener.counts.broken) == (3, 4, 2)
    assert "the driver's own" in listener.last_loss
    assert wire.closed == wire.opened


def test_while_it_is_lost_it_says_why() -> None:
    wire = ScriptedWire(fail_opens=1_000_000)
    clock = FakeClock()
    listener = Listener("gate", wire, print, clock=clock, backoff=Backoff(lambda: 0.5))
    assert listener.lost == "it is not open yet"
    listener.start()
    eventually(lambda: "found none" in (listener.lost or ""))
    assert listener.stop(5)


def test_a_driver_that_hangs_counts_as_lost() -> None:
    release, clock = threading.Event(), FakeClock()

    class Hanging(ScriptedWire):
        def wait(self, timeout_s: float) -> list[Any]:
            self.silent.set()
            release.wait(30)
            return super().wait(timeout_s)

    wire = Hanging()
    listener = listening(wire, [], clock)
    assert wire.silent.wait(5)
    assert listener.lost is None
    clock.advance(11)
    assert "not answered for 11 s" in (listener.lost or "")
    assert not listener.stop(0.01)
    release.set()
    assert listener.stop(5)
