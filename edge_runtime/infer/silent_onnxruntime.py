"""ONNX Runtime, imported so that it tells nobody of a factory's models.

From 1.29 on its Linux wheels send events to Microsoft unless they are told not to: the names of the model's file and
graph and hashes of its weights are among them, and `.ses` in the temporary folder is the identity that they share. Read
once, while the library loads, so it must be said before: ORT_DISABLE_TELEMETRY. A value that the user set stays.

Source: https://github.com/kibae/onnxruntime-server/releases/tag/v1.29.0, and what 1.31.1 leaves in a temporary folder.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import Any

OPT_OUT = "ORT_DISABLE_TELEMETRY"


def import_onnxruntime() -> Any:
    """The package `onnxruntime`.

    Raises:
        ImportError: it is not installed.
    """
    os.environ.setdefault(OPT_OUT, "1")
    return import_module("onnxruntime")
