"""`python -m tests.bench.labelled_sounds`: what labelled recordings add on ESC-10 (needs LEPTON_DATA).

Each class in turn is good; all others are defects. One fold is learned and the other judged, both ways: the good clips
alone, with ten defective ones, with all of them.
"""

from __future__ import annotations

import argparse
import statistics
from collections import Counter, defaultdict
from datetime import datetime, timezone
from typing import TYPE_CHECKING

import numpy as np

from converters.gate.metrics import auroc, escape_at_overkill
from edge_contracts.bundle import Bundle
from edge_runtime.infer.predictor import Predictor
from tests.bench.detectors.bench import BACKBONES
from tests.bench.detectors.sets import esc10
from training.detectors.float_bundle import float_bundle
from training.detectors.learn_sounds import learn_sounds
from training.detectors.threshold_rule import ThresholdRule
from training.heads.layered_part import layered_ear
from training.heads.learn_sounds import teach_sounds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_runtime.frames import Window
    from training.detectors.detector import Detector
    from training.detectors.sight import Backbone

FEW = 10


def main() -> None:
    """Print mean AUROC and escape at 5 % overkill of twenty splits, per network and number of defects."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--backbones", nargs="+", choices=list(BACKBONES), default=["own", "gabor"])
    asked = parser.parse_args()
    for name in asked.backbones:
        lent = BACKBONES[name]()
        found: defaultdict[str, list[tuple[float, float, str]]] = defaultdict(list)
        for good in sorted({label for label, _, _ in esc10()}):
            for fold in (1, 2):
                for case, figures in _cases(good, fold, lent):
                    found[case].append(figures)
        for case, rows in found.items():
            areas, escapes, choices = zip(*rows, strict=True)
            print(
                f"ESC-10, {name:12} {case:13} AUROC {statistics.fmean(areas):.3f}, escape@5% "
                f"{statistics.fmean(escapes):.3f} ({len(rows)} splits; {dict(Counter(choices).most_common())})",
                flush=True,
            )


def _cases(good: str, fold: int, lent: Backbone | None) -> Iterator[tuple[str, tuple[float, float, str]]]:
    known = [clip for label, place, clip in esc10() if place == fold and label == good]
    others = [clip for label, place, clip in esc10() if place == fold and label != good]
    judged = [(label == good, clip) for label, place, clip in esc10() if place != fold]
    detector = learn_sounds(known, backbone=lent)
    yield "good alone", (*_figures(detector, judged), "good-only")
    ear = layered_ear(known, lent)
    for count in (FEW, len(others)):
        places = np.linspace(0, len(others) - 1, count).astype(int)
        clips = [*known, *(others[place] for place in places)]
        groups = [str(place) for place in range(len(clips))]
        taught = teach_sounds(detector, ear, clips, groups, good=len(known), rule=ThresholdRule())
        case = "all defects" if count == len(others) else f"{FEW} defects"
        yield case, (*_figures(taught.detector, judged), taught.choice)


def _figures(detector: Detector, judged: list[tuple[bool, Window]]) -> tuple[float, float]:
    now = datetime(2026, 1, 1, tzinfo=timezone.utc)
    manifest, members = float_bundle(detector, name="esc", inputs={}, settings={}, created=now)
    predictor = Predictor.load(Bundle(manifest, "0" * 64, members))
    scores = [(is_good, float(predictor.predict(clip).values[0])) for is_good, clip in judged]
    good, bad = ([score for is_good, score in scores if is_good is kind] for kind in (True, False))
    return auroc(good, bad), escape_at_overkill(good, bad)


if __name__ == "__main__":
    main()
