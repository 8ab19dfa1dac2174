from __future__ import annotations

import json
from typing import TYPE_CHECKING

from hypothesis import example, given
from hypothesis import strategies as st

from edge_contracts.station import MqttTrigger
from edge_contracts.verdict import PART_MAX_BYTES, Cause
from edge_runtime.alert_rule import alert_of
from edge_runtime.clock import MonotonicClock
from edge_runtime.outbox.envelope import NOISE_BYTES, Letter, seal
from edge_runtime.terminals.mqtt_topic import Message
from edge_runtime.trigger.mqtt import TopicWire
from edge_runtime.trigger.part_names import PartNames
from tests.fakes.letters import ADDRESS, HandClock
from tests.fakes.parts import verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

SETTINGS = {"kind": "mqtt", "broker": {"host": "broker"}, "topic": "line-1/part"}


class Topic:
    """Says what a test put on it, at once."""

    def __init__(self, bodies: Sequence[bytes]) -> None:
        self._messages = [Message(1, body, retained=False) for body in bodies]

    def turn(self, timeout_s: float) -> list[Message]:
        del timeout_s
        return self._messages


def names(*bodies: bytes) -> list[str]:
    """What the parts are called that these messages announce."""
    wire = TopicWire(MqttTrigger.model_validate(SETTINGS), "gate", MonotonicClock())
    wire._topic = Topic(bodies)  # type: ignore[assignment]
    given_names = PartNames(by_trigger=True)
    return [given_names.name(announced) for announced in wire.wait(0.0)]


@given(body=st.binary(max_size=400) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
@example(b"A-17\0\0\0")
@example(b"\0")
@example(b"a\r\nb\x1b[2J")
@example(b"\x7f\xc2\x80\xe2\x80\xa8\xff")
@example(b"\xed\xa0\x80")
@example(b"\0" * 400)
def test_whatever_a_message_holds_its_part_has_an_alert_that_every_database_keeps(body: bytes) -> None:
    (name,) = names(body)
    judged = verdict(Cause.THRESHOLD, part=name)
    told = alert_of(judged)
    sealed = seal(Letter(told, HandClock().now(), bytes(NOISE_BYTES)), ADDRESS.source, "0" * 16, 1)
    heard = json.loads(sealed.body)["data"]
    assert heard["part"] == told.part == judged.part == name, "one name from the trigger to the wire"
    assert heard["part"].isprintable()
    assert 1 <= len(heard["part"].encode()) <= PART_MAX_BYTES


def test_control_characters_of_a_name_become_escapes_and_two_parts_stay_two() -> None:
    assert names(b"A-17\0\0", b"A-17\\x00\\x00", b"A-17") == ["A-17\\x00\\x00", "A-17\\x00\\x00~2", "A-17"]


def test_a_message_without_a_name_is_a_part_all_the_same() -> None:
    assert names(b"", b" \r\n") == ["no-id-000001", "no-id-000002"]
