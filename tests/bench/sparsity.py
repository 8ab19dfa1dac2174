"""`make bench-sparsity`: what zeros in the weights do for an int8 model's size and speed.

A float model is pruned in two ways, each weight by its magnitude (unstructured) and whole channels between convolutions
(structured, freed by `converters.sparsity.dead_channels`), then made int8. All are timed in turns in one process, one
thread, and compared with the dense one of the same run. The folder of real data is `LEPTON_DATA`.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from copy import deepcopy
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from converters.execute import Kernels, Session
from converters.quantize import quantize
from converters.quantize.operator_rules import RULES
from converters.quantize.prepare import prepare
from converters.quantize.recipe import Recipe
from converters.sparsity.channel_chain import find_chain, weights_of
from converters.sparsity.dead_channels import remove_dead_channels
from converters.sparsity.zeros import sparsity
from converters.tflite import read_tflite

if TYPE_CHECKING:
    from converters.graph import Graph, Operator
    from converters.quantize import QuantizedModel

DATA = Path(os.environ.get("LEPTON_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
MODELS = ("mlperf-tiny/vww_96_float.tflite", "tflite-support/mobilenet_v1_0.25_224_1_default_1.tflite")
SHARES = (0.5, 0.8, 0.95)
CHANNELS = 0.5
SAMPLES = 8
ROUNDS, RUNS = 15, 10
RECIPE = Recipe(ranges=("min-max",), remedies=())


@dataclass(frozen=True, slots=True)
class Row:
    """One model: zeros of the float network, bytes of the int8 file, milliseconds as the least of the rounds' medians.

    time_ratio: to the dense int8 model of the same run.
    """

    model: str
    pruned: str
    zeros: float
    bytes: int
    ms: float
    time_ratio: float


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="Write the rows here as well.")
    options = parser.parse_args()
    if not DATA.is_dir():
        print(f"wanted the folder of real models, found none at {DATA}; set LEPTON_DATA", file=sys.stderr)
        return 2
    rows = [row for name in MODELS for row in _measured(name)]
    print(f"{'model':<32}{'pruned':<28}{'zeros':>8}{'bytes':>12}{'ms':>9}{'time':>8}")
    for row in rows:
        share = f"{100 * row.zeros:.1f} %"
        print(f"{row.model:<32}{row.pruned:<28}{share:>8}{row.bytes:>12,}{row.ms:>9.4f}{row.time_ratio:>7.2f}x")
    if options.json:
        options.json.write_text(json.dumps([asdict(row) for row in rows], indent=2) + "\n", "utf-8")
    return 0


def _measured(name: str) -> list[Row]:
    dense = prepare(read_tflite((DATA / name).read_bytes()))
    variants = {"not": dense}
    variants |= {f"{100 * share:g} % of weights": _without_weights(dense, share) for share in SHARES}
    pruned = _without_channels(dense)
    variants |= {f"{100 * CHANNELS:g} % of channels, left in": deepcopy(pruned)}
    zeros = {what: sparsity(graph) for what, graph in variants.items()}
    remove_dead_channels(pruned)
    variants["the same, taken out"] = pruned
    zeros["the same, taken out"] = sparsity(pruned)
    rng = np.random.default_rng(0)
    samples = [rng.uniform(0, 1, dense.tensors[dense.inputs[0]].shape).astype(np.float32) for _ in range(SAMPLES)]
    made = {what: quantize(deepcopy(graph), samples, RECIPE) for what, graph in variants.items()}
    times = _milliseconds(made)
    return [
        Row(
            Path(name).stem[:30],
            what,
            1 - zeros[what].dense,
            len(model.content),
            times[what],
            times[what] / times["not"],
        )
        for what, model in made.items()
    ]


def _without_weights(graph: Graph, share: float) -> Graph:
    """Set this share of each operator's weights, the smallest, to zero."""
    made = deepcopy(graph)
    for operator in made.operators:
        rule = RULES.get(operator.kind)
        if rule is not None and rule.weights is not None:
            name = str(operator.inputs[rule.weights.slot])
            data = np.array(made.tensors[name].data)
            limit = np.quantile(np.abs(data), share)
            made.tensors[name] = replace(made.tensors[name], data=np.where(np.abs(data) <= limit, 0, data).astype("f4"))
    return made


def _without_channels(graph: Graph) -> Graph:
    """Set to zero the filters, and their biases, of the weakest channels that only one convolution reads."""
    made = deepcopy(graph)
    for operator in made.operators:
        chain = find_chain(made, operator)
        if chain is None:
            continue
        strength = np.abs(weights_of(made, chain.maker)).reshape(len(weights_of(made, chain.maker)), -1).sum(axis=1)
        weakest = np.argsort(strength, kind="stable")[: int(CHANNELS * strength.size)]
        for one in (chain.maker, *chain.between):
            _silence(made, one, weakest)
    return made


def _silence(graph: Graph, operator: Operator, channels: np.ndarray) -> None:
    if operator.kind not in {"CONV_2D", "FULLY_CONNECTED", "DEPTHWISE_CONV_2D"}:
        return
    for slot in (1, 2):
        tensor = graph.tensors[str(operator.inputs[slot])]
        data = np.array(tensor.data)
        if slot == 1 and operator.kind == "DEPTHWISE_CONV_2D":
            data[..., channels] = 0
        else:
            data[channels] = 0
        graph.tensors[tensor.name] = replace(tensor, data=data)


def _milliseconds(models: dict[str, QuantizedModel]) -> dict[str, float]:
    """The least of the rounds' medians, models taking turns."""
    sessions = {what: Session(model.content, Kernels.XNNPACK) for what, model in models.items()}
    feeds = {what: {name: _nothing(model.graph, name) for name in model.graph.inputs} for what, model in models.items()}
    medians: dict[str, list[float]] = {what: [] for what in sessions}
    for _ in range(ROUNDS):
        for what, session in sessions.items():
            taken = []
            for _ in range(RUNS):
                begin = time.perf_counter_ns()
                session.run(feeds[what])
                taken.append(time.perf_counter_ns() - begin)
            medians[what].append(float(np.median(taken)) / 1e6)
    return {what: min(values) for what, values in medians.items()}


def _nothing(graph: Graph, name: str) -> np.ndarray:
    return np.zeros(graph.tensors[name].shape, graph.tensors[name].dtype)


if __name__ == "__main__":
    sys.exit(main())
