"""A conversion that is ended in the middle leaves nothing behind."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress

import numpy as np
import pytest

from converters.tflite import write_tflite
from tests.converters.doctor.conftest import draw_network


def copied(folder):
    """Whether a copy of the model lies in a folder there.

    A file beside the folders is Python's, which tries where it may write; an empty folder may not be anybody's yet.
    """
    return any(folder.glob("*/*"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_conversion_that_is_ended_leaves_no_file(tmp_path, number):
    (tmp_path / "inputs").mkdir()
    (tmp_path / "temporary").mkdir()
    graph = draw_network()
    (tmp_path / "net.tflite").write_bytes(write_tflite(graph))
    for place in range(8):
        values = np.random.default_rng(place).standard_normal(graph.tensors["image"].shape)
        np.save(tmp_path / "inputs" / f"{place}.npy", values.astype(np.float32))
    # Whoever runs tests in the background of a shell has them ignore an interrupt.
    command = [
        "env",
        "--default-signal=INT",
        sys.executable,
        "-m",
        "lepton",
        "convert",
        "net.tflite",
        "--profile",
        "rpi-4b",
        "--calibration",
        "inputs",
    ]
    environment = {**os.environ, "TMPDIR": str(tmp_path / "temporary"), "PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen(
        [*command, "-o", "net.bundle", "--no-cache"], cwd=tmp_path, env=environment, stdout=-3, stderr=-3
    )
    deadline = time.monotonic() + 60
    while not copied(tmp_path / "temporary") and process.poll() is None and time.monotonic() < deadline:
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.005)
    process.send_signal(number)
    assert process.wait(60) == 128 + number
    assert list((tmp_path / "temporary").iterdir()) == []
    assert not any(path.name.endswith((".bundle", ".partial")) for path in tmp_path.iterdir())
