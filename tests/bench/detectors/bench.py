"""`make bench-detect`: detectors that learned good parts alone, on real data, float and converted for a board.

Three seeds choose what is learned; figures are their means. `auto` is what `lepton train` does without being told: it
never sees what is judged here. The folder of real data is `LEPTON_DATA`, `../shared/data` by default.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

from tests.bench.detectors.contest import Contest, contest
from tests.bench.detectors.linear_heads import accuracies
from tests.bench.detectors.sets import DATA, SETS
from training.backbone.own import own_backbone
from training.detectors.kinds import AUTO, detector_kinds, sound_kinds
from training.detectors.sight import Backbone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

NEAR = 0.01
INT8_NEAR = 0.005
SOUND = "ESC-10"
MOBILENET = "coral-test-data/tf2_mobilenet_v2_1.0_224_ptq.tflite"
BACKBONES: dict[str, Callable[[], Backbone | None]] = {
    "own": lambda: Backbone(own_backbone(), "our own backbone"),
    "gabor": lambda: None,
    "mobilenet-v2": lambda: Backbone((DATA / MOBILENET).read_bytes(), MOBILENET),
}
"""What the detectors see with; None for Gabor layers."""

Key = tuple[str, str, str]
"""Set, backbone, detector as it was asked for."""


def main() -> None:
    """Print the table, or with --json its figures seed by seed."""
    asked = _arguments()
    if not DATA.is_dir():
        sys.exit(f"wanted the folder of real data, found none at {DATA}; set LEPTON_DATA")
    table: dict[Key, list[Contest]] = {}
    heads = {}
    for backbone in asked.backbones:
        lent = BACKBONES[backbone]()
        for name in asked.sets:
            for kind in _kinds(name, asked.detectors):
                for seed in range(asked.seeds):
                    runs = [contest(split, kind, lent, seed, asked.profile) for split in SETS[name](seed)]
                    table.setdefault((name, backbone, kind), []).extend(runs)
                print(_line((name, backbone, kind), table[name, backbone, kind]), file=sys.stderr)
        if SOUND in asked.sets:
            heads[backbone] = accuracies(lent)
    print(_as_json(table, heads) if asked.json else _as_text(table, heads, asked.seeds))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--profile", default="rpi-4b", help="the board to convert for")
    parser.add_argument("--sets", nargs="+", choices=list(SETS), default=list(SETS))
    parser.add_argument("--detectors", nargs="+", help="these beside auto; by default all that there are")
    parser.add_argument("--backbones", nargs="+", choices=list(BACKBONES), default=list(BACKBONES))
    return parser.parse_args()


def _kinds(name: str, wanted: list[str] | None) -> list[str]:
    every = sound_kinds() if name == SOUND else detector_kinds()
    return [AUTO, *(kind for kind in every if wanted is None or kind in wanted)]


HEAD = (
    f"{'set':14} {'sees with':12} {'detector':11} {'AUROC':>6} {'int8':>6} {'escape@5%':>9} {'int8':>6} "
    f"{'overkill':>8} "
    f"{'escape':>6} {'learn s':>7} {'ms':>6} {'int8':>6} {'bytes':>9} {'int8':>9}"
)


def _line(key: Key, runs: list[Contest]) -> str:
    def mean(figure: str, *, board: bool = False) -> float:
        found = [getattr(one, figure) for run in runs if (one := run.board_run if board else run.float_run)]
        return statistics.fmean(found) if found else float("nan")

    chosen = sorted({f"{run.kind}/{run.stride_px}" for run in runs})
    return (
        f"{key[0]:14} {key[1]:12} {key[2]:11} {mean('auroc'):6.3f} {mean('auroc', board=True):6.3f} "
        f"{mean('escape_at_5_percent_overkill'):9.3f} {mean('escape_at_5_percent_overkill', board=True):6.3f} "
        f"{mean('overkill', board=True):8.3f} {mean('escape', board=True):6.3f} {mean('made_s'):7.2f} "
        f"{mean('ms'):6.2f} {mean('ms', board=True):6.2f} {mean('model_bytes'):9,.0f} "
        f"{mean('model_bytes', board=True):9,.0f}"
        + (f"  chose {', '.join(chosen)}" if key[2] == AUTO else "")
        + _refused(runs)
    )


def _refused(runs: list[Contest]) -> str:
    count = sum(run.board_run is None for run in runs)
    return f"  {count} of {len(runs)} refused by lepton convert" if count else ""


def _as_text(table: dict[Key, list[Contest]], heads: dict[str, dict[str, tuple[float, float]]], seeds: int) -> str:
    notes = (
        f"means of {seeds} seeds; int8: as converted for the board; escape@5% at the limit that rejects 5 % of the "
        "good parts judged;\noverkill and escape at the bundle's own threshold, converted; one thread of this machine"
    )
    lines = [HEAD, *(_line(key, runs) for key, runs in table.items()), notes, "", *_verdicts(table)]
    for backbone, found in heads.items():
        lines += [
            f"ESC-10, all labels, one linear head, {backbone}: {name}: accuracy {right:.3f}, AUROC {area:.3f}"
            for name, (right, area) in found.items()
        ]
    return "\n".join(lines)


def _verdicts(table: dict[Key, list[Contest]]) -> Iterable[str]:
    """For each set and backbone: whether the default is near the best detector, and int8 near float."""
    for name, backbone in dict.fromkeys((name, backbone) for name, backbone, _ in table):
        means = {
            kind: statistics.fmean((run.board_run or run.float_run).auroc for run in runs)
            for (one, other, kind), runs in table.items()
            if (one, other) == (name, backbone)
        }
        best = max(means, key=lambda kind: means[kind])
        short = means[best] - means[AUTO]
        word = "kept" if short <= NEAR else f"NOT kept: --detector {best} is {short:.3f} better"
        yield f"{name}, {backbone}: the default is within {NEAR} of the best: {word}"
        apart = max(
            abs(run.board_run.auroc - run.float_run.auroc)
            for (one, other, _), runs in table.items()
            if (one, other) == (name, backbone)
            for run in runs
            if run.board_run is not None
        )
        word = "kept" if apart <= INT8_NEAR else "NOT kept"
        yield f"{name}, {backbone}: int8 within {INT8_NEAR} of float, every run: {word} ({apart:.4f})"


def _as_json(table: dict[Key, list[Contest]], heads: dict[str, dict[str, tuple[float, float]]]) -> str:
    rows = [
        {"set": name, "backbone": backbone, "detector": kind, "runs": [asdict(run) for run in runs]}
        for (name, backbone, kind), runs in table.items()
    ]
    return json.dumps({"rows": rows, "linear_heads": heads, "verdicts": list(_verdicts(table))}, indent=2)


if __name__ == "__main__":
    main()
