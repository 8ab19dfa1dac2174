import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_contracts.serial_link import (
    RETRY_MS,
    TRIES,
    Answered,
    Delivered,
    Frame,
    Heartbeat,
    Lamp,
    Light,
    LineFull,
    Nak,
    Reason,
    ReliableLink,
    StreamDecoder,
    Trigger,
    decode,
)

MS = 1_000_000


def said(link, now_ns=0):
    return StreamDecoder().feed(link.poll(now_ns))


def pair(**options):
    return ReliableLink(**options), ReliableLink(**options)


def test_a_reliable_message_is_said_heard_and_answered():
    daemon, micro = pair()
    ticket = daemon.say(Lamp(1, Light.ON))
    (frame,) = said(daemon)
    assert frame == Frame(Lamp(1, Light.ON), 1)
    assert micro.hear(frame) == Delivered(Lamp(1, Light.ON))
    (ack,) = said(micro)
    assert daemon.hear(ack) == Answered(ticket, Lamp(1, Light.ON), None)
    assert daemon.idle


def test_an_unreliable_message_is_said_once_and_never_again():
    daemon, micro = pair()
    daemon.say(Heartbeat(1, 100))
    (frame,) = said(daemon)
    assert micro.hear(frame) == Delivered(Heartbeat(1, 100))
    assert said(micro) == said(daemon, 60_000 * MS) == []


def test_a_message_without_an_answer_is_said_again_and_done_once():
    daemon, micro = pair()
    daemon.say(Lamp(1, Light.ON))
    (frame,) = said(daemon)
    assert micro.hear(frame) is not None
    said(micro)  # and lost
    assert said(daemon, RETRY_MS * MS - 1) == []
    assert said(daemon, RETRY_MS * MS) == [frame]
    assert micro.hear(frame) is None
    assert micro.doubled == daemon.retried == 1
    assert isinstance(daemon.hear(*said(micro)), Answered)


def test_what_was_refused_is_refused_again_and_judged_once():
    asked = []
    micro = ReliableLink(lambda message: asked.append(message) or Reason.LATE)
    daemon = ReliableLink()
    ticket = daemon.say(Lamp(1, Light.ON))
    (frame,) = said(daemon)
    assert micro.hear(frame) is None
    assert micro.hear(frame) is None
    first, second = said(micro)
    assert first == second == Frame(Nak(1, Reason.LATE))
    assert daemon.hear(first) == Answered(ticket, Lamp(1, Light.ON), Reason.LATE)
    assert daemon.hear(second) is None
    assert asked == [Lamp(1, Light.ON)]
    assert daemon.stale == 1


def test_messages_wait_for_their_turn_in_order():
    daemon, micro = pair()
    lamps = [Lamp(number, Light.ON) for number in range(5)]
    for lamp in lamps:
        daemon.say(lamp)
    heard = []
    while not daemon.idle:
        (frame,) = said(daemon)
        assert said(daemon) == []
        heard.append(micro.hear(frame).message)
        daemon.hear(*said(micro))
    assert heard == lamps


def test_a_line_that_never_answers_is_lost_in_words():
    daemon = ReliableLink()
    daemon.say(Lamp(1, Light.ON))
    count = sum(len(said(daemon, step * RETRY_MS * MS)) for step in range(TRIES + 5))
    assert count == TRIES
    assert daemon.lost == "wanted an answer to Lamp, found none after 10 tries; check cable and speed"
    daemon.restart()
    assert daemon.lost is None
    assert daemon.idle


def test_too_many_that_wait_are_an_outage():
    daemon = ReliableLink()
    for _ in range(64):
        daemon.say(Lamp(1, Light.ON))
    with pytest.raises(LineFull, match="wanted at most 64 messages to wait"):
        daemon.say(Lamp(1, Light.ON))


def test_how_long_to_wait_is_known():
    daemon = ReliableLink()
    assert daemon.wait_ns(0) is None
    daemon.say(Lamp(1, Light.ON))
    assert daemon.wait_ns(0) == 0
    daemon.poll(0)
    assert daemon.wait_ns(10 * MS) == 20 * MS


def test_a_lost_link_has_nothing_to_wait_for():
    daemon = ReliableLink(tries=1)
    daemon.say(Lamp(1, Light.ON))
    daemon.say(Lamp(2, Light.ON))
    daemon.poll(0)
    daemon.poll(RETRY_MS * MS)
    assert daemon.lost is not None
    assert daemon.wait_ns(RETRY_MS * MS) is None
    daemon.say(Heartbeat(0, 100))
    assert daemon.wait_ns(RETRY_MS * MS) == 0
    assert len(said(daemon, RETRY_MS * MS)) == 1
    assert daemon.wait_ns(RETRY_MS * MS) is None


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 400), st.floats(0, 0.6), st.floats(0, 0.4), st.integers(0, 5))
def test_every_message_is_done_once_and_in_order_over_any_line(seed, count, lost, doubled, delayed):
    """Frames are lost, doubled and overtaken in both directions, sequence numbers wrap around."""
    chance = random.Random(seed)
    daemon, micro = pair(tries=10_000)
    ways = {daemon: micro, micro: daemon}
    air = []  # (due at, order, to, bytes)
    for number in range(1, 1 + count):
        daemon._waiting.append((number, Trigger(number, 0, 0)))
        micro._waiting.append((number, Trigger(number, 1, 1)))
    done = {daemon: [], micro: []}
    answered = {daemon: [], micro: []}
    now = 0
    while not (daemon.idle and micro.idle):
        now += 1
        for link, other in ways.items():
            for part in link.poll(now * RETRY_MS * MS).split(b"\0")[:-1]:
                copies = 0 if chance.random() < lost else 2 if chance.random() < doubled else 1
                air += [(now + chance.randint(0, delayed), chance.random(), other, part) for _ in range(copies)]
        here = sorted((one for one in air if one[0] <= now), key=lambda one: one[1])
        air = [one for one in air if one[0] > now]
        for _, _, link, part in here:
            match link.hear(decode(part)):
                case Delivered(message):
                    done[link].append(message.part)
                case Answered(ticket, _, None):
                    answered[link].append(ticket)
    wanted = list(range(1, 1 + count))
    assert done == {daemon: wanted, micro: wanted}
    assert answered == {daemon: wanted, micro: wanted}
