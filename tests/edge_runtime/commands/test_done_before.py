"""An id is kept before its command is done, over every restart, and for the last thousand."""

from __future__ import annotations

import pytest

from edge_runtime.commands.done_before import KEPT, DoneBefore
from edge_runtime.state_folder import MediumRefused


def test_an_id_is_new_once_also_after_a_restart(tmp_path):
    assert DoneBefore(tmp_path / "c").take("a")
    assert not DoneBefore(tmp_path / "c").take("a")
    assert DoneBefore(tmp_path / "c").take("b")


def test_the_answer_stays_with_the_id(tmp_path):
    before = DoneBefore(tmp_path / "c")
    before.take("a")
    assert before.answer("a") is None
    before.keep_answer("a", "done")
    assert DoneBefore(tmp_path / "c").answer("a") == "done"


def test_the_last_thousand_are_kept(tmp_path, monkeypatch):
    monkeypatch.setattr("edge_runtime.commands.done_before.KEPT", 5)
    assert KEPT == 1000
    before = DoneBefore(tmp_path / "c")
    for number in range(7):
        before.take(str(number))
    assert [not before.take(str(number)) for number in range(2, 7)] == [True] * 5
    assert before.take("1")


@pytest.mark.parametrize("content", [b"no database at all, but long enough to look at" * 30])
def test_a_damaged_file_is_told_and_nothing_is_taken(tmp_path, content):
    (tmp_path / "c").write_bytes(content)
    with pytest.raises(MediumRefused, match="remove the file"):
        DoneBefore(tmp_path / "c").take("a")


def test_a_folder_that_is_gone_is_told(tmp_path):
    with pytest.raises(MediumRefused, match="wanted to keep the ids"):
        DoneBefore(tmp_path / "away" / "c").take("a")
