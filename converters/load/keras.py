"""Keras files and SavedModel folders as float TFLite, by TensorFlow in an environment of its own."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from converters.isolation.scratch import scratch
from converters.load import keras_export
from converters.load.tool_environment import tensorflow_environment, tool_python
from edge_contracts.errors import BadInputError

if TYPE_CHECKING:
    from converters.load.tool_environment import Progress

TIMEOUT_S = 600.0
"""A ResNet-50 takes half a minute; TensorFlow's start alone takes three seconds."""

_SHOWN_CHARACTERS = 300


def keras_to_tflite(
    path: Path, input_size: tuple[int, int] | None, progress: Progress = lambda _stage, _done: None
) -> tuple[bytes, str]:
    """Export a model with TensorFlow, which is installed first where it is not there yet.

    Args:
        path: a `.keras` archive, a Keras `.h5` file or a SavedModel folder.
        input_size: height and width in pixels, for a model that leaves them open.
        progress: told the stage and the fraction of it that is done.

    Returns:
        The bytes of the float TFLite file, batch 1, and what made it, as `tensorflow 2.21.0`.

    Raises:
        BadInputError: Keras does not read it, or it holds code, several inputs or an open size.
        ToolMissingError: TensorFlow could not be installed.
    """
    python = tool_python(tensorflow_environment(), progress)
    progress("export", 0.0)
    with scratch("keras") as folder:
        out = folder / "model.tflite"
        answer = _run(python, path, out, input_size or (0, 0))
        progress("export", 1.0)
        return out.read_bytes(), f"tensorflow {answer['tensorflow']}"


def _run(python: Path, path: Path, out: Path, size: tuple[int, int]) -> dict[str, str]:
    script = str(Path(keras_export.__file__))
    command = [str(python), "-I", script, str(path.absolute()), str(out), *(str(pixels) for pixels in size)]
    # The graph is only exported; a GPU would cost seconds to find and change nothing.
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    try:
        child = subprocess.run(
            command, env=environment, cwd=out.parent, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise BadInputError(
            f"wanted {path.name} exported within {TIMEOUT_S:.0f} s, found TensorFlow still at it; export it to TFLite "
            "where it was made"
        ) from error
    last = (child.stderr.strip().splitlines() or ["no message"])[-1]
    if child.returncode == keras_export.REFUSED:
        raise BadInputError(f"{path.name}: {last}")
    if child.returncode or not out.is_file():
        raise BadInputError(
            f"wanted a model that TensorFlow reads and TFLite has operators for, found {path.name}, which it refuses: "
            f"{last[:_SHOWN_CHARACTERS]}; layers of your own must be replaced, or export it to TFLite where it was made"
        )
    found: dict[str, str] = json.loads(child.stdout.strip().splitlines()[-1])
    return found
