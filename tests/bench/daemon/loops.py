"""The two floors: what somebody who writes the loop by hand gets; `loops.py KIND FILM MODEL RESIZE NOTES`.

bare: grab, resize, colour, into the interpreter's own buffer, invoke. Nothing else, nothing checked.
usual: the same as examples teach it: float conversion, normalisation, quantisation, set_tensor.
Runs until it is killed. NOTES, made of zeros, gets two int64 per frame: when its answer came (monotonic, ns), and how
long it took.
"""

from __future__ import annotations

import sys
import time
from typing import Any

import cv2
import numpy as np
from ai_edge_litert.interpreter import Interpreter


def main(kind: str, film: str, model: str, resize: str, notes: str) -> None:
    """Judge a film that is begun again at its end, until there is no room for a note."""
    cv2.setNumThreads(1)
    interpreter = Interpreter(model_path=model, num_threads=1)
    interpreter.allocate_tensors()
    step = {"bare": bare, "usual": usual}[kind]
    method = {"bilinear": cv2.INTER_LINEAR_EXACT, "area": cv2.INTER_AREA}[resize]
    capture = cv2.VideoCapture(film, cv2.CAP_FFMPEG)
    for note in np.memmap(notes, np.int64, "r+").reshape(-1, 2):
        found, picture = capture.read()
        if not found:
            capture = cv2.VideoCapture(film, cv2.CAP_FFMPEG)
            found, picture = capture.read()
        taken_ns = time.monotonic_ns()
        step(interpreter, picture, method)
        note[:] = time.monotonic_ns(), time.monotonic_ns() - taken_ns


def bare(interpreter: Any, picture: Any, method: int) -> Any:
    """The least that gives an answer."""
    into, flip = _input(interpreter)
    small = cv2.resize(picture, (into.shape[2], into.shape[1]), interpolation=method)
    small = cv2.cvtColor(small, cv2.COLOR_BGR2RGB)
    into[0] = small ^ flip if flip else small
    del into
    interpreter.invoke()
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])


def usual(interpreter: Any, picture: Any, method: int) -> Any:
    """As the examples of TensorFlow Lite, Coral and the Raspberry Pi have it."""
    told = interpreter.get_input_details()[0]
    scale, zero_point = told["quantization"]
    height, width = told["shape"][1:3]
    small = cv2.resize(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), (width, height), interpolation=method)
    real = np.expand_dims(small, axis=0).astype(np.float32) / 127.5 - 1.0
    stored = (real / scale + zero_point).astype(told["dtype"])
    interpreter.set_tensor(told["index"], stored)
    interpreter.invoke()
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])


def _input(interpreter: Any) -> tuple[Any, int]:
    told = interpreter.get_input_details()[0]
    into = interpreter.tensor(told["index"])()
    return into.view(np.uint8), 0x80 if into.dtype == np.int8 else 0


if __name__ == "__main__":
    main(*sys.argv[1:])
