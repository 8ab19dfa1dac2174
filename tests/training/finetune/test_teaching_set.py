from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from edge_contracts.errors import BadInputError
from training.dataset import Sample
from training.finetune.teaching_set import lesson_of, teaching_set
from training.networks.network import NetworkSpec


def samples(label: str, count: int, group: int = 1, split: str = "") -> list[Sample]:
    return [
        Sample(Path(f"{label}/{number}.png"), label, f"{label}-{number // group}" if group > 1 else "", split)
        for number in range(count)
    ]


def parted_by_group(some: list[Sample], share: float, seed: int = 0):
    return teaching_set(some, [one.group or str(one.path) for one in some], share, seed)


def test_a_share_of_each_class_is_held_out_and_none_is_in_both() -> None:
    parted = parted_by_group(samples("good", 40) + samples("dent", 20), 0.15)
    assert Counter(one.label for one in parted.held_out) == {"good": 6, "dent": 3}
    assert not set(parted.learned) & set(parted.held_out)
    assert (parted.labels, parted.good) == (("dent", "good"), ("good",))


def test_groups_stay_together() -> None:
    parted = parted_by_group(samples("good", 40, group=4) + samples("dent", 20, group=4), 0.2)
    assert not {one.group for one in parted.learned} & {one.group for one in parted.held_out}


def test_the_seed_chooses_and_the_order_of_files_does_not() -> None:
    both = samples("good", 40) + samples("dent", 40)
    first, turned, other = (
        parted_by_group(some, 0.2, seed).held_out for some, seed in ((both, 0), (both[::-1], 0), (both, 1))
    )
    assert set(first) == set(turned) != set(other)


def test_a_split_is_kept_and_test_rows_are_never_seen() -> None:
    said = samples("good", 8, split="train") + samples("dent", 8, split="train")
    checked = [Sample(Path("v.png"), "good", "", "validation")]
    hidden = [Sample(Path("t.png"), "good", "", "test")]
    parted = parted_by_group([*said, *checked, *hidden], 0.15)
    assert (list(parted.learned), list(parted.held_out)) == (said, checked)
    without = parted_by_group([*said, *hidden], 0.15)
    assert hidden[0] not in {*without.learned, *without.held_out}


@pytest.mark.parametrize(
    ("some", "found"),
    [
        (samples("good", 20), "found good; from good parts alone"),
        (samples("good", 20) + samples("dent", 2), "found 2 of dent"),
        (samples("good", 20) + samples("dent", 8, group=8), "found that all of dent are relatives"),
    ],
)
def test_pictures_that_cannot_teach_are_refused(some: list[Sample], found: str) -> None:
    with pytest.raises(BadInputError, match=found):
        parted_by_group(some, 0.15)


def test_pictures_are_read_at_the_network_s_size(save) -> None:
    path = save("good/1.png", np.full((40, 60, 3), (10, 200, 30), np.uint8))
    colour, grey = (
        lesson_of([Sample(path, "good")], ("dent", "good"), NetworkSpec("ds-cnn", 2, 16, 24, channels=channels))
        for channels in (3, 1)
    )
    assert colour.pictures.shape == (1, 16, 24, 3)
    assert colour.pictures[0, 0, 0].tolist() == [10, 200, 30]
    assert grey.pictures.shape == (1, 16, 24, 1)
    assert colour.wanted.tolist() == [1]


def test_more_pictures_than_memory_holds_are_refused_before_one_is_read() -> None:
    class Many(list[Sample]):
        def __len__(self) -> int:
            return 10**9

    with pytest.raises(BadInputError, match=r"found 1,000,000,000 that take 150528\.0 GB at 224×224 px; give fewer"):
        lesson_of(Many(), ("dent", "good"), NetworkSpec("ds-cnn", 2, 224, 224))
