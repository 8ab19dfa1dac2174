from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tests.fakes.quick_space import QuickSpace
from training.dataset import read_dataset
from training.search.judged import Judged, Limits
from training.search.outcome import NOTHING_HELD_OUT, outcome_of
from training.search.rounds import Tried

if TYPE_CHECKING:
    from pathlib import Path

    from training.dataset import Sample


def _note(bundle: Path, samples: list[Sample], output: Path) -> str:
    """Of a search whose only candidate makes `bundle`."""

    class Space(QuickSpace):
        def make(self, _params: Any, output: Path) -> tuple[str, ...]:
            shutil.copy(bundle, output)
            return ()

    only = Tried(0, QuickSpace.usual, Judged(0.9, 1000, 1.0, parts=10), "", 1.0)
    document = outcome_of([only], Space(), Limits(), samples, output, ended=True)
    return str(document["note"])


def test_held_out_parts_that_were_learned_are_told(plate_bundle: Path, plate_parts: Path, tmp_path: Path) -> None:
    everything = [replace(one, split="test") for one in read_dataset(plate_parts)]
    learned = [one for one in everything if one.is_good][:4]
    foreign = [one for one in everything if not one.is_good]
    output = tmp_path / "best.bundle"
    assert _note(plate_bundle, [*learned, *foreign], output) == (
        "4 of the held-out parts are nearly the same as learned ones: split anew"
    )
    assert _note(plate_bundle, foreign, output) == ""
    assert _note(plate_bundle, [replace(one, split="train") for one in learned], output) == NOTHING_HELD_OUT
