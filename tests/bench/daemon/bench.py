"""The daemon beside the loop that somebody writes by hand: CPU per frame, memory, start, latency. `make bench`.

One thread, a film of 640×480 as fast as it is judged, health checks and records as shipped, `[web]` off. The floors are
in `loops.py`; every figure stands beside its floor of the same run.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import cv2
import numpy as np

from edge_contracts.bundle import file_entries, read_bundle, write_bundle
from edge_contracts.manifest import ClassRule, ImageInput, Manifest, Output
from edge_runtime.records.recorded_verdicts import RecordedVerdicts
from tests.bench.board import demo_bundle
from tests.bench.daemon.spent import cpu_ns, family, pss_bytes

TURNS = 3
FRAMES = 1500
WARM_UP_S, MEASURED_S = 3.0, 8.0
HEIGHT, WIDTH = 480, 640
DATA = Path(os.environ.get("LEPTON_DATA", Path(__file__).resolve().parents[4] / "shared" / "data"))

STATION = """
[station]
org = "bench"
site = "here"
device = "board"
state_folder = "{state}"
inference = "{inference}"

[evidence]
enabled = false

[[points]]
name = "camera"
bundle = "{bundle}"
source = {{ kind = "video", path = "{film}", pace = "fast", repeat = true }}
"""


@dataclass(frozen=True)
class Cost:
    """What one run cost.

    cpu_ms: per frame, all processes. memory_mb: PSS, all processes. latency_ms: from frame to verdict, each frame.
    ready_s: from the start of the process to its first verdict, 0 for a floor.
    """

    cpu_ms: float
    memory_mb: float
    latency_ms: list[float]
    ready_s: float = 0.0


def main() -> None:
    """Measure both models and print a table for each."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as name:
        folder = Path(name)
        film = write_film(folder / "belt.avi")
        models = {"MobileNetV2 1.0, 224 px": mobilenet(folder), "default detector": demo_bundle(folder)}
        for title, bundle in models.items():
            report(title, bundle, film, folder)


def report(title: str, bundle: Path, film: Path, folder: Path) -> None:
    """One model's table; the contenders take turns."""
    model = folder / f"{bundle.stem}.tflite"
    read = read_bundle(bundle)
    model.write_bytes(read.model)
    resize = read.manifest.input.resize
    costs: dict[str, list[Cost]] = {"bare loop": [], "usual loop": [], "daemon, process": [], "daemon, thread": []}
    for _ in range(TURNS):
        for name, runs in costs.items():
            kind, _, inference = name.partition(", ")
            if inference:
                runs.append(daemon(bundle, film, inference, folder))
            else:
                runs.append(floor(kind.split()[0], film, model, resize))
    print(f"\n{title}: {FRAMES} frames of {WIDTH}×{HEIGHT}, median of {TURNS} turns")
    heads = (
        ("CPU per frame", 16),
        ("- bare", 10),
        ("/ usual", 9),
        ("PSS MB", 9),
        ("- bare", 8),
        ("p50 ms", 9),
        ("p99 ms", 9),
    )
    print(" " * 18 + "".join(f"{head:>{width}}" for head, width in (*heads, ("ready s", 9))))
    bare, usual = (_middle(costs[name]) for name in ("bare loop", "usual loop"))
    for name, runs in costs.items():
        cost = _middle(runs)
        p50, p99 = np.percentile([value for run in runs for value in run.latency_ms], [50, 99])
        print(
            f"{name:18}{cost.cpu_ms:13.3f} ms{cost.cpu_ms - bare.cpu_ms:+10.3f}{cost.cpu_ms / usual.cpu_ms:9.2f}"
            f"{cost.memory_mb:9.1f}{cost.memory_mb - bare.memory_mb:+8.1f}{p50:9.2f}{p99:9.2f}{cost.ready_s:9.2f}"
        )


def floor(kind: str, film: Path, model: Path, resize: str) -> Cost:
    """One run of a loop of `loops.py`."""
    command = [sys.executable, "-m", "tests.bench.daemon.loops", kind, film, model, str(FRAMES), resize]
    told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return Cost(told["cpu_ns"] / 1e6, told["pss"] / 1e6, [value / 1e6 for value in told["latency_ns"]])


def daemon(bundle: Path, film: Path, inference: str, folder: Path) -> Cost:
    """One run of the daemon as systemd runs it, measured from outside; its verdicts are those of its daily record."""
    station, state = folder / "station.toml", folder / "state"
    shutil.rmtree(state, ignore_errors=True)
    station.write_text(STATION.format(inference=inference, bundle=bundle, film=film, state=state), "utf-8")
    begun_s = time.monotonic()
    process = subprocess.Popen([sys.executable, "-m", "lepton", "run", station, "--quiet"], stderr=subprocess.DEVNULL)
    try:
        time.sleep(WARM_UP_S)
        from_s, before = time.monotonic(), sum(cpu_ns(pid) for pid in family(process.pid))
        time.sleep(MEASURED_S)
        members = family(process.pid)
        spent = sum(cpu_ns(pid) for pid in members) - before
        to_s, memory = time.monotonic(), sum(pss_bytes(pid) for pid in members)
    finally:
        process.terminate()
        process.communicate(timeout=30)
    rows = list(RecordedVerdicts(state / "verdicts"))
    judged = [row for row in rows if from_s <= row.mono_s < to_s]
    if strange := {row.cause.value for row in rows} - {"clean", "threshold", "unsure"}:
        raise AssertionError(f"wanted frames that were judged, found {strange}")
    latencies = [row.latency_ms for row in judged]
    return Cost(spent / len(judged) / 1e6, memory / 1e6, latencies, rows[0].mono_s - begun_s)


def mobilenet(folder: Path) -> Path:
    """Coral's int8 MobileNetV2 as a bundle: bytes in, a thousand classes out."""
    return classifier(folder, DATA / "coral-test-data" / "tf2_mobilenet_v2_1.0_224_ptq.tflite", 224)


def classifier(folder: Path, model: Path, side_px: int) -> Path:
    """An int8 classifier of pictures as a bundle that calls every class good."""
    content = model.read_bytes()
    from ai_edge_litert.interpreter import Interpreter  # noqa: PLC0415 - read once, to describe the model

    interpreter = Interpreter(model_content=content)
    given, answered = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    labels = tuple(f"class-{number}" for number in range(int(answered["shape"][-1])))
    members = {"model.tflite": content}
    manifest = Manifest(
        name="classifier",
        sequence=1,
        task="classification",
        labels=labels,
        precision="int8",
        profile="x86-64",
        runtime="tflite",
        input=ImageInput(
            tensor=given["name"],
            height_px=side_px,
            width_px=side_px,
            resize="bilinear",
            dtype=np.dtype(given["dtype"]).name,
            mean=(127.5,),
            std=(127.5,),
            quantisation=_quantisation(given),
        ),
        outputs=(
            Output(
                tensor=answered["name"],
                role="probabilities",
                shape=tuple(int(size) for size in answered["shape"]),
                dtype=np.dtype(answered["dtype"]).name,
                quantisation=_quantisation(answered),
            ),
        ),
        rule=ClassRule(good=labels, min_confidence=0.0),
        files=file_entries(members),
    )
    return _written(folder / f"{model.stem}.bundle", manifest, members)


def write_film(path: Path) -> Path:
    """Frames of noise over a moving scene, uncompressed: reading it costs a copy, for every contender alike."""
    rng = np.random.default_rng(0)
    scene = cv2.GaussianBlur(rng.integers(0, 256, (HEIGHT, 2 * WIDTH, 3), np.uint8), (0, 0), 4)
    writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, 0, 30.0, (WIDTH, HEIGHT))
    for number in range(60):
        noise = rng.integers(-3, 4, (HEIGHT, WIDTH, 3))
        shown = scene[:, 8 * number : 8 * number + WIDTH] + noise
        writer.write(np.clip(shown, 0, 255).astype(np.uint8))
    writer.release()
    return path


def _written(path: Path, manifest: Manifest, members: dict[str, bytes]) -> Path:
    write_bundle(path, manifest, members)
    return path


def _quantisation(told: dict[str, Any]) -> dict[str, Any]:
    scale, zero_point = told["quantization"]
    return {"scale": float(scale), "zero_point": int(zero_point)}


def _middle(runs: list[Cost]) -> Cost:
    return Cost(
        median(run.cpu_ms for run in runs),
        median(run.memory_mb for run in runs),
        [],
        median(run.ready_s for run in runs),
    )


if __name__ == "__main__":
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    main()
