"""What waits for a face is the latest word on each subject, in order, and never more."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edge_contracts.alarm import AlarmType
from fleet_manager.adapters.mailbox import Mailbox
from fleet_manager.adapters.news import Gone, Said, Unheard
from tests.fakes.device_words import OTHER, STATION, alarm, alert_event, birth, offline, online, state

WORDS = (
    *(online(1), offline(1), online(2), birth("a"), birth("b"), state(), state(spool_depth=9)),
    *(alarm(), alarm(active=False), alarm(AlarmType.DISK), alert_event(1), alert_event(2)),
)
NEWS = st.one_of(
    st.builds(Said, st.sampled_from([STATION, OTHER]), st.sampled_from(WORDS)),
    st.builds(Gone, st.sampled_from([STATION, OTHER])),
    st.builds(Unheard, st.sampled_from([None, STATION, OTHER])),
)


def test_a_later_word_takes_the_place_of_an_earlier_one():
    mailbox = Mailbox()
    for word in (state(), birth("a"), state(spool_depth=9)):
        mailbox.post(Said(STATION, word))
    assert mailbox.take(10) == [Said(STATION, birth("a")), Said(STATION, state(spool_depth=9))]
    assert mailbox.take(10) == []


def test_alarms_of_two_types_both_wait():
    mailbox = Mailbox()
    for kind in (AlarmType.CAMERA, AlarmType.DISK):
        mailbox.post(Said(STATION, alarm(kind)))
    assert len(mailbox) == 2


def test_nothing_of_a_device_that_is_gone_waits_any_more():
    mailbox = Mailbox()
    for news in (Said(STATION, online()), Said(OTHER, online()), Gone(STATION), Said(STATION, birth("a"))):
        mailbox.post(news)
    assert mailbox.take(10) == [Said(OTHER, online()), Gone(STATION), Said(STATION, birth("a"))]


@given(st.lists(NEWS, max_size=40), st.integers(1, 5))
def test_a_reader_in_small_steps_sees_the_last_word_on_everything(posted, step):
    mailbox = Mailbox()
    for news in posted:
        mailbox.post(news)
    read: list[object] = []
    while some := mailbox.take(step):
        read += some
    last = {}
    for news in posted:
        if isinstance(news, Said) and news.device == STATION:
            last[news.subject] = news
        elif news == Unheard(STATION):
            last.pop("status", None)
    since_gone = posted[len(posted) - posted[::-1].index(Gone(STATION)) :] if Gone(STATION) in posted else posted
    expected = {news for news in last.values() if news in since_gone}
    assert {news for news in read if isinstance(news, Said) and news.device == STATION} == expected
    assert len(read) == len(set(map(repr, read)))
