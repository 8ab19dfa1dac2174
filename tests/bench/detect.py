"""`make bench-detect`: detectors that learned good parts alone, on real photographs, float and converted.

For each set: learn two thirds of the good parts, convert for a board with the same photographs, judge the other good
parts and every defective one; three seeds choose the thirds and the figures are their means. The folder of real data is
`LEPTON_DATA`, `../shared/data` by default.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from converters.conversion import convert
from device_profiles import load_profile
from edge_contracts.bundle import write_bundle
from edge_contracts.manifest import ImageInput
from edge_runtime.infer.predictor import Predictor
from edge_runtime.preprocess import prepare
from training.dataset import Photographs, Sample
from training.detectors.float_bundle import float_bundle
from training.detectors.learn import Backbone, learn
from training.evaluation import evaluate_samples

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

DATA = Path(os.environ.get("LEPTON_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
BACKBONE = "coral-test-data/tf2_mobilenet_v2_1.0_224_ptq.tflite"
SETS = {
    "cookies": ("defect-cookies/train/normal-*", "defect-cookies/train/anomaly-*"),
    "aliens": ("defect-aliens/normal/*", "defect-aliens/anomaly/*"),
}
INVOCATIONS = 50


@dataclass(frozen=True, slots=True)
class Run:
    """One seed's figures; shares from 0 to 1, times in milliseconds on one thread of this machine.

    made_s: seconds to learn, or to convert what was learned.
    graph_ms: the network alone; picture_ms: with preprocessing.
    """

    auroc: float
    escape_at_5_percent_overkill: float
    overkill: float
    escape: float
    made_s: float
    graph_ms: float
    picture_ms: float
    model_bytes: float


Table = dict[tuple[str, str, str], list[Run]]


def main() -> None:
    """Print the table, or with --json its figures seed by seed."""
    arguments = argparse.ArgumentParser(description=main.__doc__)
    arguments.add_argument("--json", action="store_true")
    arguments.add_argument("--seeds", type=int, default=3)
    arguments.add_argument("--profile", default="rpi-4b", help="the board to convert for")
    asked = arguments.parse_args()
    if not DATA.is_dir():
        sys.exit(f"wanted the folder of real data, found none at {DATA}; set LEPTON_DATA")
    detectors = {"gabor": None, "backbone": Backbone((DATA / BACKBONE).read_bytes(), BACKBONE)}
    table: Table = {}
    for name, (kind, backbone) in product(SETS, detectors.items()):
        for seed in range(asked.seeds):
            for precision, run in _runs(name, backbone, seed, asked.profile):
                table.setdefault((name, kind, precision), []).append(run)
    print(_as_json(table) if asked.json else _as_text(table))


def _runs(name: str, backbone: Backbone | None, seed: int, board: str) -> Iterator[tuple[str, Run]]:
    good, defective = (_samples(pattern, label) for pattern, label in zip(SETS[name], ("good", "defect"), strict=True))
    order = np.random.default_rng(seed).permutation(len(good))
    learned = [good[place] for place in order[: round(len(good) * 2 / 3)]]
    judged = [*(good[place] for place in order[len(learned) :]), *defective]
    with tempfile.TemporaryDirectory() as name_of_folder:
        folder = Path(name_of_folder)
        started_s = time.monotonic()
        detector = learn(Photographs(learned), backbone=backbone, seed=seed)
        float_s = time.monotonic() - started_s
        now = datetime.now(timezone.utc)
        manifest, members = float_bundle(detector, name="bench", inputs={}, settings={}, created=now)
        write_bundle(folder / "float.bundle", manifest, members)
        yield "float", _judge(folder / "float.bundle", judged, float_s)

        (folder / "good").mkdir()
        for sample in learned:
            (folder / "good" / sample.path.name).symlink_to(sample.path.resolve())
        started_s = time.monotonic()
        convert(
            folder / "float.bundle",
            profile=load_profile(board),
            calibration=str(folder / "good"),
            out=folder / "board.bundle",
        )
        yield "converted", _judge(folder / "board.bundle", judged, time.monotonic() - started_s)


def _samples(pattern: str, label: str) -> list[Sample]:
    return [Sample(path, label) for path in sorted(DATA.glob(pattern))]


def _judge(path: Path, samples: list[Sample], made_s: float) -> Run:
    """Score with the board's predictor."""
    predictor = Predictor.open(path)
    evaluation = evaluate_samples(predictor, samples, monotonic_ns=time.monotonic_ns)
    spec = predictor.manifest.input
    assert isinstance(spec, ImageInput)
    tensor = prepare(Photographs(samples)[0], spec)
    spent_ms = []
    for _ in range(INVOCATIONS):
        started_ns = time.perf_counter_ns()
        predictor.predict_tensor(tensor)
        spent_ms.append((time.perf_counter_ns() - started_ns) / 1e6)
    predictor.close()
    return Run(
        auroc=_known(evaluation.auroc),
        escape_at_5_percent_overkill=_known(evaluation.escape_at_5_percent_overkill),
        overkill=_known(evaluation.overkill and evaluation.overkill.value),
        escape=_known(evaluation.escape and evaluation.escape.value),
        made_s=made_s,
        graph_ms=statistics.median(spent_ms),
        picture_ms=evaluation.ms_per_picture,
        model_bytes=next(one.bytes for one in predictor.manifest.files if one.path == predictor.manifest.model_path),
    )


def _known(figure: float | None) -> float:
    if figure is None:
        sys.exit(f"wanted good and defective pictures of every set in {DATA}, found one kind missing")
    return figure


def _as_text(table: Table) -> str:
    head = (
        f"{'set':8} {'detector':9} {'precision':9} {'AUROC':>6} {'lowest':>6} {'escape@5%':>9} {'overkill':>8} "
        f"{'escape':>6} {'made s':>6} {'graph ms':>8} {'all ms':>6} {'bytes':>9}"
    )
    lines = [head]
    for (name, kind, precision), runs in table.items():
        lowest = min(run.auroc for run in runs)
        lines.append(
            f"{name:8} {kind:9} {precision:9} {_mean(runs, 'auroc'):6.3f} {lowest:6.3f} "
            f"{_mean(runs, 'escape_at_5_percent_overkill'):9.3f} {_mean(runs, 'overkill'):8.3f} "
            f"{_mean(runs, 'escape'):6.3f} {_mean(runs, 'made_s'):6.2f} {_mean(runs, 'graph_ms'):8.2f} "
            f"{_mean(runs, 'picture_ms'):6.2f} {_mean(runs, 'model_bytes'):9,.0f}"
        )
    seeds = len(next(iter(table.values())))
    notes = (
        f"means of {seeds} seeds, the lowest AUROC beside them; escape@5% at the limit that rejects 5 % of the good "
        "parts judged;\noverkill and escape at the bundle's own threshold; one thread of this machine, not of a board"
    )
    return "\n".join([*lines, notes])


def _mean(runs: Iterable[Run], figure: str) -> float:
    return statistics.fmean(getattr(run, figure) for run in runs)


def _as_json(table: Table) -> str:
    rows = [
        {"set": name, "detector": kind, "precision": precision, "seeds": [asdict(run) for run in runs]}
        for (name, kind, precision), runs in table.items()
    ]
    return json.dumps(rows, indent=2)


if __name__ == "__main__":
    main()
