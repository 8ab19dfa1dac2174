"""Who converts: ours and its peers, each in its own environment, told in a table of commands."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.convert.process import Outcome, run

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.bench.convert.environments import Environment
    from tests.bench.convert.forms import Forms

PEERS = Path(__file__).parent / "peers"
PROFILE = "rpi-4b"
MOST_APART = 1e-3
"""A twin in TensorFlow must be as close to the float network, relative to the largest output."""


@dataclass(frozen=True, slots=True)
class Contender:
    """environment: of which it runs. takes: which form it reads. script: of `peers`. more: its last arguments."""

    name: str
    environment: str
    takes: str
    calibration: str
    script: str
    more: tuple[str, ...] = ()

    @property
    def suffix(self) -> str:
        """Of the file that it writes."""
        return ".onnx" if self.takes == "float.onnx" else ".tflite"


OURS = Contender("lepton", "lepton", "source", "calibrate_tflite.npy", "lepton_compiler.py")
CONTENDERS = (
    OURS,
    Contender("TFLiteConverter", "tensorflow", "saved_model", "calibrate_tflite.npy", "tflite_converter.py"),
    Contender(
        "ai-edge-quantizer min-max", "ai-edge", "float.tflite", "calibrate_tflite.npy", "ai_edge.py", ("min-max",)
    ),
    Contender(
        "ai-edge-quantizer default", "ai-edge", "float.tflite", "calibrate_tflite.npy", "ai_edge.py", ("default",)
    ),
    Contender("ONNX Runtime", "onnxruntime", "float.onnx", "calibrate_onnx.npy", "onnx_runtime.py"),
)


@dataclass(frozen=True, slots=True)
class Made:
    """A contender's attempt. file: what it wrote; None where it failed. whole: of `lepton convert`; ours alone."""

    outcome: Outcome
    file: Path | None
    whole: Outcome | None = None


def attempt(contender: Contender, forms: Forms, environments: Mapping[str, Environment]) -> Made:
    """Convert one network with one contender."""
    python = environments[contender.environment].python
    missing = _missing(contender, forms, python)
    if missing:
        return Made(Outcome(0.0, 0.0, 0.0, {}, missing), None)
    source = forms.source if contender.takes == "source" else forms.path(contender.takes)
    out = forms.path(f"{contender.name.replace(' ', '-')}{contender.suffix}")
    script = PEERS / contender.script
    command = [python, script, source, forms.path(contender.calibration), out, *contender.more]
    cache = {"LEPTON_CACHE": str(forms.path("cache-compiler"))} if contender is OURS else {}
    outcome = run(command, forms.folder, **cache)
    if contender is OURS:
        return _with_whole(python, forms, outcome)
    return Made(outcome, out if not outcome.error and out.is_file() else None)


def _missing(contender: Contender, forms: Forms, python: Path) -> str:
    """Why the network has no form for this contender; makes TensorFlow's twin where it is wanted."""
    if contender.takes == "float.onnx" and forms.no_onnx:
        return f"cannot take it: {forms.no_onnx}"
    if contender.takes != "saved_model":
        return ""
    names = ("graph.npz", "saved_model", "first.npy", "first.npz")
    twin = run([python, PEERS / "tensorflow_twin.py", *(forms.path(name) for name in names)], forms.folder)
    if twin.error:
        return f"cannot take it: {twin.error}"
    apart = float(twin.said.get("apart", 1.0))
    return "" if apart <= MOST_APART else f"cannot take it: its twin is {apart:.1e} from the float network"


def _with_whole(python: Path, forms: Forms, compiled: Outcome) -> Made:
    """`lepton convert` on the same inputs, with a cache folder that is empty; its bundle's file is the one to judge."""
    bundle = forms.path("lepton.bundle")
    command = [python.with_name("lepton"), "convert", forms.source, "--profile", PROFILE, "-o", bundle]
    command += ["--calibration", forms.path("calibrate"), "--force", "--json"]
    command += ["--format", "tflite"] if forms.source.suffix == ".onnx" else []
    whole = run(command, forms.folder, LEPTON_CACHE=str(forms.path("cache-whole")))
    if whole.error or not bundle.is_file():
        return Made(compiled, None, whole)
    out = forms.path("lepton.tflite")
    with zipfile.ZipFile(bundle) as stored:
        out.write_bytes(stored.read("model.tflite"))
    return Made(compiled, out, whole)
