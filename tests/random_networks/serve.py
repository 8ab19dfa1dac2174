"""A process that opens models one after the other with tflite-runtime (or LiteRT); whoever asks outlives it.

Run by file name, in any environment that has one of both runtimes and numpy, with the name of the kernels (a member of
`OpResolverType`). Each line of standard input is a folder with `model.tflite` and `feeds.npz` (arrays called
`place|input`); the answers are written beside them as `answers.npz`, by `place|output`, and a line that says `done` or
what the runtime refused goes to standard output.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

try:
    from tflite_runtime.interpreter import Interpreter, OpResolverType
except ImportError:
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

KERNELS = OpResolverType[sys.argv[1]]


def serve(home):
    with np.load(home / "feeds.npz") as stored:
        feeds = {key: stored[key] for key in stored.files}
    interpreter = Interpreter(str(home / "model.tflite"), num_threads=1, experimental_op_resolver_type=KERNELS)
    interpreter.allocate_tensors()
    answers = {}
    for place in sorted({int(key.split("|", 1)[0]) for key in feeds}):
        for detail in interpreter.get_input_details():
            interpreter.set_tensor(detail["index"], feeds[f"{place}|{detail['name']}"])
        interpreter.invoke()
        for output, detail in enumerate(interpreter.get_output_details()):
            answers[f"{place}|{output}"] = interpreter.get_tensor(detail["index"])
    np.savez(home / "answers.npz", **answers)


for line in sys.stdin:
    try:
        serve(Path(line.strip()))
    except (RuntimeError, ValueError) as error:
        print(f"refused: {' '.join(str(error).split())}", flush=True)
    else:
        print("done", flush=True)
