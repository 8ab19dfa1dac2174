"""The whole daemon with a microcontroller at its line: the right parts are rejected, and all of them without it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from tests.fakes.chip_station import COUNTED, Belt, CountedBelt, Gate, at_the_gate, write_chip_station
from tests.fakes.firmware import built
from tests.fakes.firmware_line import ChipLine
from tests.fakes.patience import eventually
from tests.fakes.stations import run_station

pytestmark = pytest.mark.live

RUN = "import sys; from lepton.cli import main; main(sys.argv[1:])"


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    return built("model", tmp_path_factory.mktemp("firmware"))


def test_the_pulse_is_for_the_right_part_at_20_parts_a_second(tmp_path, program):
    with ChipLine(program) as line:
        belt = Belt(line, parts=40, every_s=0.05)
        verdicts, summary = run_station(write_chip_station(tmp_path, line), lines=belt)
        met = at_the_gate(line)
    bad = {int(one["part"]) for one in verdicts if one["outcome"] != "good"}
    assert [int(one["part"]) for one in verdicts] == list(range(1, 41))
    assert met.rejected == set(met.late_us) == bad, met.why_not(bad)
    assert len(bad) > 12
    assert max(met.late_us.values()) < 10_000
    assert summary.left_behind == 0


def test_the_pulse_is_for_the_right_part_while_the_belt_changes_its_speed_and_stands(tmp_path, program):
    with ChipLine(program) as line:
        belt = CountedBelt(line, [0.15] * 4 + [0.4] * 3 + [0.15] * 5, stands_before=8)
        verdicts, summary = run_station(write_chip_station(tmp_path, line, gate=COUNTED), lines=belt)
        met = at_the_gate(line, belt.moments)
    bad = {int(one["part"]) for one in verdicts if one["outcome"] != "good"}
    assert [int(one["part"]) for one in verdicts] == list(range(1, 13))
    assert met.rejected == set(met.late_us) == bad, met.why_not(bad)
    assert len(bad) >= 4
    assert max(met.late_us.values()) < 10_000
    ways_us = [(belt.moments[number] - tick) % 2**32 for number, tick in line.parts]
    assert max(ways_us) > 2 * min(ways_us)
    assert summary.left_behind == 0


def test_a_daemon_that_stalls_has_everything_rejected_within_100_ms(tmp_path, program):
    with ChipLine(program) as line:
        station = write_chip_station(tmp_path, line)
        command = [sys.executable, "-c", RUN, "run", str(station)]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as daemon:
            eventually(lambda: not line.rejects, 60)
            changes = len(line.pins)
            at_us = time.monotonic_ns() // 1000
            os.kill(daemon.pid, signal.SIGSTOP)
            eventually(lambda: len(line.pins) > changes)
            os.kill(daemon.pid, signal.SIGKILL)
    level, tick = line.pins[changes]
    assert level == 1
    assert 0 < (tick - at_us) % 2**32 <= 100_000


def test_a_daemon_that_ends_has_everything_rejected(tmp_path, program):
    with ChipLine(program) as line:
        run_station(write_chip_station(tmp_path, line), lines=Belt(line, parts=1, every_s=0.01))
        assert line.rejects


@pytest.mark.parametrize(
    ("away_us", "told"),
    [
        (23_000, "part 3, bad and not rejected: the host: it did not let the model run for 23.0 ms"),
        (2_000, "part 3, bad and not rejected: the product"),
    ],
)
def test_a_part_that_had_no_pulse_says_whose_fault_it_is(away_us, told):
    assert Gate({6: 200}, {6}, {3: away_us, 6: 0}).why_not({3, 6}) == told
