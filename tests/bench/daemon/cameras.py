"""Four cameras of 30 frames a second on one board: does every frame get its verdict in time? `make bench`.

Each camera is an MJPEG stream of 640×480 from a process that does nothing else; each frame that comes is a part, with
the time until the next frame as its deadline. The model is the benchmark suite's person detector, int8, 96 px.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from edge_contracts.verdict import Cause
from edge_runtime.records.recorded_verdicts import RecordedVerdicts
from tests.bench.daemon.bench import DATA, classifier, write_film
from tests.bench.daemon.spent import cpu_ns, family, pss_bytes
from tests.fakes.mjpeg_camera import MjpegCamera, part

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge_contracts.verdict_row import VerdictRow

CAMERAS, FRAMES_PER_S = 4, 30
WARM_UP_S, MEASURED_S = 4.0, 20.0

STATION = """
[station]
org = "bench"
site = "here"
device = "board"
state_folder = "{state}"

[evidence]
enabled = false
"""
POINT = """
[[points]]
name = "camera-{number}"
bundle = "{bundle}"
deadline_ms = {deadline_ms}
source = {{ kind = "mjpeg", url = "http://127.0.0.1:{port}/stream" }}
"""


def main() -> None:
    """Serve, run, count."""
    if sys.argv[1:2] == ["serve"]:
        serve(Path(sys.argv[2]))
        return
    with tempfile.TemporaryDirectory(dir="/dev/shm") as name:
        folder = Path(name)
        film = write_film(folder / "belt.avi")
        server = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.daemon.cameras", "serve", film], stdout=subprocess.PIPE, text=True
        )
        try:
            ports = [int(port) for port in next(iter(server.stdout or ())).split()]
            report(folder, ports)
        finally:
            server.terminate()
            server.wait(timeout=10)


def serve(film: Path) -> None:
    """The cameras, until somebody ends them."""
    capture, jpegs = cv2.VideoCapture(str(film)), []
    while (found := capture.read())[0]:
        jpegs.append(part(bytes(cv2.imencode(".jpg", found[1])[1])))
    cameras = [
        MjpegCamera(make_part=partial(_shown, jpegs, shift), period_s=1 / FRAMES_PER_S) for shift in range(CAMERAS)
    ]
    print(*(camera.port for camera in cameras), flush=True)
    while True:
        time.sleep(60)


def _shown(jpegs: list[bytes], shift: int, number: int) -> bytes:
    return jpegs[(number + shift) % len(jpegs)]


def report(folder: Path, ports: list[int]) -> None:
    """Run the daemon and print what became of the frames."""
    bundle = classifier(folder, DATA / "mlperf-tiny" / "vww_96_int8.tflite", 96)
    station, state = folder / "station.toml", folder / "state"
    points = (
        POINT.format(number=number, bundle=bundle, deadline_ms=1000 / FRAMES_PER_S, port=port)
        for number, port in enumerate(ports)
    )
    station.write_text(STATION.format(state=state) + "".join(points), "utf-8")
    process = subprocess.Popen([sys.executable, "-m", "lepton", "run", station, "--quiet"], stderr=subprocess.DEVNULL)
    try:
        time.sleep(WARM_UP_S)
        from_s, before = time.monotonic(), sum(cpu_ns(pid) for pid in family(process.pid))
        time.sleep(MEASURED_S)
        to_s, members = time.monotonic(), family(process.pid)
        spent_s = (sum(cpu_ns(pid) for pid in members) - before) / 1e9
        memory_mb = sum(pss_bytes(pid) for pid in members) / 1e6
    finally:
        process.terminate()
        process.communicate(timeout=30)
    rows = [row for row in RecordedVerdicts(state / "verdicts") if from_s <= row.mono_s < to_s]
    tell(rows, to_s - from_s, spent_s, memory_mb)


def tell(rows: Sequence[VerdictRow], measured_s: float, spent_s: float, memory_mb: float) -> None:
    """Print the outcome."""
    causes = Counter(row.cause for row in rows)
    late = causes[Cause.DEADLINE] + causes[Cause.BACKEND_HUNG] + causes[Cause.STALE]
    p50, p99, worst = np.percentile([row.latency_ms for row in rows], [50, 99, 100])
    wanted = CAMERAS * FRAMES_PER_S * measured_s
    print(f"\n{CAMERAS} cameras of {FRAMES_PER_S} frames a second on {os.cpu_count()} cores, {measured_s:.0f} s:")
    print(f"  verdicts {len(rows)} of about {wanted:.0f} frames; missed deadlines {late}; causes {dict(causes)}")
    lasts_ms = 1000 / FRAMES_PER_S
    print(f"  frame to verdict: p50 {p50:.1f}, p99 {p99:.1f}, worst {worst:.1f} ms (a frame lasts {lasts_ms:.1f})")
    print(f"  CPU {100 * spent_s / measured_s:.0f} % of one core, PSS {memory_mb:.0f} MB")


if __name__ == "__main__":
    main()
