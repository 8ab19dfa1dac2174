"""Nothing that belongs together is parted, and the same seed parts in the same way."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_contracts.errors import BadInputError
from training.checks.facts import Facts
from training.checks.leak_safe_split import split_dataset
from training.checks.looked import Looked
from training.checks.pauses import runs
from training.dataset import Sample


def looked(rows, near=()):
    """rows: (name, label, group, content)."""
    facts = tuple(Facts(Sample(Path(name), label, group), content) for name, label, group, content in rows)
    return Looked(facts, tuple(tuple(facts[place] for place in group) for group in near))


def parts(count, label="good"):
    return [(f"{label}-{place}.wav", label, "", f"{label}{place}") for place in range(count)]


def split(found, *, share=0.3, window=0.0, seed=0):
    return split_dataset(found, test_share=share, window_min=window, seed=seed)


def test_each_class_is_shared_as_asked():
    made = split(looked([*parts(100), *parts(20, "dent")]))
    assert made.counts() == {"train": {"dent": 14, "good": 70}, "test": {"dent": 6, "good": 30}}


@given(
    st.lists(
        st.tuples(st.sampled_from("ab"), st.sampled_from(["", "", "1", "2", "3"]), st.integers(0, 30)), min_size=8
    ),
    st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=3),
    st.integers(0, 5),
)
def test_relatives_are_never_parted(rows, near, seed):
    found = looked(
        [(f"{place}.wav", label, group, str(content)) for place, (label, group, content) in enumerate(rows)], near
    )
    try:
        made = split(found, seed=seed)
    except BadInputError:
        return  # everything is related
    assert {one.split for one in made.samples} == {"train", "test"}
    together = defaultdict(set)
    for fact, one in zip(found.facts, made.samples, strict=True):
        together["content", fact.digest].add(one.split)
        together["new group", one.group].add(one.split)
        if fact.sample.group:
            together["group", fact.sample.group].add(one.split)
    for place, group in enumerate(near):
        together["near", place] |= {made.samples[one].split for one in group}
    assert all(len(splits) == 1 for splits in together.values())


def taken(*seconds):
    return [datetime(2024, 5, 1, 12, tzinfo=timezone.utc) + timedelta(seconds=one) for one in seconds]


def test_what_was_taken_before_the_line_paused_stays_together():
    rows = [
        (f"gate_20240501_{hour:02}{minute}.wav", "good", "", f"{hour}{minute}")
        for hour in range(10)
        for minute in ("5959", "1500", "1501")
    ]
    made = split(looked(rows), window=1.0)
    assert (made.sets, made.timed) == (20, 30)


def test_no_edge_of_a_minute_parts_two_pictures_of_one_second():
    assert runs(taken(59, 60, 61, 200), timedelta(minutes=1)) == [[0, 1, 2], [3]]
    assert runs([*taken(10), None, *taken(5)], timedelta(minutes=1)) == [[2, 0]]
    assert runs([None], timedelta(minutes=1)) == []


def test_a_line_that_never_pauses_is_cut_at_its_longest_pauses():
    steady = [second + (9 if second >= 88 else 0) for second in range(0, 200, 2)]
    found = runs(taken(*steady), timedelta(minutes=1))
    assert [place for run in found for place in run] == list(range(100))
    assert 44 in [run[0] for run in found]
    assert all(steady[run[-1]] - steady[run[0]] <= 60 for run in found)
    assert len(found) <= 6


def walked_round(parts, pictures, every_s, pause_s):
    """Each part photographed by hand: so many pictures, and a pause before the next."""
    first = datetime(2024, 5, 1, 8, tzinfo=timezone.utc)
    takes = [
        first + timedelta(seconds=part * (pictures * every_s + pause_s) + shot * every_s)
        for part in range(parts)
        for shot in range(pictures)
    ]
    return [(f"hand_{one:%Y%m%dT%H%M%S}.wav", "good", "", str(place)) for place, one in enumerate(takes)]


def test_pictures_taken_by_hand_round_one_part_stay_together():
    rows = walked_round(parts=8, pictures=20, every_s=6, pause_s=400)  # two minutes each
    made = split(looked(rows), window=None)
    assert (made.sets, made.window_min) == (8, 10.0)
    assert all(len({one.split for one in made.samples[20 * part : 20 * part + 20]}) == 1 for part in range(8))
    assert split(looked(rows), window=1.0).sets > 8


def test_what_was_taken_in_a_hurry_is_parted_by_shorter_pauses():
    rows = walked_round(parts=1, pictures=33, every_s=3, pause_s=0)  # all in 99 seconds
    made = split(looked(rows), window=None)
    assert made.window_min == 1.0
    assert made.counts()["test"]["good"] > 0


def test_time_in_photographs_counts_too(save, tag, draw_part):
    rows = []
    for place in range(6):
        path = save(f"{place}.jpg", draw_part(place))
        tag(path, taken_at=f"2024:05:01 12:0{place // 2}:10")
        rows.append((path, "good", "", str(place)))
    assert split(looked(rows), window=1.0).sets == 3
    assert split(looked(rows), window=0).sets == 6


def test_the_same_seed_deals_the_same_and_another_otherwise():
    found = looked(parts(60))
    assert split(found, seed=4) == split(found, seed=4)
    assert split(found, seed=4) != split(found, seed=5)


@pytest.mark.parametrize("share", [0.01, 0.99])
def test_both_sides_have_something(share):
    assert {one.split for one in split(looked(parts(2)), share=share).samples} == {"train", "test"}


def test_large_sets_are_dealt_first_so_that_small_ones_can_make_up_the_share():
    rows = [(f"{place}.wav", "good", "tray" if place < 12 else "", str(place)) for place in range(17)]
    assert split(looked(rows), share=0.7).counts() == {"train": {"good": 5}, "test": {"good": 12}}


def test_a_set_in_which_everything_is_related_is_refused():
    with pytest.raises(BadInputError, match="all 3 related"):
        split(looked(parts(3), near=[(0, 1), (1, 2)]))


def test_a_set_that_cannot_be_read_is_refused():
    broken = Facts(Sample(Path("1.png"), "good"), "a", "wanted a picture")
    with pytest.raises(BadInputError, match="wanted a picture"):
        split(Looked((broken,), ()))
