from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from edge_runtime.capture.backoff import Backoff
from edge_runtime.clock import MonotonicClock
from edge_runtime.outputs.panel import Panel
from edge_runtime.terminals.listener import Listener
from edge_runtime.trigger.backlog import BacklogCounts
from edge_runtime.units.line_metrics import line_metrics
from edge_runtime.units.running import Running
from edge_runtime.web.metrics_text import metrics_text
from tests.fakes.wires import ScriptedWire

if TYPE_CHECKING:
    from edge_contracts.station import Output

NOTHING: Any = None


def told(running: Running) -> list[str]:
    return [line for line in metrics_text(line_metrics(running), NOTHING).splitlines() if not line.startswith("#")]


def test_a_station_that_no_line_is_joined_to_has_no_samples() -> None:
    assert told(Running()) == []


def test_each_output_and_each_trigger_of_the_line_is_told() -> None:
    settings = cast("Output", SimpleNamespace(name="run", role="run", beat_ms=0.0, hold_s=1.0))
    panel = Panel([settings], MonotonicClock(), build=lambda *_: NOTHING)
    panel.counts["run"].fired = 3
    panel.guard.call_stop("part 7")
    wire = Listener("gate", ScriptedWire(), print, clock=MonotonicClock(), backoff=Backoff(lambda: 0.5))
    inventory = SimpleNamespace(name="gate")
    point: Any = SimpleNamespace(inventory=inventory, announced=BacklogCounts(9, 2, 0), listeners=(wire,))
    seen: Any = SimpleNamespace(inventory=SimpleNamespace(name="seen"), announced=BacklogCounts(5, 1, 0), listeners=())
    other: Any = SimpleNamespace(inventory=SimpleNamespace(name="other"), announced=None, listeners=())
    lines = told(Running(panel=panel, points={"gate": point, "seen": seen, "other": other}))
    assert 'lepton_output_fired_total{output="run"} 3' in lines
    assert 'lepton_output_up{output="run"} 0' in lines
    assert "lepton_line_stops_total 1" in lines
    assert 'lepton_trigger_announced_total{point="gate"} 9' in lines
    assert 'lepton_trigger_missed_total{point="gate"} 2' in lines
    assert [line for line in lines if line.startswith("lepton_trigger_up")] == ['lepton_trigger_up{point="gate"} 0']
    assert 'lepton_trigger_announced_total{point="seen"} 5' in lines
    assert 'lepton_trigger_missed_total{point="seen"} 1' in lines
    assert not any("other" in line for line in lines)
