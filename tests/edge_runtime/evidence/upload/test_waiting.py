from __future__ import annotations

import os
from typing import TYPE_CHECKING

from edge_contracts.station import EvidenceSettings, Region
from edge_runtime.evidence import EvidenceStore
from edge_runtime.evidence.upload.waiting import Waiting
from edge_runtime.occasion import Inspected
from tests.fakes.parts import frame, verdict

if TYPE_CHECKING:
    from pathlib import Path


def keep(folder: Path, name: str, digit: str, age_s: int) -> Path:
    path = folder / name / (digit * 2) / f"{digit * 64}.jpg"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    os.utime(path, (1_000_000 - age_s, 1_000_000 - age_s))
    return path


def drained(waiting: Waiting) -> list[str]:
    found = []
    while (path := waiting.newest()) is not None:
        found.append(path.stem[0])
    return found


def test_the_newest_goes_first_and_what_an_earlier_run_left_comes_behind(tmp_path: Path) -> None:
    for digit, age_s in (("a", 30), ("b", 10), ("c", 20)):
        keep(tmp_path, "defect-scratch", digit, age_s)
    waiting = Waiting(tmp_path, ("defect",), lambda _: False)
    waiting.add(keep(tmp_path, "defect", "d", 0))
    waiting.find()
    assert drained(waiting) == ["d", "b", "c", "a"]


def test_only_the_wanted_kinds_wait_and_nothing_that_is_done_or_half_written(tmp_path: Path) -> None:
    for name, digit in (("good", "a"), ("clip", "b"), ("unknown-dark", "c"), ("defect-x", "d")):
        keep(tmp_path, name, digit, 0)
    keep(tmp_path, "defect", "e", 0).rename(tmp_path / "defect" / "ee" / f"{'e' * 64}.7.partial")
    waiting = Waiting(tmp_path, ("defect", "unknown"), lambda sha256: sha256.startswith("d"))
    waiting.find()
    assert drained(waiting) == ["c"]
    assert waiting.add(keep(tmp_path, "good", "f", 0)) is False


def test_no_more_wait_than_the_store_has(tmp_path: Path) -> None:
    store = EvidenceStore(tmp_path, EvidenceSettings().model_copy(update={"max_bytes": 40_000}))
    waiting = Waiting(tmp_path, ("defect",), lambda _: False)
    gone = 0

    def removed(path: Path) -> None:
        nonlocal gone
        gone += waiting.remove(path)

    store.follow(waiting.add, removed)
    for seed in range(60):
        store.keep(Inspected(verdict(), frame(number=seed), None, Region()))
    lying = {path.stem for path in tmp_path.glob("*/??/*")}
    assert 0 < len(waiting) == len(lying) < 60
    assert gone == store.counts.removed == 60 - len(lying)
    assert waiting.remove(tmp_path / "never") is False
    assert {path.stem for path in iter(waiting.newest, None)} == lying


def test_what_did_not_go_lets_the_others_pass(tmp_path: Path) -> None:
    waiting = Waiting(tmp_path, ("defect",), lambda _: False)
    for digit in "abc":
        waiting.add(keep(tmp_path, "defect", digit, 0))
    stuck = waiting.newest()
    assert stuck is not None
    waiting.put_back(stuck)
    assert len(waiting) == 3
    assert drained(waiting) == ["b", "a", "c"]


def test_a_folder_that_is_not_there_yet_is_empty(tmp_path: Path) -> None:
    waiting = Waiting(tmp_path / "none", ("defect",), lambda _: False)
    waiting.find()
    assert waiting.newest() is None
