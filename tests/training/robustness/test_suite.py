"""The suite is tried on a detector of drawn parts."""

import json
import re

import cv2
import pytest
from click.testing import CliRunner

from lepton.cli import main
from training.dataset import Sample
from training.robustness.cli import thinned

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def parts(tmp_path_factory, draw_part):
    folder = tmp_path_factory.mktemp("parts")
    for label, seeds in (("good", range(14)), ("scratch", range(100, 103))):
        (folder / label).mkdir()
        for seed in seeds:
            cv2.imwrite(str(folder / label / f"{seed}.png"), draw_part(seed, scratch=label == "scratch")[..., ::-1])
    arguments = ["train", folder / "good", "--detector", "gauss", "-o", folder / "plate.bundle"]
    learned = CliRunner().invoke(main, [str(one) for one in arguments])
    assert learned.exit_code == 0, learned.output
    for label in ("good", "scratch"):
        (folder / "judged").mkdir(exist_ok=True)
        (folder / label).rename(folder / "judged" / label)
    return folder


def run(parts, *more):
    arguments = ["robustness", parts / "plate.bundle", "--data", parts / "judged", "--most", "3", *more]
    return CliRunner().invoke(main, [str(one) for one in arguments])


def test_the_table_has_every_corruption_and_the_pictures_as_they_are(parts):
    page = parts / "page.html"
    result = run(parts, "--json", "--page", page)
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    rows = document["rows"]
    assert document["samples"] == 6
    assert [len([row for row in rows if row["name"] == name]) for name in ("as they are", "darker", "noisy")] == [
        1,
        5,
        5,
    ]
    assert rows[0]["auroc"] == 1.0
    darkest = [row for row in rows if row["name"] == "darker"][-1]
    assert darkest["overkill"] == 1.0
    assert len(rows) == 31
    html = page.read_text()
    assert not re.search(r"(src|href)=", html)
    assert html.count("<tr>") == 31 + 7


def test_attacks_need_a_network_that_tells_classes_apart(parts):
    result = run(parts, "--gradients", parts / "gone.pt2")
    assert result.exit_code == 2
    assert "Traceback" not in result.stderr


def test_pictures_are_thinned_evenly_and_class_by_class(tmp_path):
    samples = [Sample(tmp_path / f"{number:02}", "good" if number < 10 else "dent") for number in range(14)]
    assert [one.path.name for one in thinned(samples, 5)] == ["10", "11", "12", "13", "00", "02", "04", "06", "08"]
