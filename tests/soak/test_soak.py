"""The soak's own rules: what it calls growth, and that it sees the processes that it should."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.soak.chart import write_picture, write_table
from tests.soak.sampler import Sample, family, holdings
from tests.soak.trend import ends, slope
from tests.soak.verdict import Answer, promises

if TYPE_CHECKING:
    from pathlib import Path

HOUR_S = 3600.0
STEADY = Sample(0.0, 90.0, 60.0, 40.0, 3, 14, 23, 1.0, 0, 2.0, 4.0)


def run(
    minutes: float, *, mb_per_h: float = 0.0, noise_mb: float = 0.05, seed: int = 1, **grown: float
) -> list[Sample]:
    """A sample each ten seconds; figures in `grown` are larger by so much in the second half."""
    draw = random.Random(seed)
    samples = []
    for number in range(int(minutes * 6)):
        at_s = 10.0 * (number + 1)
        late = {name: getattr(STEADY, name) + more for name, more in grown.items() if number >= minutes * 3}
        own_mb = 40 + mb_per_h * at_s / HOUR_S + draw.gauss(0, noise_mb)
        samples.append(replace(STEADY, at_s=at_s, own_mb=own_mb, **late))
    return samples


def answers(samples: list[Sample], silence_s: float = 0.5) -> list[Answer]:
    return [promise.answer for promise in promises(samples, silence_s, 1.7)]


def test_a_steady_run_keeps_every_promise() -> None:
    assert set(answers(run(30))) == {Answer.KEPT}


@pytest.mark.parametrize(
    ("samples", "place"),
    [
        (run(30, mb_per_h=3), 0),
        (run(30, threads=2), 1),
        (run(30, files=2), 2),
        (run(30, latency_p50_ms=1.5), 3),
        (run(30, latency_p95_ms=2), 4),
    ],
)
def test_each_kind_of_growth_breaks_its_promise_and_no_other(samples: list[Sample], place: int) -> None:
    found = answers(samples)
    assert found.pop(place) is Answer.BROKEN
    assert set(found) == {Answer.KEPT}


def test_a_silence_breaks_a_promise() -> None:
    assert answers(run(30), silence_s=3)[5] is Answer.BROKEN


def test_a_run_that_is_too_short_for_its_noise_is_not_decided() -> None:
    found = [answers(run(4, noise_mb=1, seed=seed))[0] for seed in range(20)]
    assert found.count(Answer.UNDECIDED) >= 16
    assert answers(run(10, mb_per_h=100, noise_mb=1))[0] is Answer.BROKEN


def test_the_slope_s_interval_holds_the_truth() -> None:
    samples = run(60, mb_per_h=4)
    line = slope([one.at_s for one in samples], [one.own_mb for one in samples])
    assert line.low < 4 < line.high
    assert line.high - line.low < 0.3


def test_steps_make_the_interval_wider_than_noise_does() -> None:
    at_s = [10.0 * number for number in range(100)]
    noise = [random.Random(number).choice([0.0, 1.0]) for number in range(100)]
    steps = [float(number // 25 % 2) for number in range(100)]
    assert slope(at_s, steps).high - slope(at_s, steps).low > 2 * (slope(at_s, noise).high - slope(at_s, noise).low)


def test_nothing_that_moves_has_no_slope() -> None:
    assert slope([0, 10, 20, 30], [5, 5, 5, 5]).per_h == pytest.approx(0)
    assert ends([1, 1, 1, 1, 9, 9, 9, 9]) == (1, 9)


def test_children_of_the_daemon_count() -> None:
    alone = holdings(os.getpid())
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        assert child.pid in family(os.getpid())
        together = holdings(os.getpid())
        assert together.processes == alone.processes + 1
        assert together.threads >= alone.threads + 1
        child.communicate(b"\n")


def test_the_table_and_the_picture_hold_every_sample(tmp_path: Path) -> None:
    samples = [*run(2), replace(STEADY, at_s=130.0, latency_p50_ms=None, latency_p95_ms=None)]
    write_table(samples, tmp_path / "soak.csv")
    write_picture(samples, tmp_path / "soak.svg")
    lines = (tmp_path / "soak.csv").read_text().splitlines()
    assert len(lines) == 1 + 13
    assert lines[0].startswith("at_s,rss_mb,pss_mb,own_mb")
    drawn = (tmp_path / "soak.svg").read_text()
    assert drawn.count("<polyline") == 6
    assert drawn.endswith("</svg>")
