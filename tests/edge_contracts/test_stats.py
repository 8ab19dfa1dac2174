"""A minute on the wire: it comes back as it went, fits into a message, and cannot say what cannot be."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from edge_contracts.message import COUNT_MAX
from edge_contracts.stats import POINTS_TOLD, PointStats, Stats, StatsEvent
from edge_contracts.verdict import Cause
from edge_runtime.outbox.envelope import Letter, seal
from tests.fakes.letters import ADDRESS, HandClock, stats

EPOCH = "00000000000000aa"
counts = st.integers(0, COUNT_MAX)
points = st.builds(
    PointStats,
    point=st.from_regex(r"[a-z0-9-]{1,32}", fullmatch=True),
    model=st.none() | st.from_regex(r"[0-9a-f]{64}", fullmatch=True),
    good=counts,
    defect=counts,
    unknown=st.dictionaries(st.sampled_from([cause.value for cause in Cause]), counts, max_size=23),
    frames=counts,
    drops=counts,
)


def sealed(told: Stats) -> bytes:
    return seal(Letter(told, HandClock(mono_ms=told.until_mono).now(), bytes(10)), ADDRESS.source, EPOCH, 1).body


@given(
    told=st.lists(points, min_size=1, max_size=2).map(tuple), begin=st.integers(0, 10**9), length=st.integers(0, 10**6)
)
def test_a_minute_comes_back_from_the_wire_as_it_went(told: tuple[PointStats, ...], begin: int, length: int) -> None:
    minute = Stats(from_mono=begin, until_mono=begin + length, points=told)
    assert StatsEvent.model_validate_json(sealed(minute)).data == minute


def test_the_busiest_minute_of_the_longest_names_fits_into_a_message() -> None:
    busiest = PointStats(
        point="p" * 32,
        model="a" * 64,
        good=10**6,
        defect=10**6,
        unknown={cause.value: 10**6 for cause in Cause if cause not in {Cause.CLEAN, Cause.THRESHOLD}},
        frames=10**6,
        drops=10**6,
    )
    minute = Stats(boot="f" * 16, from_mono=10**10, until_mono=10**10, points=(busiest,) * POINTS_TOLD)
    assert len(sealed(minute)) <= 4096


def test_a_cause_of_a_newer_station_counts_like_any_other() -> None:
    document = json.loads(sealed(stats()))
    document["data"]["points"][0]["unknown"] = {"eclipsed": 3}
    assert StatsEvent.model_validate(document).data.points[0].unknown == {"eclipsed": 3}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"from_mono": 1_001}, "from_mono <= until_mono"),
        ({"until_mono": 9_999}, "until_mono <= mono"),
        ({"points": []}, "at least 1"),
        ({"points": [{"point": "gate", "good": COUNT_MAX + 1}]}, "less than or equal"),
        ({"points": [{"point": "gate", "unknown": {"dark": -1}}]}, "greater than or equal"),
    ],
)
def test_a_minute_that_cannot_be_is_refused(wrong: dict[str, object], said: str) -> None:
    document = json.loads(sealed(stats()))
    document["data"] |= wrong
    with pytest.raises(ValidationError, match=said):
        StatsEvent.model_validate(document)
