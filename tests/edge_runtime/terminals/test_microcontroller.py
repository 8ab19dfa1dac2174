"""The thread that keeps the line, with the C firmware model at the other end."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import pytest

from edge_contracts.serial_link import By, Heartbeat, Reject, StreamDecoder
from edge_contracts.station import ChipEncoder, ChipOutput, ChipTrigger
from edge_runtime.capture.backoff import Backoff
from edge_runtime.clock import MonotonicClock
from edge_runtime.outputs.actuator import Actuator
from edge_runtime.outputs.belt import TimedBelt, build_encoder
from edge_runtime.outputs.duty import duty_of
from edge_runtime.outputs.line_guard import LineGuard
from edge_runtime.outputs.output import PartGone, build_output
from edge_runtime.terminals.chip_news import ChipRefused, Counted, PartSeen
from edge_runtime.terminals.wire import WireLost
from edge_runtime.trigger.announcement import build_wire
from tests.edge_runtime.outputs.output_contract import OutputContract, defect
from tests.edge_runtime.terminals.chip_fixtures import chips_of, microcontroller
from tests.edge_runtime.trigger.trigger_contract import TriggerContract
from tests.fakes.firmware import built
from tests.fakes.firmware_line import ChipLine
from tests.fakes.patience import eventually
from tests.fakes.serial_line import SerialLine
from tests.fakes.verdicts import verdict

ABSENT = "/dev/ttyUSB-none"
GATE = {"kind": "time", "delay_ms": 40.0}


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    return built("model", tmp_path_factory.mktemp("firmware"))


@pytest.fixture
def line(program):
    with ChipLine(program) as plugged:
        yield plugged


@pytest.fixture
def chip(line):
    with microcontroller(line.path) as running:
        running.wait_open()
        yield running


def output(chip, **keys):
    settings = ChipOutput.model_validate({"kind": "microcontroller", "name": "o", "microcontroller": "chip", **keys})
    return build_output(settings, MonotonicClock(), chips_of(chip))


def trigger(chip):
    settings = ChipTrigger.model_validate({"kind": "microcontroller", "microcontroller": "chip"})
    return build_wire(settings, "gate", MonotonicClock(), chips_of(chip))


def encoder(chip):
    return build_encoder(ChipEncoder(kind="microcontroller", microcontroller="chip"), MonotonicClock(), chips_of(chip))


class TestTrigger(TriggerContract):
    @pytest.fixture
    def line(self, program):
        with ChipLine(program) as plugged:
            plugged.cut = plugged.unplug
            yield plugged

    @pytest.fixture
    def wire(self, line):
        with microcontroller(line.path) as running:
            running.wait_open()
            yield trigger(running)

    @pytest.fixture
    def absent(self):
        with microcontroller(ABSENT) as running:
            yield trigger(running)


class Lamp:
    def __init__(self, plugged):
        self._plugged = plugged
        self.cut = plugged.unplug

    def is_active(self):
        self._plugged.part()  # what the model told before has been read when its answer has
        return self._plugged.lamps.get(3) == 1


class TestLamp(OutputContract):
    @pytest.fixture
    def plugged(self, program):
        with ChipLine(program) as plugged:
            yield plugged

    @pytest.fixture
    def line(self, plugged):
        return Lamp(plugged)

    @pytest.fixture
    def output(self, plugged):
        with microcontroller(plugged.path) as running:
            running.wait_open()
            yield output(running, lamp=3)

    @pytest.fixture
    def absent(self):
        with microcontroller(ABSENT) as running:
            yield output(running, lamp=3)


@pytest.mark.live
def test_parts_during_a_loss_and_before_the_trigger_listens_again_are_all_told(line, chip, monkeypatch):
    cut = threading.Event()
    cuttable(chip, cut, monkeypatch)
    wire = trigger(chip)
    wire.open()
    line.part()
    heard = TriggerContract.heard(wire, 1)
    cut.set()
    for _ in range(3):
        line.part()
    eventually(lambda: chip.lost is not None)
    with pytest.raises(WireLost):
        wire.wait(0.01)
    wire.close()
    cut.clear()
    chip.wait_open(5)
    known = chip.listen()
    for _ in range(2):
        line.part()
    told = []
    eventually(lambda: told.extend(one for one in known.take(0.1) if isinstance(one, PartSeen)) or len(told) == 2)
    wire.open()
    line.part()
    heard += TriggerContract.heard(wire, 3)
    assert [(one.part, one.unheard) for one in heard] == [("1", 0), ("5", 3), ("6", 0), ("7", 0)]
    assert [chip.number_at(one.at_ns) for one in heard] == [1, 5, 6, 7]


def test_a_trigger_that_is_closed_is_told_nothing_more(line, chip):
    wire = trigger(chip)
    wire.open()
    wire.close()
    line.part()
    line.part()
    assert not wire.wait(0.2)
    wire.open()
    assert [one.part for one in TriggerContract.heard(wire, 2)] == ["1", "2"]


def test_parts_during_a_reload_of_their_point_are_told_to_the_trigger_after_it(line, chip):
    before = trigger(chip)
    before.open()
    line.part()
    TriggerContract.heard(before, 1)
    line.part()
    eventually(lambda: before._news._news.qsize() > 0)
    before.close()
    line.part()
    after = trigger(chip)
    after.open()
    line.part()
    assert [(one.part, one.unheard) for one in TriggerContract.heard(after, 3)] == [("2", 0), ("3", 0), ("4", 0)]
    assert not after.wait(0.1)


def test_the_lines_are_open_when_it_has_said_who_it_is(chip):
    assert (chip.hello.board, chip.hello.firmware, chip.lost) == ("model", "1.0.0", None)


def test_a_part_has_the_models_number_and_the_moment_of_its_edge(line, chip):
    news = chip.listen()
    number = line.part()
    (seen,) = [one for one in parts_of(news) if isinstance(one, PartSeen)]
    assert seen.number == number
    assert abs(seen.at_ns // 1000 % 2**32 - line.parts[-1][1]) < 50_000
    assert chip.number_at(seen.at_ns) == number


@pytest.mark.live
def test_a_reject_is_a_pulse_for_its_part(line, chip):
    news = chip.listen()
    eventually(lambda: not line.rejects)
    gate = output(chip, gate=GATE, lead_ms=20, pulse_ms=10)
    gate.open()
    line.part()
    (seen,) = parts_of(news)
    changes = len(line.pins)
    gate.fire(defect_at(seen.at_ns))
    eventually(lambda: len(line.pins) == changes + 2)
    (up, rise), (down, fall) = line.pins[changes:]
    assert (up, down) == (1, 0)
    assert 40_000 <= rise - line.parts[-1][1] < 60_000
    assert 8_000 <= fall - rise < 30_000


def test_a_part_that_it_has_not_announced_is_gone_in_words(chip):
    with pytest.raises(
        PartGone, match=r"wanted to reject part P7, found that .* has not announced it; check whether its line was lost"
    ):
        output(chip, gate=GATE, lead_ms=20).fire(defect_at(12345))


@pytest.mark.live
def test_a_part_that_is_past_the_gate_is_gone_in_words(line, chip):
    news = chip.listen()
    line.part()
    (seen,) = parts_of(news)
    eventually(lambda: time.monotonic_ns() > seen.at_ns + 60_000_000)
    with pytest.raises(PartGone, match=r"microcontroller chip, found that it refuses: late; check gate"):
        output(chip, gate=GATE, lead_ms=20).fire(defect_at(seen.at_ns))


@pytest.mark.live
@pytest.mark.parametrize(("delay_ms", "stops"), [(300.0, 0), (200.0, 3)])
def test_parts_over_a_lost_line_keep_no_part_after_it_from_being_rejected(line, chip, monkeypatch, delay_ms, stops):
    """A gate that is nearer than three heartbeats may have let them pass: then the line is told to stop."""
    one = over_a_loss(line, chip, monkeypatch)
    clock, called = MonotonicClock(), []
    guard = LineGuard(clock)
    guard.tell(called.append)
    gate = {"kind": "time", "delay_ms": delay_ms}
    made = ChipOutput.model_validate(
        {"kind": "microcontroller", "name": "o", "microcontroller": "chip", "gate": gate, "lead_ms": 100}
    )
    backoff = Backoff(lambda: 1.0, first_s=0.1, most_s=2.0)
    driver = build_output(made, clock, chips_of(chip))
    actuator = Actuator("o", driver, duty_of(made), TimedBelt(), guard, clock, backoff)
    actuator.start()
    try:
        for left in range(one.unheard, -1, -1):
            actuator.expect("gate", one.at_ns - left, one.at_ns - left)
            told = replace(verdict("P", "defect" if left == 0 else "unknown"), captured_at_ns=0)
            actuator.take(told, one.at_ns - left)
        at_gate = line.parts[-1][1] + int(delay_ms * 1000)
        eventually(lambda: any(level and abs(tick - at_gate) < 30_000 for level, tick in line.pins))
    finally:
        assert actuator.stop(5)
    assert (one.unheard, len(called), actuator.counts.lost) == (3, stops, 0)


def test_a_part_that_comes_while_the_cable_is_out_is_told_with_the_cable(line, chip):
    gate = output(chip, gate=GATE, lead_ms=20)
    line.unplug()
    eventually(lambda: chip.lost is not None)
    with pytest.raises(WireLost, match=r"wanted microcontroller chip, found that it cannot be spoken to: .*check"):
        gate.fire(defect_at(12345))


def test_the_board_that_was_named_is_taken(line):
    with microcontroller(line.path, board="model") as running:
        running.wait_open()
        eventually(lambda: not line.rejects)


def test_another_board_is_not_taken_and_goes_on_rejecting(line, caplog):
    with microcontroller(line.path, board="CHIP-A") as running:
        eventually(lambda: running.lost != "it is not open yet")
        before = line.pins.copy()
        with pytest.raises(WireLost, match=f"wanted board CHIP-A on {line.path}, found model; plug the right one in"):
            running.wait_open(0.5)
        assert line.pins == before
        assert line.rejects
    said = [one.levelname for one in caplog.records if "wanted board CHIP-A" in one.message]
    assert said == ["WARNING"]


def test_a_port_that_is_a_plain_file_is_told_as_one(tmp_path):
    file = tmp_path / "hostname"
    file.write_text("line-1")
    with microcontroller(str(file)) as running:
        eventually(lambda: running.lost != "it is not open yet")
        assert f"wanted the serial port {file}, found a plain file, which is no serial port" in running.lost


def test_what_it_refuses_is_told_in_words(chip):
    with pytest.raises(ChipRefused, match=r"microcontroller chip, found that it refuses: unknown_part; check"):
        chip.order(Reject(9, By.TICKS, 1000, 1000))


def test_the_encoder_tells_how_far_the_belt_has_come(line, chip):
    wire = standing_encoder(line, chip, 2**32 - 10)
    line.encoder(15)
    moved = []
    eventually(lambda: moved.extend(one.counts for one in wire.wait(0.1)) or sum(moved))
    assert sum(moved) == 25


def test_an_encoder_that_runs_backwards_is_lost(line, chip):
    wire = standing_encoder(line, chip, 1000)
    line.encoder(10)
    with pytest.raises(WireLost, match="does the encoder run backwards"):
        eventually(lambda: any(one.counts for one in wire.wait(0.1)))


def test_it_rejects_while_somebody_says_why_not_and_when_the_daemon_ends(line):
    reasons = ["not yet"]
    with microcontroller(line.path, lambda: reasons[0] if reasons else None) as running:
        running.wait_open()
        assert line.rejects
        reasons.clear()
        eventually(lambda: not line.rejects)
        reasons.append("a stop")
        eventually(lambda: line.rejects)
        reasons.clear()
        eventually(lambda: not line.rejects)
    eventually(lambda: line.rejects)


def test_no_order_can_hang_between_what_a_heartbeat_is_told_and_when_it_is_said(line):
    held, chips = [], []

    def why_not():
        held.extend(one._lock.locked() for one in chips)

    with microcontroller(line.path, why_not) as running:
        chips.append(running)
        eventually(lambda: len(held) > 5)
    assert all(held)


def test_the_last_that_it_says_is_that_the_line_must_not_run(line, monkeypatch):
    said = []
    with microcontroller(line.path) as running:
        running.wait_open()
        write = running._port.write
        monkeypatch.setattr(running._port, "write", lambda data: (said.append(data), write(data)))
        eventually(lambda: not line.rejects)
    last = StreamDecoder().feed(b"".join(said))[-1].message
    assert isinstance(last, Heartbeat)
    assert not last.alive


def test_a_line_that_is_back_is_spoken_to_again(program):
    with (
        SerialLine() as silent,
        microcontroller(silent.path) as running,
        pytest.raises(WireLost, match="cannot be spoken"),
    ):
        running.wait_open(0.2)
    with ChipLine(program) as line, microcontroller(line.path) as running:
        running.wait_open()
        line.unplug()
        eventually(lambda: running.lost is not None)
        with pytest.raises(WireLost, match="found"):
            running.order(Reject(1, By.TICKS, 1, 1))


def over_a_loss(line, chip, monkeypatch):
    """What a trigger says of the first part after a lost line that swallowed three."""
    cut = threading.Event()
    cuttable(chip, cut, monkeypatch)
    wire = trigger(chip)
    wire.open()
    line.part()
    TriggerContract.heard(wire, 1)
    cut.set()
    for _ in range(3):
        line.part()
    eventually(lambda: chip.lost is not None)
    with pytest.raises(WireLost):
        wire.wait(0.01)
    cut.clear()
    chip.wait_open(5)
    wire.open()
    eventually(lambda: not line.rejects)
    line.part()
    (one,) = TriggerContract.heard(wire, 1)
    return one


def cuttable(chip, cut, monkeypatch):
    """While `cut` is set nothing comes through the port, in either direction."""
    read, write = chip._port.read, chip._port.write
    monkeypatch.setattr(chip._port, "read", lambda wait_s: b"" if (data := read(wait_s)) and cut.is_set() else data)
    monkeypatch.setattr(chip._port, "write", lambda data: None if cut.is_set() else write(data))


def standing_encoder(line, chip, count):
    """An open wire that has told this count."""
    line.encoder(count)
    news = chip.listen()
    eventually(lambda: any(isinstance(one, Counted) and one.count == count for one in news.take(0.1)))
    wire = encoder(chip)
    wire.open()
    eventually(lambda: wire.wait(0.1))
    return wire


def parts_of(news):
    found = []
    eventually(lambda: found.extend(one for one in news.take(0.1) if isinstance(one, PartSeen)) or found)
    return found


def defect_at(at_ns):
    order = defect()
    return type(order)(
        order.outcome, order.point, order.part, order.cause, order.reason, order.number, triggered_at_ns=at_ns
    )
