"""One network through the quantizer and every runtime; what comes out is finite and like the float model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from converters.execute import Kernels, run_all
from converters.isolation.trial import CandidateFailedError
from converters.quantize import quantize
from converters.quantize.affine import Affine
from converters.quantize.candidate import signal_to_noise_db
from converters.quantize.prepare import prepare
from converters.quantize.refinement import stored_feed
from converters.tflite import write_tflite
from edge_contracts.errors import LeptonError
from tests.converters.lower.int8_steps import deviations
from tests.converters.lower.test_int8 import bound

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from converters.execute import Feed
    from converters.graph import Graph
    from converters.isolation.trial import TrialChild
    from tests.random_networks.network import Network
    from tests.random_networks.runtimes import Answers, Runtime

WORST_DB = 3.0
"""Below it a scale or a kernel may be wrong, so each operator is looked at by itself: rounding in up to nine steps with
the worst choice of every option stays above but for one network in a thousand."""

ALIKE_DB = 1.0
"""Noise of rounding is about the same in every runtime."""

JUDGED = 3
"""So many of the samples are run in every runtime."""


@dataclass(frozen=True)
class Verdict:
    """What became of one network.

    db: signal to noise against the float model, by runtime and kernel set.
    failure: what must not be; empty where all is well.
    coarse: it is below `WORST_DB`, and each of its operators is off by its own rounding alone: int8 is too coarse for
        what it computes (a TANH of numbers in thousands).
    refusal: what the quantizer said in words to a recipe that it cannot do; empty where it could.
    """

    number: int
    db: dict[str, float]
    failure: str = ""
    coarse: bool = False
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
    if all(value >= WORST_DB for value in db.values()):
        return Verdict(network.number, db)
    reason = _fault(made.graph, stored[0], db)
    said = f"{network}: wanted {WORST_DB} dB, found {db}, {reason}"
    return Verdict(network.number, db, said if reason else "", coarse=not reason)


def _fault(graph: Graph, feed: Feed, db: Mapping[str, float]) -> str:
    """Why so much noise is no rounding; empty where it is."""
    if not min(db.values()) > -np.inf:
        return "an answer is not finite"
    if max(db.values()) - min(db.values()) > ALIKE_DB:
        return "and runtimes differ"
    if any(tensor.dtype == np.dtype("i2") for tensor in graph.tensors.values()):
        return "with steps as fine as those of int16"
    off = [found for found in deviations(graph, feed) if not found.steps <= bound(found.kind)]
    return f"off by more than their rounding: {off}" if off else ""


def _worst(graph, wanted: Sequence[Sequence[np.ndarray]], found: Answers) -> float:
    """Of the worst output, in decibels."""
    values = []
    for place, name in enumerate(graph.outputs):
        affine = Affine.of_tensor(graph.tensors[name])
        real = [run[place] if affine is None else affine.dequantize(run[place]) for run in found]
        values.append(signal_to_noise_db([run[place] for run in wanted], real))
    return min(values)
