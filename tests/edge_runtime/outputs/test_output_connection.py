"""An output that is lost is closed, said once and opened again; what it was asked meanwhile it is not bothered with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from edge_contracts.verdict import Outcome
from edge_runtime.capture.backoff import Backoff
from edge_runtime.outputs.driver_time import HANGS_S
from edge_runtime.outputs.output import Order, PartGone
from edge_runtime.outputs.output_connection import OutputConnection
from edge_runtime.outputs.output_counts import OutputCounts
from edge_runtime.terminals.wire import WireLost
from tests.fakes.clock import FakeClock
from tests.fakes.outputs import FakeOutput

if TYPE_CHECKING:
    from collections.abc import Callable

FIRST_S = 0.5
ORDER = Order(Outcome.DEFECT, "gate", "A", "threshold", "a scratch", 1)


class Scene:
    """An output that is open, and waits of 0.5, 1, 2 and 3 s before it is opened again."""

    def __init__(self, output: Callable[[FakeClock], FakeOutput] = FakeOutput) -> None:
        self.clock = FakeClock()
        self.output = output(self.clock)
        self.counts = OutputCounts()
        backoff = Backoff(lambda: 1.0, first_s=FIRST_S)
        self.connection = OutputConnection("reject", self.output, self.counts, self.clock, backoff)
        assert self.connection.open_if_due()

    def lose(self) -> None:
        self.output.broken = True
        assert not self.connection.fire(ORDER)
        self.output.broken = False

    def open_when_due(self) -> bool:
        self.clock.advance(self.connection.opens_in_s)
        return self.connection.open_if_due()


def test_it_is_opened_at_once_and_not_again_while_it_is_open() -> None:
    scene = Scene()
    assert (scene.connection.lost, scene.counts.opened, scene.counts.lost) == (None, 1, 0)
    assert not scene.connection.open_if_due()
    assert scene.output.opens == 1


def test_one_that_is_lost_over_an_order_is_closed_and_opened_after_the_wait() -> None:
    scene = Scene()
    scene.lose()
    assert not scene.output.is_open, "a driver that was lost lets go of its wire before it is opened again"
    assert scene.connection.lost == "wanted to fire, found none; check its cable"
    assert not scene.connection.open_if_due()
    assert scene.open_when_due()
    assert (scene.output.is_open, scene.connection.lost) == (True, None)
    assert (scene.counts.opened, scene.counts.lost) == (2, 1)


def test_one_that_is_lost_is_not_asked_to_rest() -> None:
    scene = Scene()
    scene.lose()
    lost = scene.connection.lost
    assert not scene.connection.idle()
    assert (scene.connection.lost, scene.counts.lost) == (lost, 1)


def test_one_that_is_lost_over_resting_says_so() -> None:
    scene = Scene()
    assert scene.connection.idle()
    scene.output.broken = True
    assert not scene.connection.idle()
    assert scene.connection.lost == "wanted to rest, found none; check its cable"


def test_the_waits_grow_while_it_does_not_open_and_begin_anew_once_it_did() -> None:
    scene = Scene()
    scene.lose()
    waits_s = [scene.connection.opens_in_s]
    scene.output.broken = True
    for _ in range(2):
        assert not scene.open_when_due()
        waits_s.append(scene.connection.opens_in_s)
    assert waits_s == [FIRST_S, 2 * FIRST_S, 4 * FIRST_S]
    scene.output.broken = False
    assert scene.open_when_due()
    scene.lose()
    assert scene.connection.opens_in_s == FIRST_S


def test_a_loss_is_logged_once_while_its_reason_lasts(caplog: pytest.LogCaptureFixture) -> None:
    scene = Scene()
    scene.lose()
    scene.output.broken = True
    for _ in range(3):
        scene.open_when_due()
    scene.output.broken = False
    assert scene.open_when_due()
    assert [record.getMessage() for record in caplog.records] == [
        "output reject: wanted to fire, found none; check its cable",
        "output reject: wanted an output, found none; check its cable",
        "output reject: open again",
    ]


def test_a_part_that_is_gone_is_told_and_loses_no_output() -> None:
    scene = Scene()
    scene.output.gone = ("A",)
    with pytest.raises(PartGone):
        scene.connection.fire(ORDER)
    assert (scene.connection.lost, scene.counts.lost, scene.output.is_open) == (None, 0, True)


class Stuck(FakeOutput):
    """Cannot be closed."""

    def close(self) -> None:
        raise WireLost("wanted to close it, found it stuck")


def test_one_that_cannot_be_closed_is_opened_again(caplog: pytest.LogCaptureFixture) -> None:
    scene = Scene(Stuck)
    scene.lose()
    assert "output reject: closing failed" in caplog.text
    assert scene.open_when_due()


class Watched(FakeOutput):
    """Asks, from within its driver, whether the driver hangs."""

    connection: OutputConnection
    hung: str | None = None

    def fire(self, order: Order) -> None:
        super().fire(order)
        self.hung = self.connection.hangs


def test_a_driver_that_does_not_come_back_is_seen_from_outside() -> None:
    scene = Scene(lambda clock: Watched(clock, slow_s=HANGS_S + 1))
    assert isinstance(scene.output, Watched)
    scene.output.connection = scene.connection
    assert scene.connection.fire(ORDER)
    assert "its driver hangs" in str(scene.output.hung)
    assert scene.connection.hangs is None
