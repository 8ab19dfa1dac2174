"""Another project's reader understands every message of a long life, and finds the same rules kept."""

from __future__ import annotations

import random

import pytest
from tahu import TahuReader

from edge_contracts.alarm import AlarmType
from edge_contracts.verdict import Outcome
from fleet_manager.adapters.news import Gone, Unheard
from tests.fakes.device_words import OTHER, STATION, alarm, alert_event, birth, offline, online, point, state
from tests.fakes.sparkplug_host import SparkplugHost
from tests.fakes.sparkplug_line import NCMD, REBIRTH, Line
from tests.fakes.sparkplug_wire import read_payload

pytestmark = pytest.mark.system
STEPS = 400


@pytest.fixture
def tahu():
    reader = TahuReader()
    yield reader
    reader.close()


class TahuHost(SparkplugHost):
    """Judges by what Tahu reads, and holds it against what the bytes say."""

    def __init__(self, tahu, *who):
        super().__init__(*who)
        self._tahu, self._topic = tahu, ""
        self.read = self._read

    def connects(self, will):
        self._topic = will.topic
        super().connects(will)

    def hears(self, message):
        self._topic = message.topic
        super().hears(message)
        device = message.topic.split("/")[4] if message.topic.count("/") > 3 else ""
        known = self.metrics.get(device, {})
        assert {name: known[name] for name in self._tahu.values if known} == (self._tahu.values if known else {})

    def _read(self, body):
        said = self._tahu.read(self._topic, body)
        assert said == read_payload(body)
        return said


def _word(draw):
    points = draw.sample(["a", "b", "line-1"], 2)
    return draw.choice(
        [
            online(draw.randint(1, 3)),
            offline(3),
            birth(*points),
            state(*(point(one, draw.randint(0, 9), draw.choice([None, *Outcome])) for one in points)),
            state(temperature_c=draw.choice([None, -3.5, 0.0])),
            alarm(draw.choice(list(AlarmType)), active=draw.random() < 0.5, reason="größer als 85 °C"),
            alert_event(draw.randint(1, 9)),
        ]
    )


def test_pysparkplug_reads_every_message_of_a_long_life_as_it_was_meant(tahu):
    draw = random.Random(8)
    line = Line()
    line.host = TahuHost(tahu, "hall", "plant")
    line.connect()
    for _ in range(STEPS):
        deed = draw.random()
        if deed < 0.9:
            line.tell(_word(draw), device=draw.choice([STATION, OTHER]))
        elif deed < 0.93:
            line.hear(NCMD, REBIRTH)
        elif deed < 0.95:
            line.news(draw.choice([Gone(STATION), Unheard()]))
        else:
            draw.choice([line.cut, line.leave])()
            line.connect()
    assert set(line.said) == {"NBIRTH", "NDATA", "NDEATH", "DBIRTH", "DDATA", "DDEATH"}
    assert len(line.said) > STEPS / 2


def test_the_reader_refuses_what_is_no_sparkplug_message(tahu):
    with pytest.raises(AssertionError):
        tahu.read("spBv1.0/hall/NBIRTH/plant", b"\xff\xff")
