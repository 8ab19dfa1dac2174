from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import gpiod
import pytest
from gpiod.line import Bias, Clock, Edge

from edge_contracts.errors import MissingExtraError
from edge_contracts.station import GpioTrigger
from edge_runtime.clock import MonotonicClock
from edge_runtime.terminals.gpio_pin import chip_path
from edge_runtime.terminals.wire import WireLost
from edge_runtime.trigger.announcement import build_wire
from tests.edge_runtime.trigger.trigger_contract import TriggerContract
from tests.fakes.gpio import CHIP, LABEL, GpioBoard

if TYPE_CHECKING:
    from pathlib import Path

    from edge_runtime.terminals.wire import Wire
    from edge_runtime.trigger.announcement import Announcement

LINE = 17


@dataclass
class Barrier:
    board: GpioBoard

    def part(self) -> None:
        self.board.pulse(LINE)

    def cut(self) -> None:
        self.board.unplug()


def wire_of(**settings: object) -> Wire[Announcement]:
    return build_wire(GpioTrigger.model_validate({"kind": "gpio", "line": LINE, **settings}), "gate", MonotonicClock())


class TestGpio(TriggerContract):
    @pytest.fixture
    def line(self, board: GpioBoard) -> Barrier:
        return Barrier(board)

    @pytest.fixture
    def wire(self, board: GpioBoard) -> Wire[Announcement]:
        del board
        return wire_of()

    @pytest.fixture
    def absent(self, board: GpioBoard) -> Wire[Announcement]:
        del board
        return wire_of(chip="/dev/gpiochip7")


@pytest.fixture
def board(monkeypatch: pytest.MonkeyPatch) -> GpioBoard:
    return GpioBoard().install(monkeypatch)


def test_the_kernels_stamp_is_the_parts_moment(board: GpioBoard) -> None:
    wire = wire_of()
    wire.open()
    board.pulse(LINE, at_ns=4711)
    assert [announced.at_ns for announced in wire.wait(1)] == [4711]


def test_the_pin_is_asked_for_as_the_file_says(board: GpioBoard) -> None:
    wire_of(line="TRIGGER", edge="falling", bias="pull-up", debounce_ms=5).open()
    (request,) = board.requests
    settings = request.settings
    assert (request.offset, settings.edge_detection, settings.bias) == (LINE, Edge.FALLING, Bias.PULL_UP)
    assert (settings.debounce_period, settings.event_clock) == (timedelta(milliseconds=5), Clock.MONOTONIC)


def test_edges_that_the_kernel_threw_away_are_parts_that_nobody_heard(board: GpioBoard) -> None:
    wire = wire_of()
    wire.open()
    for _ in range(300):
        board.pulse(LINE)
    announced = wire.wait(1)
    assert announced[0].unheard == 300 - len(announced) > 0
    assert sum(one.unheard + 1 for one in announced) == 300


def test_a_pin_that_was_opened_again_counts_its_edges_from_there(board: GpioBoard) -> None:
    wire = wire_of()
    wire.open()
    for _ in range(5):
        board.pulse(LINE)
    assert sum(one.unheard + 1 for one in wire.wait(1)) == 5
    wire.close()
    wire.open()
    for _ in range(300):
        board.pulse(LINE)
    announced = wire.wait(1)
    assert len(announced) < 300
    assert sum(one.unheard + 1 for one in announced) == 300


def test_a_pin_that_somebody_else_holds_is_lost(board: GpioBoard) -> None:
    gpiod.request_lines(CHIP, {LINE: gpiod.LineSettings()}, consumer="other")
    with pytest.raises(WireLost, match="busy"):
        wire_of().open()
    assert board.requests


def test_a_chip_is_found_by_its_label_whatever_its_number(board: GpioBoard, tmp_path: Path) -> None:
    del board
    (tmp_path / "gpiochip4").touch()
    assert chip_path(gpiod, LABEL, tmp_path) == str(tmp_path / "gpiochip4")
    with pytest.raises(OSError, match=r"no chip 'other' among gpiochip4 \[pinctrl-rp1\]"):
        chip_path(gpiod, "other", tmp_path)


def test_a_missing_library_names_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gpiod", None)
    with pytest.raises(MissingExtraError, match=r"lepton-edge\[gpio\]"):
        wire_of()


def test_the_stand_in_waits_no_longer_than_it_is_told(board: GpioBoard) -> None:
    wire = wire_of()
    wire.open()
    begun_s = time.monotonic()
    assert not wire.wait(0.02)
    assert time.monotonic() - begun_s >= 0.02
    assert board.requests
