"""A device that said to be online and says nothing more is not online, in any face."""

from __future__ import annotations

from fleet_manager.adapters.news import Gone, Said, Unheard
from fleet_manager.adapters.silence import Silence
from fleet_manager.store.device_reading import STALE_S
from tests.fakes.device_words import OTHER, STATION, birth, offline, online, state

ONLINE, STATE = Said(STATION, online()), Said(STATION, state())


def test_a_silent_device_is_unheard_once_and_online_again_with_its_next_word() -> None:
    silence = Silence()
    assert silence.after(ONLINE, 0.0) == [ONLINE]
    assert silence.after(STATE, 30.0) == [STATE]
    assert silence.fallen(29.0 + STALE_S) == []
    assert silence.fallen(30.0 + STALE_S) == [Unheard(STATION)]
    assert silence.fallen(31.0 + STALE_S) == []
    assert silence.after(STATE, 500.0) == [ONLINE, STATE]
    assert silence.after(STATE, 530.0) == [STATE]
    assert silence.fallen(530.0 + STALE_S) == [Unheard(STATION)]


def test_who_is_offline_or_gone_or_never_came_is_not_called_silent() -> None:
    silence = Silence()
    for news in (ONLINE, Said(STATION, offline()), Said(OTHER, birth("line-1"))):
        silence.after(news, 0.0)
    assert silence.fallen(1000.0) == []
    silence.after(ONLINE, 0.0)
    silence.after(Gone(STATION), 0.0)
    assert silence.fallen(1000.0) == []


def test_with_their_broker_all_are_forgotten_until_it_says_what_it_kept() -> None:
    silence = Silence()
    silence.after(ONLINE, 0.0)
    silence.forget()
    assert silence.fallen(1000.0) == []
