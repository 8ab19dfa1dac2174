"""Who converts: ours and its peers, each in its own environment, told in a table of commands."""

from __future__ import annotations

import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.convert.process import Outcome, run

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.bench.convert.environments import Environment
    from tests.bench.convert.forms import Forms

PEERS = Path(__file__).parent / "peers"
PROFILE = "rpi-4b"
ROUNDS = 3
"""Conversions by each contender: a machine that is shared is slow for one and quick for the next."""

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


def attempts(contenders: Sequence[Contender], forms: Forms, environments: Mapping[str, Environment]) -> dict[str, Made]:
    """What became of each contender: the run of the median time, of `ROUNDS` in which all take turns.

    One that fails in the first round is not asked again.
    """
    runs: dict[str, list[Made]] = {}
    for contender in contenders:
        missing = _missing(contender, forms, environments[contender.environment].python)
        runs[contender.name] = [Made(Outcome(0.0, 0.0, 0.0, {}, missing), None)] if missing else []
    for _ in range(ROUNDS):
        for contender in contenders:
            own = runs[contender.name]
            if all(made.file is not None for made in own):
                own.append(_attempt(contender, forms, environments[contender.environment].python))
    return {name: _median(own) for name, own in runs.items()}


def _median(runs: list[Made]) -> Made:
    """The last run's file, which is the same each time, with the outcomes of the median times."""
    outcome = sorted((made.outcome for made in runs), key=lambda one: one.wall_s)[len(runs) // 2]
    wholes = sorted((made.whole for made in runs if made.whole), key=lambda one: one.wall_s)
    return Made(outcome, runs[-1].file, wholes[len(wholes) // 2] if wholes else None)


def _attempt(contender: Contender, forms: Forms, python: Path) -> Made:
    source = forms.source if contender.takes == "source" else forms.path(contender.takes)
    out = forms.path(f"{contender.name.replace(' ', '-')}{contender.suffix}")
    script = PEERS / contender.script
    command = [python, script, source, forms.path(contender.calibration), out, *contender.more]
    outcome = run(command, forms.folder)
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
    cache = forms.path("cache-whole")
    shutil.rmtree(cache, ignore_errors=True)
    whole = run(command, forms.folder, LEPTON_CACHE=str(cache))
    if whole.error or not bundle.is_file():
        return Made(compiled, None, whole)
    out = forms.path("lepton.tflite")
    with zipfile.ZipFile(bundle) as stored:
        out.write_bytes(stored.read("model.tflite"))
    return Made(compiled, out, whole)
