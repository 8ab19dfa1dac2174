"""Over a line that loses, damages, doubles and reorders: nothing is taken for another, nothing is done twice."""

import random

import pytest

from edge_contracts.serial_link import (
    Answered,
    Delivered,
    Frame,
    Heartbeat,
    Identify,
    Lamp,
    Light,
    ReliableLink,
    StreamDecoder,
    Trigger,
    encode,
)
from tests.fakes.firmware import built
from tests.lab.link.channel import damage, pass_on
from tests.lab.link.echoes import round_trips
from tests.lab.link.fuzz import decoders
from tests.lab.link.fuzz import firmware as firmware_stands

MS = 1000


def test_frames_over_a_bad_pty_are_understood_as_they_were_sent_or_not_at_all(programs):
    tally = round_trips(built("echo", programs), 4000, 1)
    assert {name: number for name, number in tally.items() if ":" in name and number} == {}
    assert tally["back"] > 2000
    assert tally["damaged"] > 800
    assert tally["moved"] > 100


def test_the_judge_of_the_lab_sees_a_wrong_accept(programs, monkeypatch):
    def blind(chance, frames):
        passed = pass_on(chance, frames)
        return type(passed)(passed.data, passed.whole[1:], passed.damaged, passed.lost, passed.moved)

    monkeypatch.setattr("tests.lab.link.echoes.pass_on", blind)
    tally = round_trips(built("echo", programs), 500, 1)
    assert tally["C: wrong accepts"] == 1


def test_both_decoders_and_a_firmware_stand_hostile_bytes(programs, capsys):
    assert decoders(programs, 1, 0.5) == 0
    assert firmware_stands(programs, 1, 0.5) == 0
    assert "0 batches with a difference" in capsys.readouterr().out


@pytest.mark.parametrize("seed", range(3))
def test_every_part_and_every_order_arrives_once_and_in_order(firmware, seed):
    """Both directions at once, every seventh frame lost or damaged."""
    chance = random.Random(seed)
    daemon, decoder = ReliableLink(tries=10_000), StreamDecoder()
    firmware.hear(Frame(Identify(5)))
    lamps = [Lamp(number % 16, Light(number % 3)) for number in range(60)]
    for lamp in lamps:
        daemon.say(lamp)
    parts, answered = [], []
    for tick in range(0, 60_000 * MS, 10 * MS):
        said = firmware.at(tick).frames + firmware.hear(Frame(Heartbeat(1, 100))).frames
        if tick % (100 * MS) == 0 and tick < 6000 * MS:
            said += firmware.part().frames
        said += firmware.hear_bytes(spoiled(chance, daemon.poll(tick * 1000))).frames
        for frame in decoder.feed(spoiled(chance, b"".join(map(encode, said)))):
            match daemon.hear(frame):
                case Delivered(Trigger(number)):
                    parts.append(number)
                case Answered(_, lamp, None):
                    answered.append(lamp)
        if daemon.idle and len(parts) == 60:
            break
    assert parts == list(range(1, 61))
    assert answered == lamps
    assert firmware.lamps == [(lamp.lamp, lamp.light) for lamp in lamps]


def spoiled(chance, data):
    frames = [one + b"\0" for one in data.split(b"\0")[:-1]]
    passed = [one if chance.random() < 0.9 else damage(chance, one) for one in frames if chance.random() < 0.95]
    return b"".join(passed)
