"""`make bench-labels`: what labelled defects bring, on real photographs.

For each set and network: good parts alone, ten labelled defects, all of them; AUROC and escape at 5 % overkill on parts
that nothing was learned from. Neighbours in the photographs' numbering stay on one side (a cookie is photographed from
several sides, one after the other; crops of one board show one board). Each of three seeds parts the groups into three
thirds and judges each third by the other two; figures are means of the nine. The folder of real data is `LEPTON_DATA`,
`../shared/data` by default.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from converters.gate.metrics import auroc, escape_at_overkill
from edge_runtime.capture.picture_file import read_picture
from training.dataset import Box
from training.dataset.input_size import resized
from training.detectors.learn import Backbone, Detector, learn
from training.heads.layered_part import layered_part
from training.heads.learn import Lesson, detector_scores, teach
from training.heads.outline import BoxOutline

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from training.heads.joining import Taught

DATA = Path(os.environ.get("LEPTON_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
MOBILENET = "coral-test-data/tf2_mobilenet_v2_1.0_224_ptq.tflite"
THIRDS = 3
FEW_GOOD, FEW_DEFECTS = 20, 10
NEIGHBOURS = 3
"""Photographs whose numbers follow each other, taken for one group."""
CROP_PX = 160
CROPS_OF_A_BOARD = 2


@dataclass(frozen=True, slots=True)
class Photograph:
    """One picture of a set; `box` in pixels where the defect is known to be."""

    pixels: npt.NDArray[np.uint8]
    is_defect: bool
    group: str
    box: Box | None = None


@dataclass(frozen=True, slots=True)
class Sight:
    """How to learn.

    backbone: what to see with; None: Gabor layers. kind: of detector. seed: what chance draws from. good_only: no
    defects are learned.
    """

    backbone: Backbone | None
    kind: str
    seed: int
    good_only: bool


Row = tuple[str, str, str]
Runs = dict[Row, list[tuple[float, float, str]]]


def main() -> None:
    """Print the table, or with --json its figures run by run."""
    arguments = argparse.ArgumentParser(description=main.__doc__)
    arguments.add_argument("--json", action="store_true")
    arguments.add_argument("--seeds", type=int, default=3)
    arguments.add_argument("--sets", nargs="+", default=list(SETS), choices=list(SETS))
    arguments.add_argument("--networks", nargs="+", default=list(NETWORKS), type=_network, metavar="NETWORK|FILE")
    arguments.add_argument("--detector", default="auto", help="what learns the good parts; as for lepton train")
    arguments.add_argument("--good-only", action="store_true", help="learn no defects: several times quicker")
    asked = arguments.parse_args()
    if not DATA.is_dir():
        sys.exit(f"wanted the folder of real data, found none at {DATA}; set LEPTON_DATA")
    runs: Runs = {}
    started_s = time.monotonic()
    for name in asked.sets:
        photographs = SETS[name]()
        for network in asked.networks:
            for seed in range(asked.seeds):
                for learned, judged in _parted(photographs, seed):
                    sight = Sight(_backbone(network), asked.detector, seed, asked.good_only)
                    for case, figures in _cases(learned, judged, sight):
                        runs.setdefault((name, network, case), []).append(figures)
                        print(name, network, seed, case, *figures, file=sys.stderr)
    print(_as_json(runs) if asked.json else _as_text(runs, time.monotonic() - started_s))


def _cookies() -> list[Photograph]:
    return _numbered("defect-cookies/train/normal-*", "defect-cookies/train/anomaly-*", NEIGHBOURS)


def _aliens() -> list[Photograph]:
    return _numbered("defect-aliens/normal/*", "defect-aliens/anomaly/*", 1)


def _numbered(good: str, defective: str, neighbours: int) -> list[Photograph]:
    found = []
    for pattern, is_defect in ((good, False), (defective, True)):
        paths = sorted(DATA.glob(pattern), key=lambda path: int(re.findall(r"\d+", path.stem)[-1]))
        for place, path in enumerate(paths):
            found.append(Photograph(read_picture(path), is_defect, f"{is_defect}-{place // neighbours}"))
    return found


def _boards() -> list[Photograph]:
    """Crops of printed circuit boards: of the template, and around single defects of the board that was tested."""
    folder = DATA / "defect-deeppcb"
    found = []
    for table in sorted(folder.glob("[0-9]*.txt"))[::3]:
        boxes = np.loadtxt(table, ndmin=2)[:, :4]
        tested, template = (read_picture(folder / f"{table.stem}_{kind}.jpg") for kind in ("test", "temp"))
        defective, corners = 0, [(x, y) for y in range(0, 640, CROP_PX) for x in range(0, 640, CROP_PX)]
        for number, (x, y) in enumerate(corners):
            inside = boxes[(boxes[:, :2] >= (x, y)).all(1) & (boxes[:, 2:] <= (x + CROP_PX, y + CROP_PX)).all(1)]
            touching = (boxes[:, 2:] > (x, y)).all(1) & (boxes[:, :2] < (x + CROP_PX, y + CROP_PX)).all(1)
            place = np.s_[y : y + CROP_PX, x : x + CROP_PX]
            if len(inside) == touching.sum() == 1 and defective < CROPS_OF_A_BOARD:
                left, top, right, bottom = inside[0] - (x, y, x, y)
                box = Box(left, top, right - left, bottom - top)
                found.append(Photograph(tested[place], is_defect=True, group=table.stem, box=box))
                defective += 1
            if number % 5 == 0:
                found.append(Photograph(template[place], is_defect=False, group=table.stem))
    return found


SETS = {"cookies": _cookies, "aliens": _aliens, "boards": _boards}


def _own() -> Backbone:
    from training.backbone.own import own_backbone  # noqa: PLC0415 - only where it is asked for

    return Backbone(own_backbone(), "our own backbone")


NETWORKS = {
    "gabor": lambda: None,
    "own": _own,
    "mobilenet": lambda: Backbone((DATA / MOBILENET).read_bytes(), MOBILENET),
}


def _network(asked: str) -> str:
    if asked not in NETWORKS and not Path(asked).is_file():
        raise argparse.ArgumentTypeError(f"wanted {', '.join(NETWORKS)} or a TFLite file, found {asked}")
    return asked


def _backbone(network: str) -> Backbone | None:
    return NETWORKS[network]() if network in NETWORKS else Backbone(Path(network).read_bytes(), Path(network).name)


def _parted(photographs: list[Photograph], seed: int) -> Iterator[tuple[list[Photograph], list[Photograph]]]:
    groups = np.random.default_rng(seed).permutation(sorted({one.group for one in photographs}))
    for third in range(THIRDS):
        held_out = set(groups[third::THIRDS])
        yield (
            [one for one in photographs if one.group not in held_out],
            [one for one in photographs if one.group in held_out],
        )


def _cases(
    learned: list[Photograph], judged: list[Photograph], sight: Sight
) -> Iterator[tuple[str, tuple[float, float, str]]]:
    """Each case's AUROC, escape and choice."""
    random = np.random.default_rng(sight.seed)
    good, defects = ([one for one in learned if one.is_defect is kind] for kind in (False, True))
    good, defects = ([kind[place] for place in random.permutation(len(kind))] for kind in (good, defects))
    if len(good) > FEW_GOOD:
        yield "20 good parts", (*_figures(_learn(good[:FEW_GOOD], sight), judged), "")
    detector = _learn(good, sight)
    yield "good parts", (*_figures(detector, judged), "")
    if sight.good_only:
        return
    drawn = [False, True] if defects[0].box else [False]
    for count, name in ((FEW_DEFECTS, f"+ {FEW_DEFECTS} defects"), (len(defects), "+ all defects")):
        for with_boxes in drawn:
            taught = _teach(detector, good, defects[:count], sight, with_boxes=with_boxes)
            found = (*_figures(taught.detector, judged), taught.choice)
            yield f"{name}{', boxes' if with_boxes else ''}", found


def _learn(good: list[Photograph], sight: Sight) -> Detector:
    return learn(
        [one.pixels for one in good],
        groups=[one.group for one in good],
        backbone=sight.backbone,
        kind=sight.kind,
        seed=sight.seed,
    )


def _teach(
    detector: Detector, good: list[Photograph], defects: list[Photograph], sight: Sight, *, with_boxes: bool
) -> Taught:
    parts = [*good, *defects]
    lesson = Lesson(
        photographs=[one.pixels for one in parts],
        is_defect=np.array([one.is_defect for one in parts]),
        outlines=[BoxOutline([one.box]) if with_boxes and one.box else None for one in parts],
        groups=[one.group for one in parts],
    )
    return teach(detector, layered_part(detector, sight.backbone), lesson, seed=sight.seed)


def _figures(detector: Detector, judged: list[Photograph]) -> tuple[float, float]:
    scores = np.array(detector_scores(detector, [resized(one.pixels, detector.spec) for one in judged]))
    is_defect = np.array([one.is_defect for one in judged])
    return auroc(scores[~is_defect], scores[is_defect]), escape_at_overkill(scores[~is_defect], scores[is_defect])


def _as_text(runs: Runs, spent_s: float) -> str:
    lines = [f"{'set':8} {'network':9} {'learned':22} {'AUROC':>6} {'lowest':>6} {'escape@5%':>9}  chosen"]
    for (name, network, case), found in runs.items():
        areas = [area for area, _, _ in found]
        chosen = sorted({choice for _, _, choice in found if choice}, key=lambda one: -sum(one == c for *_, c in found))
        lines.append(
            f"{name:8} {network:9} {case:22} {statistics.fmean(areas):6.3f} {min(areas):6.3f} "
            f"{statistics.fmean(escape for _, escape, _ in found):9.3f}  "
            + ", ".join(f"{one} {sum(one == c for *_, c in found)}×" for one in chosen)
        )
    most = max(map(len, runs.values()))
    return "\n".join([*lines, f"means of {most} runs, fewer of 20 good parts where a set is small; {spent_s:.0f} s"])


def _as_json(runs: Runs) -> str:
    rows = [
        {"set": name, "network": network, "learned": case, "runs": found}
        for (name, network, case), found in runs.items()
    ]
    return json.dumps(rows, indent=2)


if __name__ == "__main__":
    main()
