"""One network through the quantizer and every runtime; what comes out is finite and like the float model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from converters.execute import Kernels, run_all
from converters.quantize import quantize
from converters.quantize.affine import Affine
from converters.quantize.candidate import signal_to_noise_db
from converters.quantize.prepare import prepare
from converters.quantize.refinement import stored_feed
from converters.tflite import write_tflite
from converters.trial import CandidateFailedError
from edge_contracts.errors import LeptonError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from converters.trial import TrialChild
    from tests.random_networks.network import Network
    from tests.random_networks.runtimes import Answers, Runtime

WORST_DB = 3.0
"""Below it a scale or a kernel is wrong: noise of half the signal's power is no rounding. Rounding alone, in up to nine
steps with the worst choice of every option, was seen to stay above."""

JUDGED = 3
"""So many of the samples are run in every runtime."""


@dataclass(frozen=True)
class Verdict:
    """What became of one network.

    db: signal to noise against the float model, by runtime and kernel set.
    failure: what must not be; empty where all is well.
    refusal: what the quantizer said in words to a recipe that it cannot do; empty where it could.
    """

    number: int
    db: dict[str, float]
    failure: str = ""
    refusal: str = ""


def judge(network: Network, litert: TrialChild, tflite_runtime: Runtime | None) -> Verdict:
    """Quantise with the candidates tried in `litert`, then run the file in every runtime."""
    try:
        made = quantize(network.graph, network.samples, network.recipe, runner=litert)
    except CandidateFailedError as error:
        return Verdict(network.number, {}, f"{network}: {error}")
    except LeptonError as error:
        return Verdict(network.number, {}, refusal=str(error))
    feeds = [{network.graph.inputs[0]: sample} for sample in network.samples[:JUDGED]]
    wanted = run_all(write_tflite(prepare(network.graph)), feeds, Kernels.REFERENCE)
    stored = [stored_feed(made.graph, feed) for feed in feeds]
    found: dict[str, Answers] = {}
    try:
        found = {f"litert {kernels.value}": litert.run(made.content, stored, kernels) for kernels in Kernels}
        # tflite-runtime 2.14 is older than kernels for weights of four bits.
        if tflite_runtime is not None and not network.recipe.int4:
            found["tflite-runtime"] = tflite_runtime.run(made.content, stored)
    except CandidateFailedError as error:
        return Verdict(network.number, {}, f"{network}: {error}, after {', '.join(found) or 'no runtime'}")
    db = {name: _worst(made.graph, wanted, answers) for name, answers in found.items()}
    low = {name: round(value, 1) for name, value in db.items() if not value >= WORST_DB}
    return Verdict(network.number, db, f"{network}: wanted {WORST_DB} dB, found {low} of {db}" if low else "")


def _worst(graph, wanted: Sequence[Sequence[np.ndarray]], found: Answers) -> float:
    """Of the worst output, in decibels."""
    values = []
    for place, name in enumerate(graph.outputs):
        affine = Affine.of_tensor(graph.tensors[name])
        real = [run[place] if affine is None else affine.dequantize(run[place]) for run in found]
        values.append(signal_to_noise_db([run[place] for run in wanted], real))
    return min(values)
