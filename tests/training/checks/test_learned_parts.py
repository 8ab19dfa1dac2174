"""What taught a detector is known again, part by part, and nothing else is."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_contracts.errors import BadInputError
from training.checks.facts import Facts
from training.checks.learned_parts import MOST_SIGNS, LearnedParts
from training.dataset import Sample


def part(seed):
    random = np.random.default_rng(seed)
    pixels = cv2.GaussianBlur(random.normal(0, 1, (32, 32, 3)), (0, 0), 1)
    pixels = 120 + 30 * pixels / pixels.std()
    return Facts(Sample(Path(f"{seed}.png"), "good"), f"{seed:064}"[::-1], thumbnail=pixels.astype(np.uint8))


def noisy(fact):
    random = np.random.default_rng(99)
    pixels = np.clip(fact.thumbnail + random.normal(0, 2, fact.thumbnail.shape), 0, 255).astype(np.uint8)
    return Facts(fact.sample, "f" * 64, thumbnail=pixels)


PARTS = [part(seed) for seed in range(30)]
NAMES = [one.digest for one in PARTS]


def test_each_part_and_its_noisy_copy_are_known_and_no_other():
    learned = LearnedParts.of(PARTS, NAMES)
    strangers = [part(seed) for seed in range(100, 140)]
    copies = [noisy(one) for one in PARTS[:3]]
    asked = [*strangers, *copies, PARTS[7]]
    assert learned.known(asked) == [*copies, PARTS[7]]
    assert learned.known([]) == []


def test_a_file_is_known_by_its_bytes_alone():
    learned = LearnedParts.of(PARTS, NAMES)
    unreadable = Facts(Sample(Path("again.png"), "dent"), PARTS[3].digest, "no picture")
    assert learned.known([unreadable]) == [unreadable]


def test_it_is_written_as_it_is_read_and_no_part_can_be_seen_in_it():
    learned = LearnedParts.of(PARTS, NAMES)
    content = learned.encoded()
    assert LearnedParts.parse(content).encoded() == content
    assert LearnedParts.parse(content).known(PARTS) == PARTS
    assert len(content) < 1600 + 90 * len(PARTS)


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b'{"mean": "AA==", "parts": ["0:0"]}', b'{"mean": 1, "parts": 2}']
)
def test_a_damaged_list_is_refused(content):
    with pytest.raises(BadInputError, match="train again"):
        LearnedParts.parse(content)


def test_readings_which_are_all_alike_are_known_by_their_bytes_alone():
    learned = LearnedParts.parse(LearnedParts.of(PARTS, NAMES, by_look=False).encoded())
    assert learned.known([noisy(PARTS[0]), PARTS[1]]) == [PARTS[1]]


def test_new_parts_of_two_kinds_are_not_taken_for_learned_ones():
    """What all of one kind share makes their looks alike; the limit is as much smaller."""

    def of_a_kind(seed, kind):
        weak = part(seed)
        strong = np.where(np.indices((32, 32))[0][..., None] < 16, 40.0 * kind, -40.0 * kind)
        pixels = 120 + strong + (weak.thumbnail.astype(float) - 120) / 6
        return Facts(weak.sample, weak.digest, thumbnail=pixels.astype(np.uint8))

    learned = [of_a_kind(seed, kind) for seed in range(12) for kind in (1, -1)]
    new = [of_a_kind(seed, kind) for seed in range(50, 62) for kind in (1, -1)]
    known = LearnedParts.of(learned, [str(place) for place in range(24)])
    assert known.limits.max() < MOST_SIGNS
    assert known.known(new) == []
    assert known.known(learned) == learned
    assert LearnedParts.of(learned, ["kin"] * 24).limits.tolist() == [MOST_SIGNS] * 24


def test_two_alike_take_nothing_from_the_others():
    """A stranger that looks like one learned part is the reason to doubt that one, not all."""
    strangers = [part(seed) for seed in range(30)]
    learned = LearnedParts.of([*strangers, noisy(strangers[0])], [str(place) for place in range(31)])
    assert learned.limits[0] < MOST_SIGNS
    assert learned.limits[1:30].tolist() == [MOST_SIGNS] * 29
    saved_anew = [noisy(one) for one in strangers[1:]]
    assert learned.known(saved_anew) == saved_anew
    assert LearnedParts.parse(learned.encoded()).known(saved_anew) == saved_anew


def test_a_list_from_before_has_one_limit_for_all():
    told = json.loads(LearnedParts.of(PARTS, NAMES).encoded())
    assert told["limit"] == min(told.pop("limits"))
    before = LearnedParts.parse(json.dumps(told).encode())
    assert before.limits.tolist() == [told["limit"]] * len(PARTS)
    assert before.known(PARTS) == PARTS
