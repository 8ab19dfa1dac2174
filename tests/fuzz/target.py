"""What is done with one mutant: our own reader, and then what the converter does with it in a child."""

from __future__ import annotations

from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from converters.load.opening import run_onnx, run_tflite
from converters.lower.lowering import lower_model
from converters.tflite import read_tflite, write_tflite
from edge_contracts.bundle import read_bundle
from tests.fuzz import bundle_mutation, onnx_mutation, tflite_mutation
from tests.fuzz.mutation import damaged

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.fuzz.corpus import Sound

STRUCTURED = {"onnx": onnx_mutation.mutated, "tflite": tflite_mutation.mutated, "bundle": bundle_mutation.mutated}


def mutant(sounds: Sequence[Sound], seed: int, case: int) -> tuple[Sound, str, bytes]:
    """The mutant of a number: always the same for the same files. The second value says how it was made."""
    draw = Random(f"{seed}/{case}")
    sound = draw.choice(sounds)
    # Most damaged bytes are refused at once; damaged structure goes deeper.
    if draw.random() < 0.35:
        return sound, "bytes", damaged(sound.content, draw)
    try:
        return sound, "structure", STRUCTURED[sound.kind](sound.content, draw)
    except (TypeError, ValueError):  # flatbuffers and protobuf: the change does not fit into its field
        return sound, "bytes", damaged(sound.content, draw)


def handle(kind: str, content: bytes, enter_native: Callable[[], None]) -> None:
    """Read a mutant, say that native code begins, and let it have what is left.

    Raises:
        LeptonError: the mutant was refused.
    """
    if kind == "bundle":
        with TemporaryDirectory(prefix="lepton-fuzz-") as folder:
            path = Path(folder, "mutant.bundle")
            path.write_bytes(content)
            read_bundle(path)
        return
    if kind == "tflite":
        write_tflite(read_tflite(content))
        enter_native()
        run_tflite(content)
        return
    enter_native()
    if len(content) % 4:
        lower_model(content)
    else:
        run_onnx(content)
