"""`lepton search` from labelled pictures to a bundle that `lepton train` repeats."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from lepton.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy as np
    from click.testing import Result

FEW = ("--backbone", "none", "--side", "96", "--detector", "gauss", "--detector", "memory")


def _lepton(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(one) for one in arguments])


def _document(*arguments: str | Path) -> dict[str, Any]:
    told = _lepton(*arguments, "--json")
    assert told.exit_code == 0, told.output
    document: dict[str, Any] = json.loads(told.stdout)
    return document


@pytest.fixture
def parts(tmp_path: Path, save: Callable[..., Path], draw_part: Callable[..., np.ndarray]) -> Path:
    """A manifest of drawn parts; the last ones of each label are for judging."""
    rows = ["path,label,split"]
    for label, count, learned in (("good", 14, 11), ("scratch", 8, 6)):
        for seed in range(count):
            name = f"parts/{label}/{seed:02}.png"
            save(name, draw_part(seed + 100 * (label != "good"), scratch=label != "good"))
            rows.append(f"{name},{label},{'train' if seed < learned else 'test'}")
    manifest = tmp_path / "parts.csv"
    manifest.write_text("\n".join(rows))
    return manifest


def test_what_a_search_makes_is_what_its_command_makes_again(parts: Path, tmp_path: Path) -> None:
    bundle, study = tmp_path / "plate.bundle", tmp_path / "parts.study"
    found = _document("search", "run", parts, "--minutes", "5", "--study", study, "-o", bundle, *FEW)
    assert (found["criterion"], found["trials"], found["ended"]) == ("auroc", 2, True)
    assert (found["held_out"]["good"], found["held_out"]["defective"]) == (3, 2)
    digest = _document("bundle", "inspect", bundle)["digest"]
    words = shlex.split(found["command"])
    assert words[:3] == ["lepton", "train", str(parts)]
    assert "96" in words
    bundle.unlink()
    assert _document(*words[1:])["digest"] == digest

    shown = _document("search", "show", study, "--page", tmp_path / "page.html")
    assert [one["params"]["detector"] for one in shown["trials"]][:1] == [found["chosen"]["params"]["detector"]]
    assert (tmp_path / "page.html").read_text().count("<circle") == 4
    table = _lepton("search", "show", study).stdout
    assert "2 judged, 0 refused" in table
    assert "backbone none, detector memory, side 96" in table

    refused = _lepton("search", "run", parts, "--minutes", "5", "--study", study, *FEW, "--seed", "1")
    assert refused.exit_code == 2
    assert "found trials that differ in options" in refused.stderr
    strict = _lepton("search", "run", parts, "--minutes", "0", "--study", study, *FEW, "--most-bytes", "10")
    assert strict.exit_code == 1
    assert "raise --most-ms or --most-bytes" in strict.stderr


def test_labelled_data_without_rows_to_judge_by_is_refused(parts: Path, tmp_path: Path) -> None:
    refused = _lepton("search", "run", parts.with_suffix(""), "--minutes", "1", "--study", tmp_path / "s")
    assert refused.exit_code == 2
    assert "split it first: lepton data split" in refused.stderr


def test_good_parts_alone_are_searched_and_nothing_is_claimed_of_them(parts: Path, tmp_path: Path) -> None:
    good, bundle = parts.with_suffix("") / "good", tmp_path / "plate.bundle"
    words = ("--minutes", "5", "--study", tmp_path / "s", "-o", bundle, *FEW[:-2])
    told = _lepton("search", "run", good, *words)
    assert told.exit_code == 0, told.output
    assert "trial 0: backbone none, detector gauss, side 96: separation" in told.stderr
    assert "1 trial in the study; nothing is left to try" in told.stdout
    assert "nobody knows what this recipe is worth" in told.stdout
    assert "AUROC" not in told.stdout


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--side", "large"), "wanted pixels or own, found 'large'"),
        (("--course", "x.toml"), "found no --network"),
        (("--network", "ds-cnn", "--backbone", "own"), "found --backbone; leave it out"),
    ],
)
def test_options_that_do_not_go_together_are_refused(
    more: tuple[str, ...], words: str, parts: Path, tmp_path: Path
) -> None:
    refused = _lepton("search", "run", parts, "--minutes", "1", "--study", tmp_path / "s", *more)
    assert refused.exit_code == 2
    assert words in refused.stderr
