"""`make bench-carray`: the arena that `lepton firmware carray` reserves, beside the least that the runtime runs in.

The least is found by bisection in TensorFlow Lite Micro itself (the Python package, 8-byte pointers, its recording
allocator); the figure with 4-byte pointers is an estimate. The answers to drawn and to real inputs are compared with
those of LiteRT's kernel sets, and of tflite-runtime's reference kernels where its environment is (`make tflite-venv`).
The folder of real data is `LEPTON_DATA`; detectors that are given as bundles are added:
`python -m tests.bench.carray press.bundle`.
"""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from converters.isolation.trial import CandidateFailedError
from converters.tflite import read_tflite
from edge_contracts.bundle import read_bundle
from firmware_tools.carray.arena import HOST, MICROCONTROLLER, arena_need
from firmware_tools.carray.network import read_network
from firmware_tools.carray.widen import widened
from tests.fakes.kernel_chains import CASES, FLOAT, FLOAT_CASES, INT8, chain
from tests.fakes.micro_bundles import MLPERF_TINY
from tests.fakes.micro_runtime import MicroRun, least_arena
from tests.fakes.mlperf_tiny import mlperf_tiny, stored
from tests.random_networks.runtimes import Runtime
from tests.system.required import tflite_python

if TYPE_CHECKING:
    from collections.abc import Iterator

    Arrays = list[np.ndarray[Any, Any]]

DATA = Path(os.environ.get("LEPTON_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
KERNELS = {"reference": "BUILTIN_REF", "builtin": "BUILTIN_WITHOUT_DEFAULT_DELEGATES", "XNNPACK": "AUTO"}
"""LiteRT's kernel sets, by what it calls them."""
DRAWN, REAL = 20, 40


def main() -> None:
    models = {
        file: (DATA / "mlperf-tiny" / file).read_bytes() for file in (*MLPERF_TINY.values(), "str_ww_ref_model.tflite")
    }
    models |= {Path(path).name: read_bundle(Path(path)).model for path in sys.argv[1:]}
    arenas(models)
    kernels()
    answers(models)


def arenas(models: dict[str, bytes]) -> None:
    """What is reserved for each model, beside the least that it runs in."""
    print(f"{'model':28}{'plan':>9}{'head':>9}{'least':>9}{'reserved':>10}{'over':>8}{'4-byte, estimated':>19}")
    for name, content in models.items():
        given = widened(content, read_network(content))
        host, chip = (arena_need(read_network(given), records) for records in (HOST, MICROCONTROLLER))
        least = least_arena(given)
        print(
            f"{name:28}{host.activations:9,}{MicroRun(given).head_bytes:9,}{least:9,}{host.bytes:10,}"
            f"{host.bytes / least - 1:8.1%}{chip.bytes:19,}",
            flush=True,
        )


def kernels() -> None:
    """Chains of one kernel: the least arena of each, and what is reserved above it."""
    over = {}
    print(f"\n{'six of one kernel':28}{'least':>9}{'reserved':>10}{'over':>8}")
    both = [(kind, dtype) for kind in CASES for dtype in (INT8, FLOAT)] + [(kind, FLOAT) for kind in FLOAT_CASES]
    for kind, dtype in both:
        content = chain(kind, dtype)
        reserved, least = arena_need(read_network(content), HOST).bytes, least_arena(content)
        over[kind, dtype] = reserved / least - 1
        print(f"{f'{kind} {dtype.name}':28}{least:9,}{reserved:10,}{over[kind, dtype]:8.1%}", flush=True)
    print(f"{len(over)} chains: {min(over.values()):.1%} to {max(over.values()):.1%} above the least")


def answers(models: dict[str, bytes]) -> None:
    """How far the runtime's answers are from each kernel set's."""
    sets = {f"LiteRT's {name}": Runtime(sys.executable, kind) for name, kind in KERNELS.items()}
    if (python := tflite_python()) is not None:
        sets = {"tflite-runtime's reference": Runtime(python, "BUILTIN_REF"), **sets}
    print("\nlargest difference of a stored output (values that differ) to the kernels of")
    print(f"{'':44}" + "".join(f"{name:>28}" for name in sets))
    with ExitStack() as open_until_here:
        for runtime in sets.values():
            open_until_here.callback(runtime.close)
        for name, content, inputs in feeds(models):
            run = MicroRun(widened(content, read_network(content)))
            given = [run.answer(values) for values in inputs]
            feed = read_tflite(content).inputs[0]
            said = [apart(given, runtime, content, [{feed: values} for values in inputs]) for runtime in sets.values()]
            print(f"{name:44}" + "".join(f"{one:>28}" for one in said), flush=True)


def feeds(models: dict[str, bytes]) -> Iterator[tuple[str, bytes, Arrays]]:
    """Each model with drawn inputs, and those that have some with real ones."""
    for name, content in models.items():
        run, random = MicroRun(widened(content, read_network(content))), np.random.default_rng(0)
        if run.input_dtype == np.float32:
            drawn = [random.uniform(-1, 1, run.input_shape).astype(np.float32) for _ in range(DRAWN)]
        else:
            drawn = [random.integers(-128, 128, run.input_shape).astype(run.input_dtype) for _ in range(DRAWN)]
        yield f"{name}, {DRAWN} drawn", content, drawn
    for task in mlperf_tiny(DATA):
        graph = read_tflite(task.reference)
        real = [stored(graph, one)[graph.inputs[0]] for one in task.inputs[:REAL]]
        yield f"{MLPERF_TINY[task.name]}, {REAL} real", task.reference, real


def apart(given: list[Arrays], runtime: Runtime, content: bytes, inputs: list[dict[str, Any]]) -> str:
    """The largest difference of any output, in what is stored, and how many values differ."""
    try:
        found = runtime.run(content, inputs)
    except CandidateFailedError as error:
        return str(error)[:26]
    pairs = [pair for one, other in zip(given, found, strict=True) for pair in zip(one, other, strict=True)]
    far = np.concatenate([np.abs(one - other.astype(float)).reshape(-1) for one, other in pairs])
    return f"{far.max():.3g} ({np.count_nonzero(far):,} of {far.size:,})"


if __name__ == "__main__":
    main()
