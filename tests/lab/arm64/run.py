"""`make lab-arm64`: bundles made here answer within their goldens' tolerance on emulated boards.

For correctness only: an emulated board is 200 to 1,200 times slower than the host. Leaves with 1 if any replay fails.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from pathlib import Path

from tests.lab.arm64.bundles import Bundles, make_bundles
from tests.lab.arm64.cores import CORES
from tests.lab.arm64.emulator import Replay, replay_all
from tests.lab.arm64.rootfs import cache_folder, make_rootfs
from tests.lab.debian import REPOSITORY


def main() -> int:
    """Make what is missing, replay everything, print a table; 1 where a board answered differently or crashed."""
    given = _arguments()
    data = Path(os.environ.get("LEPTON_DATA", REPOSITORY.parent / "shared" / "data")).resolve()
    if not data.is_dir():
        sys.exit(f"wanted the real data, found nothing at {data}; set LEPTON_DATA")
    folder = cache_folder()
    rootfs = make_rootfs(folder)
    bundles = Bundles(tuple(given.bundles), (), ())
    if not given.bundles:
        made = folder / f"bundles-{given.seed}"
        if not given.keep:
            shutil.rmtree(made, ignore_errors=True)
        bundles = make_bundles(data, made, given.seed)
    cores = [core for core in CORES if core.name in given.cores]
    by_core = [replay_all(rootfs, core, bundles.paths) for core in cores]
    rows = list(zip(*by_core, strict=True))
    print("largest error as a share of the golden's tolerance, and seconds of three inferences\n")
    print(f"{'bundle':24}" + "".join(f"{core.name:>22}" for core in cores))
    for row in rows:
        print(f"{row[0].bundle:24}" + "".join(f"{_cell(one):>22}" for one in row))
    return _summed_up([one for row in rows for one in row], bundles)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bundles", nargs="*", type=Path, help="bundles to replay; else the bench's and random ones")
    parser.add_argument("--seed", type=int, default=2026, help="chooses the random networks")
    parser.add_argument(
        "--keep", action="store_true", help="replay the bundles of the last run, convert what is missing"
    )
    parser.add_argument("--cores", nargs="+", default=[core.name for core in CORES])
    return parser.parse_args()


def _cell(one: Replay) -> str:
    if one.share is None:
        return one.verdict[:20]
    return f"{'ok' if one.verdict == 'ok' else 'FAIL'} {one.share:.3f} {one.seconds:5.1f} s"


def _summed_up(runs: list[Replay], bundles: Bundles) -> int:
    wrong = [one for one in runs if one.verdict != "ok"]
    shares = sorted(one.share for one in runs if one.share is not None)
    with_dots = sorted({one.core for one in runs if one.dot_products})
    print(f"\nprocessors that say they have dot products: {', '.join(with_dots) or 'none'}")
    if shares:
        middle = shares[len(shares) // 2]
        print(f"largest error as a share of its tolerance: median {middle:.3f}, most {shares[-1]:.3f}")
    print(f"{len(runs) - len(wrong)} of {len(runs)} replays within tolerance")
    for one in wrong:
        print(f"  {one.core}, {one.bundle}: {one.verdict}")
    for sentence in bundles.refused:
        print(f"  refused in words, another drawn: {sentence[:200]}")
    for sentence in bundles.failures:
        print(f"  not converted: {sentence[:200]}")
    return int(bool(wrong or bundles.failures))


if __name__ == "__main__":
    sys.exit(main())
