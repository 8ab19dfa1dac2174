"""`make bench-learn`: seconds and memory of `lepton train` on 50 good pictures of 640×480, limited to two cores."""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from lepton.demo.parts import DRAWING_HEIGHT_PX, DRAWING_WIDTH_PX, draw_part

PICTURES, WIDTH_PX, HEIGHT_PX = 50, 640, 480
CORES = 2
MOST_S, MOST_MB = 20.0, 600
BELT = 70


def main() -> None:
    """Print seconds, peak memory and whether both are within what we promise."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--pictures", type=int, default=PICTURES)
    parser.add_argument("--backbone", help="a quantised classifier to see with")
    parser.add_argument("--detector", default="auto")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        draw_pictures(folder / "good", asked.pictures)
        extra = ["--backbone", asked.backbone] if asked.backbone else []
        found = train(folder, [*extra, "--detector", asked.detector])
    print(json.dumps(found, indent=2))
    kept = found["seconds"] <= MOST_S and found["peak_mb"] <= MOST_MB
    print(f"at most {MOST_S:.0f} s and {MOST_MB} MB on {CORES} cores: {'kept' if kept else 'NOT kept'}")


def draw_pictures(folder: Path, count: int) -> None:
    """Good parts on a grey belt, 640×480, each from its own seed."""
    folder.mkdir()
    for seed in range(count):
        picture = np.full((HEIGHT_PX, WIDTH_PX, 3), BELT, np.uint8)
        picture = np.clip(picture + np.random.default_rng(seed).normal(0, 3, picture.shape), 0, 255).astype(np.uint8)
        drawn = draw_part("bracket", np.random.default_rng(seed))
        top, left = (HEIGHT_PX - DRAWING_HEIGHT_PX) // 2, (WIDTH_PX - DRAWING_WIDTH_PX) // 2
        room = picture[top : top + DRAWING_HEIGHT_PX, left : left + DRAWING_WIDTH_PX]
        share = drawn[..., 3:] / np.float32(255)
        room[:] = np.rint(drawn[..., :3] * share + room * (1 - share))
        cv2.imwrite(str(folder / f"{seed:03}.png"), picture[..., ::-1])


def train(folder: Path, extra: list[str]) -> dict[str, Any]:
    """Run the command in a process of its own, on two cores: wall seconds of it all, processor seconds, peak memory."""
    command = [
        sys.executable,
        "-m",
        "lepton",
        "train",
        str(folder / "good"),
        "-o",
        str(folder / "x.bundle"),
        "--json",
        *extra,
    ]
    # What is started inherits it.
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    started = os.times()
    ended = subprocess.run(command, check=False, capture_output=True, text=True)
    if ended.returncode:
        sys.exit(ended.stderr)
    spent, document = os.times(), json.loads(ended.stdout)
    return {
        "detector": document["detector"]["kind"],
        "seconds": round(spent.elapsed - started.elapsed, 2),
        "processor_seconds": round(
            spent.children_user + spent.children_system - started.children_user - started.children_system, 2
        ),
        "machine_load": round(os.getloadavg()[0], 1),
        "peak_mb": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024,
    }


if __name__ == "__main__":
    main()
