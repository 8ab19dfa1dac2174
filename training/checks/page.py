"""What the checks found as one page with small pictures, which needs nothing beside it."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import cv2
import numpy as np

from converters.report.chart import SIDE_PX, Tick, linear_axis
from converters.report.environment import page_template
from converters.report.thumbnail import as_address, reduced
from training.dataset import Photographs
from training.dataset.sounds import read_waveform
from training.dataset.spectrogram import spectrogram

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy.typing as npt

    from training.checks.check import CheckedDataset
    from training.checks.facts import Facts
    from training.checks.finding import Finding

MOST_SHOWN = 24
"""Small pictures per finding and per label; the page stays below a few megabytes."""

MOST_IN_A_GROUP = 6
STRIP = 8
MOST_DOTS = 2000
SPECTROGRAM_PX = (160, 96)
MARGIN = 0.04
QUIETEST = 1e-6
"""Of full scale; silence has no level in dB."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A sample as the page shows it. picture: a `data:` address, empty where it cannot be read."""

    picture: str
    name: str
    remark: str


@dataclass(frozen=True, slots=True)
class ShownFinding:
    """A finding with its first groups. left_out: groups that are not shown."""

    check: str
    must_mend: bool
    sentence: str
    groups: tuple[tuple[Shown, ...], ...]
    left_out: int


@dataclass(frozen=True, slots=True)
class ShownLabel:
    """What lies under one label. splits: how many in each, as text."""

    label: str
    samples: int
    splits: str
    strip: tuple[Shown, ...]


@dataclass(frozen=True, slots=True)
class Spread:
    """Two measures of every sample as dots: across, up, and whether a check named it; in pixels from the lower left."""

    across: str
    up: str
    dots: tuple[tuple[float, float, bool], ...]
    across_ticks: tuple[Tick, ...]
    up_ticks: tuple[Tick, ...]


def render(checked: CheckedDataset, name: str) -> str:
    """The page as HTML; the same text for the same dataset. Names and labels are foreign text and are escaped.

    Args:
        checked: what was found.
        name: of the dataset.

    Raises:
        BadInputError: a picture cannot be read any more.
    """
    return page_template("training.checks", "dataset.html.j2").render(
        name=name,
        version=checked.version,
        is_sound=checked.is_sound,
        samples=len(checked.looked.facts),
        findings=[_finding(one) for one in checked.findings],
        labels=_labels(checked.looked.facts),
        spread=_spread(checked),
        side_px=SIDE_PX,
    )


def _finding(finding: Finding) -> ShownFinding:
    groups: list[tuple[Shown, ...]] = []
    room = MOST_SHOWN
    for group in finding.groups:
        if room <= 0:
            break
        shown = tuple(_shown(one, _place(one)) for one in group[: min(MOST_IN_A_GROUP, room)])
        groups.append(shown)
        room -= len(shown)
    left_out = len(finding.groups) - len(groups)
    return ShownFinding(finding.check, finding.must_mend, finding.sentence, tuple(groups), left_out)


def _labels(facts: Sequence[Facts]) -> list[ShownLabel]:
    labels = Counter(one.sample.label for one in facts)
    return [_label(label, [one for one in facts if one.sample.label == label]) for label in sorted(labels)]


def _label(label: str, members: Sequence[Facts]) -> ShownLabel:
    splits = Counter(one.sample.split for one in members if one.sample.split)
    told = ", ".join(f"{count} {split}" for split, count in sorted(splits.items()))
    readable = [one for one in members if not one.problem]
    step = max(1, len(readable) // STRIP)
    strip = tuple(_shown(one, "") for one in islice(readable, 0, step * STRIP, step))
    return ShownLabel(label, len(members), told, strip)


def _shown(one: Facts, remark: str) -> Shown:
    picture = "" if one.problem else as_address(_picture(one))
    return Shown(picture, one.sample.path.name, remark)


def _place(one: Facts) -> str:
    sample = one.sample
    return " / ".join(part for part in (sample.split, sample.label) if part)


def _picture(one: Facts) -> npt.NDArray[np.uint8]:
    if one.sound is None:
        return reduced(Photographs([one.sample])[0])
    small = cv2.resize(spectrogram(read_waveform(one.sample.path)), SPECTROGRAM_PX, interpolation=cv2.INTER_NEAREST)
    return np.asarray(cv2.applyColorMap(small, cv2.COLORMAP_VIRIDIS)[..., ::-1], np.uint8)


def _spread(checked: CheckedDataset) -> Spread | None:
    readable = checked.looked.readable[:MOST_DOTS]
    if not readable:
        return None
    measures = [_measures(one) for one in readable]
    across, up = (linear_axis([pair[side] for pair in measures], MARGIN) for side in (0, 1))
    named = {one.digest for one in _odd(checked.findings)}
    dots = tuple(
        (across.at_px(pair[0]), up.at_px(pair[1]), one.digest in named)
        for one, pair in zip(readable, measures, strict=True)
    )
    names = ("mean grey", "sharpness") if readable[0].picture else ("level, dB of full scale", "length, s")
    return Spread(*names, dots, across.ticks(), up.ticks())


def _measures(one: Facts) -> tuple[float, float]:
    if one.picture is not None:
        return one.picture.mean, one.picture.sharpness
    if one.sound is not None:
        return 20 * math.log10(max(one.sound.rms, QUIETEST)), one.sound.seconds
    return 0.0, 0.0


def _odd(findings: Iterable[Finding]) -> Iterable[Facts]:
    """Samples that a check named for what they are, not for what they are like."""
    return (one for finding in findings for group in finding.groups if len(group) == 1 for one in group)
