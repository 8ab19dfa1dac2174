"""Whatever devices, hosts and connections do, in whatever order, the edge node keeps the rules of Sparkplug 3.0.0."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from edge_contracts.alarm import AlarmType
from edge_contracts.verdict import Outcome
from fleet_manager.adapters.news import Gone, Unheard
from tests.fakes.device_words import ABROAD, OTHER, STATION, alarm, alert_event, birth, offline, online, point, state
from tests.fakes.sparkplug_host import NODE
from tests.fakes.sparkplug_line import NCMD, REBIRTH, Line

DEVICES = st.sampled_from([STATION, OTHER, ABROAD])
POINTS = st.lists(st.sampled_from(["a", "b", "c"]), unique=True, max_size=3)
PLACES = st.sampled_from(["a", "b", "c", "line-1"])
OUTCOMES = st.none() | st.sampled_from(Outcome)
STATES = st.builds(
    lambda places, good, last, heat: state(*[point(one, good, last) for one in places], temperature_c=heat),
    st.lists(PLACES, unique=True, max_size=3),
    st.integers(0, 3),
    OUTCOMES,
    st.none() | st.sampled_from([40.0, 41.0]),
)
WORDS = st.one_of(
    st.builds(online, st.integers(1, 3)),
    st.builds(offline, st.integers(1, 3)),
    POINTS.map(lambda names: birth(*names)),
    STATES,
    st.builds(lambda kind, active: alarm(kind, active=active), st.sampled_from(AlarmType), st.booleans()),
    st.builds(alert_event, st.integers(1, 5)),
)


class AnyLife(RuleBasedStateMachine):
    """Devices come, speak, fall silent and go; connections break; hosts ask for rebirths."""

    def __init__(self) -> None:
        super().__init__()
        self.line = Line()
        self.is_connected = False

    @initialize()
    def begins(self):
        self.connects()

    @precondition(lambda self: not self.is_connected)
    @rule()
    def connects(self):
        self.line.connect()
        self.is_connected = True

    @precondition(lambda self: self.is_connected)
    @rule()
    def is_cut(self):
        self.line.cut()
        self.is_connected = False

    @precondition(lambda self: self.is_connected)
    @rule()
    def leaves(self):
        self.line.leave()
        self.is_connected = False

    @precondition(lambda self: self.is_connected)
    @rule(device=DEVICES, words=st.lists(WORDS, min_size=1, max_size=5))
    def speaks(self, device, words):
        self.line.tell(*words, device=device)

    @precondition(lambda self: self.is_connected)
    @rule(device=DEVICES)
    def goes(self, device):
        self.line.news(Gone(device))

    @precondition(lambda self: self.is_connected)
    @rule(device=st.none() | DEVICES)
    def falls_silent(self, device):
        self.line.news(Unheard(device))

    @precondition(lambda self: self.is_connected)
    @rule()
    def is_asked_for_a_rebirth(self):
        births = self.line.host.births
        before = {name: dict(one) for name, one in self.line.host.metrics.items()}
        self.line.hear(NCMD, REBIRTH)
        assert self.line.host.births == births + 1
        assert self.line.host.metrics == before

    @invariant()
    def the_host_is_right_about_the_connection(self):
        assert self.line.host.is_online == self.is_connected

    @invariant()
    def the_count_of_devices_is_what_the_host_sees(self):
        host = self.line.host
        if host.is_online:
            assert host.metrics[NODE]["Devices/Online"] == len(host.metrics) - 1


AnyLife.TestCase.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
TestAnyLife = AnyLife.TestCase
