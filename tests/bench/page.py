"""What the page costs the line: latency, processor and memory, without it, with it, and while people use it.

    PYTHONPATH=. .venv/bin/python tests/bench/page.py [SECONDS]

One point, 640×480 pictures from a folder each 50 ms. Latency is from the picture to the verdict.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from tests.fakes.models import BundleRecipe
from tests.fakes.stations import write_station
from tests.fakes.web import free_port

if TYPE_CHECKING:
    from collections.abc import Callable

SECONDS = 10.0
WATCHERS = 4
WARM = 40
REPOSITORY = Path(__file__).resolve().parents[2]
SOURCE = (
    'source = { kind = "folder", path = "parts", repeat = true }\ntrigger = { kind = "interval", interval_s = 0.05 }\n'
)


def watch(port: int, stop: threading.Event) -> None:
    """As a browser does: a picture for each event, at most four a second."""
    while not stop.wait(0.25):
        fetch(port, "GET", "/points/gate/picture.jpg?heat=1")


def upload(port: int, stop: threading.Event) -> None:
    content = cv2.imencode(".jpg", picture(7))[1].tobytes()
    while not stop.wait(0.05):
        fetch(port, "POST", "/points/gate/judge", content)


def infer(port: int, stop: threading.Event) -> None:
    """The largest JSON that is read: about a megabyte."""
    data = np.random.default_rng(0).integers(0, 256, 200_000).tolist()
    tensor = {"name": "image", "datatype": "UINT8", "shape": [200_000], "data": data}
    content = json.dumps({"inputs": [tensor]}).encode()
    while not stop.wait(0.05):
        fetch(port, "POST", "/v2/models/gate/infer", content)


def fetch(port: int, method: str, path: str, content: bytes | None = None) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request(method, path, content)
    connection.getresponse().read()
    connection.close()


def picture(seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(100, 8, (480, 640, 3))
    return noise.clip(0, 255).astype(np.uint8)


def run(folder: Path, more: str, port: int, users: list[Callable[[threading.Event], None]], seconds: float) -> str:
    station = write_station(folder, SOURCE, deadline_ms=50, recipe=BundleRecipe(threshold=0.6), more=more)
    command = [sys.executable, "-c", "from lepton.cli import main; main()", "run", "--json", "--quiet", str(station)]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    stop = threading.Event()
    path = folder / "lines"
    with path.open("wb") as lines:
        daemon = subprocess.Popen(command, stdout=lines, stderr=subprocess.DEVNULL, env=environment)
        while path.read_bytes().count(b"\n") < WARM or (users and not is_open(port)):
            time.sleep(0.1)
        begun = path.read_bytes().count(b"\n")
        threads = [threading.Thread(target=user, args=(stop,)) for user in users]
        for thread in threads:
            thread.start()
        before_s = sum(cpu_s(pid) for pid in family(daemon.pid))
        time.sleep(seconds)
        busy = (sum(cpu_s(pid) for pid in family(daemon.pid)) - before_s) / seconds
        memory_mb = sum(pss_mb(pid) for pid in family(daemon.pid))
        stop.set()
        for thread in threads:
            thread.join()
        daemon.send_signal(signal.SIGTERM)
        daemon.wait(60)
    verdicts = [json.loads(line) for line in path.read_text().splitlines()][begun:]
    latencies = [verdict["latency_ms"] for verdict in verdicts]
    unknown = sum(verdict["outcome"] == "unknown" for verdict in verdicts)
    shown = " | ".join(f"{np.percentile(latencies, share):.2f}" for share in (50, 99, 100))
    return f"{shown} | {unknown} of {len(verdicts)} | {busy:.0%} | {memory_mb:.0f}"


def is_open(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
    return [pid, *(one for child in children for one in family(int(child)))]


def pss_mb(pid: int) -> float:
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii")
    return int(rollup.split("Pss:")[1].split()[0]) / 1000


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS
    port = free_port()
    web = f"[web]\nport = {port}\n"
    rows: list[tuple[str, str, list[Callable[[threading.Event], None]]]] = [
        ("no page", "", []),
        ("a page, nobody looks", web, []),
        (f"{WATCHERS} people look", web, [lambda stop: watch(port, stop)] * WATCHERS),
        ("uploads, one after the other", web, [lambda stop: upload(port, stop)]),
        ("inference in JSON of 1 MB, one after the other", web, [lambda stop: infer(port, stop)]),
    ]
    print("| | latency p50 ms | p99 | largest | unknown | processor | PSS MB |\n|---|---|---|---|---|---|---|")
    for name, more, users in rows:
        with tempfile.TemporaryDirectory() as folder:
            parts = Path(folder) / "parts"
            parts.mkdir()
            for number in range(20):
                cv2.imwrite(str(parts / f"{number:02}.png"), picture(number))
            print(f"| {name} | {run(Path(folder), more, port, users, seconds)} |", flush=True)


if __name__ == "__main__":
    main()
