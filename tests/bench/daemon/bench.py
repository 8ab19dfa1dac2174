"""The daemon beside the loop that somebody writes by hand: CPU per frame, memory, start, latency. `make bench`.

One thread, a film of 640×480 as fast as it is judged, health checks and records as shipped, `[web]` off. The floors are
in `loops.py`; every figure stands beside its floor of the same run, and CPU and latency are those of turns of a second
that all contenders take (`contenders.py`).
"""

from __future__ import annotations

import os
import tempfile
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import cv2
import numpy as np

from edge_contracts.bundle import file_entries, read_bundle, write_bundle
from edge_contracts.manifest import ClassRule, ImageInput, Manifest, Output
from tests.bench.board import demo_bundle
from tests.bench.daemon.contenders import Contender, Turns, alone, daemon, in_turns, loop

ROUNDS, TURN_S = 24, 1.0
RUNS_ALONE = 3
HEIGHT, WIDTH = 480, 640
DATA = Path(os.environ.get("LEPTON_DATA", Path(__file__).resolve().parents[4] / "shared" / "data"))
_HEADS = (
    ("CPU per frame", 16),
    ("- bare", 17),
    ("/ usual", 9),
    ("PSS MB", 9),
    ("- bare", 8),
    ("p50 ms", 9),
    ("p99 ms", 9),
    ("ready s", 9),
)


def main() -> None:
    """Measure both models and print a table for each."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as name:
        folder = Path(name)
        film = write_film(folder / "belt.avi")
        models = {"MobileNetV2 1.0, 224 px": mobilenet(folder), "default detector": demo_bundle(folder)}
        for title, bundle in models.items():
            home = folder / bundle.stem
            home.mkdir()
            report(title, bundle, film, home)


def report(title: str, bundle: Path, film: Path, folder: Path) -> None:
    """One model's table."""
    read = read_bundle(bundle)
    model = folder / "model.tflite"
    model.write_bytes(read.model)
    alike = [(kind, partial(loop, kind, film, model, read.manifest.input.resize)) for kind in ("bare", "usual")]
    alike += [(inference, partial(daemon, bundle, film, inference)) for inference in ("process", "thread")]
    lonely = []
    for kind, made in alike:
        runs = [alone(made(_fresh(folder / f"{kind}-{number}"))) for number in range(RUNS_ALONE)]
        lonely.append((median(memory for memory, _ in runs), median(ready for _, ready in runs)))
    contenders: list[Contender] = [made(_fresh(folder / kind)) for kind, made in alike]
    turns = in_turns(contenders, ROUNDS, TURN_S)
    print(f"\n{title}: {WIDTH}×{HEIGHT}, median of {ROUNDS} turns of {TURN_S:g} s; alone: median of {RUNS_ALONE} runs")
    print(" " * 18 + "".join(f"{head:>{width}}" for head, width in _HEADS))
    bare_mb = lonely[0][0]
    for contender, own, (memory_mb, ready_s) in zip(contenders, turns, lonely, strict=True):
        p50, p99 = np.percentile(own.latency_ms, [50, 99])
        print(
            f"{contender.name:18}{_beside(own, turns[0], turns[1])}{memory_mb:9.1f}{memory_mb - bare_mb:+8.1f}"
            f"{p50:9.2f}{p99:9.2f}{ready_s:9.2f}"
        )


def _beside(own: Turns, bare: Turns, usual: Turns) -> str:
    """Differences and ratios are taken round by round; beside the difference stands its standard error."""
    more = np.subtract(own.cpu_ms, bare.cpu_ms)
    error = more.std() / np.sqrt(len(more))
    share = np.median(np.divide(own.cpu_ms, usual.cpu_ms))
    return f"{median(own.cpu_ms):13.3f} ms{np.median(more):+10.3f} ± {error:.2f}{share:9.2f}"


def _fresh(folder: Path) -> Path:
    folder.mkdir()
    return folder


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


if __name__ == "__main__":
    main()
