"""What a conversion costs: seconds, memory and disk, for a MobileNetV2 at 224 px with 100 pictures.

    make bench-convert-cost

Floors, measured in the same run: for time, the float model run twice over the same pictures on one thread; for memory,
a process that imports numpy, OpenCV and LiteRT and runs the float model once. The first conversion fills an empty
cache, the second finds it filled. The pictures show ten kinds of noise, and the network tells them apart, so that the
gate judges as it does for a user. The install is `[convert]` in a fresh environment, without TensorFlow and torch.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from converters.lower import lower_onnx
from converters.tflite import write_tflite
from tests.bench.mobilenet import SIDE_PX, taught
from tests.system.board_install import make_board_install

PICTURES = 100
KINDS = 10
MOST_SECONDS = 30.0
MOST_MEMORY_MB = 1000.0
MOST_INSTALL_MB = 450.0
LOOK_S = 0.02
UNWANTED = {"tensorflow", "tensorflow-cpu", "torch"}

FLOOR = """
import sys, cv2, numpy
from ai_edge_litert.interpreter import Interpreter
model, times, pictures = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
interpreter = Interpreter(model_path=model, num_threads=1)
interpreter.allocate_tensors()
place = interpreter.get_input_details()[0]["index"]
for _ in range(times):
    for path in pictures:
        picture = cv2.resize(cv2.imread(path), (224, 224), interpolation=cv2.INTER_AREA)
        interpreter.set_tensor(place, picture[None].astype(numpy.float32) / 255)
        interpreter.invoke()
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a command took, its children included.

    wall_s, processor_s: seconds. peak_mb: the most that it and its children had resident at one time, looked at every
    `LOOK_S`; pages that they share count for each. printed: its standard output.
    """

    wall_s: float
    processor_s: float
    peak_mb: float
    printed: str


def main() -> None:
    """Draw, convert twice, install, print."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pictures = _pictures(folder / "pictures")
        network = taught(np.stack([_as_input(path) for path in pictures[:: PICTURES // KINDS]]))
        (folder / "net.onnx").write_bytes(network)
        (folder / "net.tflite").write_bytes(write_tflite(lower_onnx(network)))
        floor = _cost([sys.executable, "-c", FLOOR, str(folder / "net.tflite"), "2", *pictures])
        least = _cost([sys.executable, "-c", FLOOR, str(folder / "net.tflite"), "1", pictures[0]])
        print(f"floor: float model twice over {PICTURES} pictures {floor.wall_s:.2f} s; one run {least.peak_mb:.0f} MB")
        for turn in ("first", "second"):
            _tell(turn, _convert(folder), floor, least)
        _tell_install(folder)


def _pictures(folder: Path) -> list[str]:
    """Smooth noise, larger than the network's input; ten of each kind, which differ in finer noise."""
    folder.mkdir()
    random = np.random.default_rng(0)
    for kind in range(KINDS):
        coarse = random.integers(0, 256, (6, 6, 3))
        for place in range(PICTURES // KINDS):
            varied = np.clip(coarse + random.normal(0, 12, coarse.shape), 0, 255).astype(np.uint8)
            picture = cv2.resize(varied, (2 * SIDE_PX, 2 * SIDE_PX), interpolation=cv2.INTER_CUBIC)
            cv2.imwrite(str(folder / f"{kind}-{place}.png"), picture)
    return sorted(str(path) for path in folder.iterdir())


def _as_input(path: str) -> Any:
    picture = cv2.resize(cv2.imread(path)[:, :, ::-1], (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA)
    return (picture.astype(np.float32) / 255).transpose(2, 0, 1)


def _convert(folder: Path) -> Cost:
    program = str(Path(sys.executable).with_name("lepton"))
    options = ["--profile", "rpi-4b", "--calibration", str(folder / "pictures"), "--json"]
    command = [program, "convert", str(folder / "net.onnx"), *options, "-o", str(folder / "net.bundle")]
    return _cost(command, {"LEPTON_CACHE": str(folder / "cache")})


def _cost(command: list[str], environment: dict[str, str] | None = None) -> Cost:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begin, peak = time.perf_counter(), 0
    with tempfile.TemporaryFile("w+") as output:
        child = subprocess.Popen(
            command, stdout=output, stderr=subprocess.DEVNULL, env={**os.environ, **(environment or {})}
        )
        while True:
            try:
                code = child.wait(LOOK_S)
                break
            except subprocess.TimeoutExpired:
                peak = max(peak, _resident_bytes(child.pid))
        seconds = time.perf_counter() - begin
        if code:
            raise RuntimeError(f"{' '.join(command[:3])} … ended with {code}")
        output.seek(0)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return Cost(seconds, used, peak / 1e6, output.read())


def _resident_bytes(process: int) -> int:
    """Of a process and all below it; 0 for one that has just ended."""
    try:
        home = Path(f"/proc/{process}")
        resident = int((home / "statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
        children = [int(text) for task in (home / "task").iterdir() for text in (task / "children").read_text().split()]
    except OSError:
        return 0
    return resident + sum(_resident_bytes(child) for child in children)


def _tell(turn: str, cost: Cost, floor: Cost, least: Cost) -> None:
    document = json.loads(cost.printed)
    gate = document["card"]["gate"]
    bars = f" (bars {MOST_SECONDS:.0f} s, {MOST_MEMORY_MB:.0f} MB)" if turn == "first" else ""
    print(
        f"{turn} conversion: {cost.wall_s:.1f} s, {cost.wall_s / floor.wall_s:.1f} × the floor; "
        f"{cost.processor_s:.1f} s of processor; {cost.peak_mb:.0f} MB, {cost.peak_mb / least.peak_mb:.1f} × the "
        f"floor{bars}"
    )
    print(f"  gate {gate['verdict']} on {gate['samples']} samples, digest {document['digest'][:16]}")
    for step in document["steps"]:
        print(f"  {step['name']:<10}{'reused' if step['reused'] else 'computed'} {step['seconds']:7.2f} s")


def _tell_install(folder: Path) -> None:
    made = make_board_install(folder, "convert")
    unwanted = sorted(UNWANTED & set(made.distributions)) or "neither TensorFlow nor torch"
    print(
        f"[convert] installed: {made.bytes / 1e6:.0f} MB in {len(made.distributions)} distributions, {unwanted} "
        f"(bar {MOST_INSTALL_MB:.0f} MB)"
    )


if __name__ == "__main__":
    main()
