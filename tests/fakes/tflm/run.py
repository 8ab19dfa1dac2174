"""Run `model.tflite` of this folder in TensorFlow Lite Micro: `run.py allocate|invoke ARENA_BYTES`.

`allocate` leaves `sizes.txt`: bytes used, then those of the input and of each output. `invoke` reads `input.bin` and
leaves `output-N.bin`.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from tests.fakes.micro_runtime import MicroRun, Refused


def main() -> int:
    what, arena_bytes = sys.argv[1], int(sys.argv[2])
    try:
        run = MicroRun(Path("model.tflite").read_bytes(), arena_bytes)
    except Refused:
        return 1
    values = np.zeros(run.input_shape, run.input_dtype)
    if what == "invoke":
        values = np.frombuffer(Path("input.bin").read_bytes(), run.input_dtype).reshape(run.input_shape)
    answers = run.answer(values)
    if what == "allocate":
        sizes = [run.used_bytes, values.nbytes, *(one.nbytes for one in answers)]
        Path("sizes.txt").write_text("\n".join(map(str, sizes)) + "\n", "utf-8")
        return 0
    for place, answer in enumerate(answers):
        Path(f"output-{place}.bin").write_bytes(answer.tobytes())
    return 0


if __name__ == "__main__":
    sys.exit(main())
