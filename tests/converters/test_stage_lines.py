"""Long work without a terminal is heard of, quick work is not."""

import pytest

from converters.cli import progress_bar
from converters.stage_lines import AGAIN_S, QUIET_S, StageLines


@pytest.fixture
def work():
    """The lines that were written, and a function that tells a stage at a time."""
    lines, now = [], [100.0]
    told = StageLines(lines.append, lambda: now[0])

    def at(seconds, stage, done):
        now[0] = 100.0 + seconds
        told(stage, done)

    return lines, at


def test_quick_work_says_nothing(work):
    lines, at = work
    at(0.1, "read", 1.0)
    at(QUIET_S - 0.1, "calibrate", 1.0)
    assert lines == []


def test_each_stage_of_long_work_is_one_line(work):
    lines, at = work
    at(1, "read", 1.0)
    at(6, "calibrate", 0.25)
    at(7, "calibrate", 0.5)
    at(8, "verify", 0.1)
    assert lines == ["calibrate: 25 % after 6 s", "verify: 10 % after 8 s"]


def test_a_stage_that_lasts_is_told_again(work):
    lines, at = work
    at(6, "install tensorflow-cpu", 0.1)
    at(6 + AGAIN_S - 1, "install tensorflow-cpu", 0.2)
    at(6 + AGAIN_S, "install tensorflow-cpu", 0.3)
    assert [line.split(":")[1].split()[0] for line in lines] == ["10", "30"]


@pytest.mark.parametrize(("silent", "count"), [(False, 1), (True, 0)])
def test_off_a_terminal_the_lines_go_to_standard_error(monkeypatch, capsys, silent, count):
    monkeypatch.setattr("converters.stage_lines.QUIET_S", 0.0)
    with progress_bar(silent=silent) as tell:
        tell("verify", 0.5)
    said = capsys.readouterr()
    assert (said.out, said.err.count("verify: 50 % after 0 s\n")) == ("", count)
