"""On real photographs and recordings: what is known to be the same is found, and different parts are not."""

from __future__ import annotations

from training.checks.looked import look_at
from training.dataset import Sample


def alike(paths):
    looked = look_at([Sample(path, "good") for path in paths])
    assert not [one for one in looked.facts if one.problem]
    return [sorted(one.sample.path.name for one in group) for group in looked.near]


def test_the_cookie_that_was_photographed_twice_is_found(data):
    folder = data / "defect-cookies" / "train"
    assert alike(folder / f"normal-{place}.jpg" for place in range(1, 13)) == [["normal-1.jpg", "normal-2.jpg"]]


def test_figures_of_one_mould_are_different_parts(data):
    assert alike(sorted((data / "defect-aliens" / "normal").iterdir())[:20]) == []


def test_a_board_with_and_without_its_defect_is_one_board(data):
    boards = sorted((data / "defect-deeppcb").glob("*_temp.jpg"))[:60:6]
    pairs = [[board, board.with_name(board.name.replace("_temp", "_test"))] for board in boards]
    assert alike([path for pair in pairs for path in pair]) == [[one.name for one in pair] for pair in pairs]


def test_words_that_were_spoken_again_are_different_sounds(data):
    assert alike(sorted((data / "audio-fsdd").glob("*_jackson_*.wav"))[:40]) == []
