"""`lepton search run --network` with PyTorch: what it makes is what its command makes again."""

import itertools
import json
import shlex
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from lepton.cli import main
from training.finetune.course_file import course_text, read_course
from training.search import cli
from training.search.networks import NetworkSpace

COURSE = "held_out = 0.25\n[network]\nwidth = 0.25\ninput_size = [32, 32]\n[train]\nsteps = 4\nbatch = 8\nrate = 5e-3\n"


def told(*arguments):
    result = CliRunner().invoke(main, [*map(str, arguments), "--json"])
    assert result.exit_code == 0, result.output + result.stderr
    return json.loads(result.stdout)


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    """Dark and bright pictures, some of each to judge by, and a course."""
    folder, random = tmp_path_factory.mktemp("work"), np.random.default_rng(0)
    rows = ["path,label,split"]
    for label, low in (("good", 20), ("bright", 130)):
        for number in range(12):
            name = f"{label}-{number:02}.png"
            cv2.imwrite(str(folder / name), random.integers(low, low + 90, (40, 40, 3), np.uint8))
            rows.append(f"{name},{label},{'train' if number < 8 else 'test'}")
    (folder / "parts.csv").write_text("\n".join(rows))
    (folder / "course.toml").write_text(COURSE)
    return folder


def test_a_searched_network_is_trained_again_to_the_same_bytes(work, monkeypatch):
    """The clock goes on by 20 ms whenever it is asked, so that there is time for one trial on any machine."""
    ticks = itertools.count(0.0, 0.02)
    monkeypatch.setattr(cli, "time", SimpleNamespace(monotonic=lambda: next(ticks), sleep=None))
    options = ("--network", "ds-cnn", "--course", work / "course.toml", "--study", work / "study", "--side", "own")
    found = told("search", "run", work / "parts.csv", "--minutes", "0.001", *options, "-o", work / "net.bundle")
    assert (found["criterion"], found["trials"], found["ended"]) == ("score", 1, False)
    assert (found["held_out"]["good"], found["held_out"]["defective"]) == (4, 4)
    assert 0 <= found["held_out"]["accuracy"] <= 1
    assert found["chosen"]["params"]["rate"] == 5e-3
    digest = told("bundle", "inspect", work / "net.bundle")["digest"]
    (work / "net.bundle").unlink()
    assert told(*shlex.split(found["command"])[1:])["digest"] == digest


def test_a_candidate_changes_the_course_and_nothing_else_of_it(work):
    space = NetworkSpace((), work, ("ds-cnn",), ("own", "64"), work / "course.toml")
    assert space.course_of(space.usual).model_dump() == {
        **read_course(work / "course.toml").model_dump(),
        "train": {**read_course(work / "course.toml").train.model_dump(), "rate": 5e-3},
    }
    course = space.course_of({"network": "ds-cnn", "side": "64", "views": "double", "rate": 0.001})
    assert course.network.input_size == (64, 64)
    assert (course.train.rate, course.train.turn_degrees, course.train.steps) == (0.001, 10.0, 4)
    (work / "again.toml").write_text(course_text(course))
    assert read_course(work / "again.toml") == course


def test_networks_of_several_tasks_are_refused(work):
    refused = CliRunner().invoke(
        main,
        [
            "search",
            "run",
            str(work / "parts.csv"),
            "--minutes",
            "1",
            "--study",
            "x",
            "--network",
            "ds-cnn",
            "--network",
            "u-net-lite",
        ],
    )
    assert isinstance(refused.exception, SystemExit)
    assert "search them apart" in refused.stderr
