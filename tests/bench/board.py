"""What the board's install costs: distributions, disk, start-up, memory. `make bench`.

Two floors are measured in the same run: an empty Python process, for `lepton --help`, and a process that only imports
numpy, OpenCV and LiteRT and loads the same model, for the daemon.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from datetime import datetime, timezone
from pathlib import Path
from statistics import median

from converters.conversion import convert
from device_profiles import load_profile
from edge_contracts.bundle import read_bundle, write_bundle
from edge_runtime.capture.picture_file import read_picture
from lepton.demo.recording import write_photographs
from tests.system.board_install import make_board_install
from training.detectors.float_bundle import PHOTOGRAPHS, digest_of, float_bundle
from training.detectors.learn import learn

TURNS = 7
PHOTOGRAPHED = 40
INSPECTED = 200

STATION = """
[station]
org = "bench"
site = "here"
device = "board"

[[points]]
name = "camera"
bundle = "part.bundle"
source = { kind = "folder", path = "good", repeat = true }
"""

BARE = """
import sys, cv2, numpy
from ai_edge_litert.interpreter import Interpreter
interpreter = Interpreter(model_path=sys.argv[1], num_threads=1)
interpreter.allocate_tensors()
interpreter.invoke()
print(open("/proc/self/status").read())
"""


def main() -> None:
    """Install, measure, print."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        board = make_board_install(folder)
        print(f"board install: lepton-edge[litert,camera], {len(board.distributions)} distributions")
        print("\n".join(f"  {name} {version}" for name, version in sorted(board.distributions.items())))
        print(f"on disk: {board.bytes / 1e6:.0f} MB")
        bare, ours = _wall_ms(board.python, "-c", "pass"), _wall_ms(board.lepton, "--help")
        print(f"lepton --help: {ours:.0f} ms; empty Python {bare:.0f} ms; ratio {ours / bare:.1f}")
        _bench_daemon(board.python, board.lepton, demo_bundle(folder), folder)


def _wall_ms(*command: str | Path) -> float:
    times = []
    for _ in range(TURNS):
        begin = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        times.append(time.perf_counter() - begin)
    return 1000 * median(times)


def demo_bundle(folder: Path) -> Path:
    """The bundle of the demo: learned from drawn parts, converted for the Raspberry Pi 4."""
    pictures = write_photographs(folder / "good", PHOTOGRAPHED)
    detector = learn([read_picture(path) for path in pictures])
    manifest, members = float_bundle(
        detector,
        name="drawn-part",
        inputs={PHOTOGRAPHS: digest_of(pictures)},
        settings={},
        created=datetime.now(timezone.utc),
    )
    write_bundle(folder / "float.bundle", manifest, members)
    out = folder / "part.bundle"
    convert(folder / "float.bundle", profile=load_profile("rpi-4b"), calibration=str(folder / "good"), out=out)
    return out


def _bench_daemon(python: Path, lepton: Path, bundle: Path, folder: Path) -> None:
    model = folder / "model.tflite"
    model.write_bytes(_member(bundle, "model.tflite"))
    status = subprocess.run([python, "-c", BARE, model], check=True, capture_output=True, text=True).stdout
    floor_mb = _megabytes(status, "VmRSS")
    station = folder / "station.toml"
    station.write_text(STATION, "utf-8")
    begin = time.perf_counter()
    process = subprocess.Popen([lepton, "run", station, "--json", "--quiet"], stdout=subprocess.PIPE, text=True)
    try:
        verdicts, first_s = [], 0.0
        for line in process.stdout or ():
            verdicts.append(json.loads(line))
            first_s = first_s or time.perf_counter() - begin
            if len(verdicts) >= INSPECTED:
                break
        status = Path(f"/proc/{process.pid}/status").read_text("utf-8")
    finally:
        process.terminate()
        process.communicate(timeout=30)
    latency = median(verdict["latency_ms"] for verdict in verdicts)
    print(f"daemon, process start to first verdict: {first_s:.2f} s")
    print(f"daemon, frame to verdict: {latency:.1f} ms median of {len(verdicts)} parts")
    resident = _megabytes(status, "VmRSS")
    print(f"daemon resident: {resident:.0f} MB; bare interpreter {floor_mb:.0f} MB; ratio {resident / floor_mb:.2f}")


def _member(bundle: Path, name: str) -> bytes:
    return read_bundle(bundle).members[name]


def _megabytes(status: str, field: str) -> float:
    line = next(line for line in status.splitlines() if line.startswith(field))
    return int(line.split()[1]) * 1024 / 1e6


if __name__ == "__main__":
    main()
