import re
from pathlib import Path

import pytest

from edge_contracts.errors import BadInputError
from tests.system.required import REPOSITORY
from training.finetune.course import Course
from training.finetune.course_file import CourseFile, NetworkPart, PrunePart, TrainPart, read_course

PAGE = (REPOSITORY / "docs" / "reference" / "course.md").read_text("utf-8")


def written(tmp_path: Path, text: str) -> Path:
    (tmp_path / "course.toml").write_text(text)
    return tmp_path / "course.toml"


def test_the_rate_rises_in_a_line_and_falls_along_a_cosine() -> None:
    course = Course(steps=100, rate=1.0, warm_up=0.1)
    rates = [course.rate_at(step) for step in range(100)]
    assert rates[4] == pytest.approx(0.5)
    assert max(rates) == pytest.approx(1.0)
    assert rates[55] == pytest.approx(0.505, abs=0.001)
    assert rates[99] < 0.012


def test_what_a_course_leaves_out_is_as_in_the_stage_before_but_shorter_and_slower(tmp_path: Path) -> None:
    text = "[train]\nsteps = 1000\nrate = 0.01\nmirror = true\n[prune]\ntarget_bytes = 9000\nbatch = 8\n[quantise]\n"
    first, again, to_int8 = read_course(written(tmp_path, text)).courses(seed=3)
    assert again is not None
    assert to_int8 is not None
    assert (first.steps, first.rate, first.mirror, first.seed) == (1000, 0.01, True, 3)
    assert (again.steps, again.rate, again.mirror, again.batch) == (500, 0.005, True, 8)
    assert (to_int8.steps, to_int8.rate, to_int8.batch) == (200, pytest.approx(0.0005), first.batch)


def test_without_a_file_nothing_is_pruned_or_quantised() -> None:
    assert read_course(None).courses(0) == (Course(), None, None)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("[train]\nstep = 5\n", "did you mean 'steps'?"),
        ("[train]\nrate = -1\n", "train.rate"),
        ("[prune]\nsteps = 5\n", "wanted either target_bytes or target_ms"),
        ("[network]\nsha256 = 'abc'\n", "network.sha256"),
        ("[network]\nmean = [1, 2]\n", "network: wanted one value or 3, one for each channel, in mean"),
        ("[network]\nstd = []\n", "in std of a network that sees rgb, found 0"),
        ("[network]\ncolour = 'grey'\nmean = [1, 2, 3]\n", "network: wanted one value in mean"),
        ("[train\n", "wanted a course in TOML"),
    ],
)
def test_what_is_wrong_in_a_course_is_told(tmp_path: Path, text: str, found: str) -> None:
    with pytest.raises(BadInputError, match=re.escape(found)):
        read_course(written(tmp_path, text))


def test_a_value_for_all_channels_and_one_for_each_are_taken(tmp_path: Path) -> None:
    scaling = read_course(written(tmp_path, "[network]\nmean = [1, 2, 3]\nstd = [4]\n")).scaling
    assert (scaling.mean, scaling.std) == ((1.0, 2.0, 3.0), (4.0,))


def test_views_are_said_by_the_course_or_by_a_recipe(tmp_path: Path) -> None:
    read_course(written(tmp_path, "[train]\nsteps = 9\nadversarial_bytes = 2\n[quantise]\n")).require_no_views()
    both = read_course(written(tmp_path, "[train]\nlight = 0.0\n[quantise]\nmirror = true\nzoom = 0.1\n"))
    with pytest.raises(BadInputError, match=r"light in \[train\], mirror in \[quantise\], zoom in \[quantise\]"):
        both.require_no_views()


@pytest.mark.parametrize(
    ("table", "part"),
    [("network", NetworkPart), ("train", TrainPart), ("prune", PrunePart), ("quantise", TrainPart)],
)
def test_every_key_is_on_the_page(table: str, part: type) -> None:
    assert f"[{table}]" in PAGE
    assert set(CourseFile.model_fields) == {"held_out", "network", "train", "prune", "quantise"}
    for key in part.model_fields:  # type: ignore[attr-defined]
        assert f"| `{key}` |" in PAGE


def test_the_defaults_on_the_page_are_the_code_s() -> None:
    told = dict(re.findall(r"^\| `([a-z_]+)` \| ([^|]+?) \|", PAGE, re.MULTILINE))
    for key in TrainPart.model_fields:
        value = getattr(Course(), key)
        assert told[key] == (str(value).lower() if isinstance(value, bool) else f"{value:g}"), key
