"""`make bench-carray`: the arena that `lepton firmware carray` reserves, beside the least that the runtime runs in.

The least is found by bisection in TensorFlow Lite Micro itself (the Python package, 8-byte pointers, its recording
allocator); the figure with 4-byte pointers is an estimate. The answers to three drawn inputs are compared with those of
both of LiteRT's own kernel sets. The folder of real data is `LEPTON_DATA`; detectors that are given as bundles are
added: `python -m tests.bench.carray press.bundle`.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from edge_contracts.bundle import read_bundle
from firmware_tools.carray.arena import HOST, MICROCONTROLLER, arena_need
from firmware_tools.carray.network import read_network
from firmware_tools.carray.widen import widened
from tests.fakes.kernel_chains import CASES, FLOAT, FLOAT_CASES, INT8, chain
from tests.fakes.micro_bundles import MLPERF_TINY
from tests.fakes.micro_runtime import MicroRun, least_arena

DATA = Path(os.environ.get("LEPTON_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
KERNELS = (OpResolverType.BUILTIN_REF, OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES)
INPUTS = 10


def main() -> None:
    models = {
        file: (DATA / "mlperf-tiny" / file).read_bytes() for file in (*MLPERF_TINY.values(), "str_ww_ref_model.tflite")
    }
    models |= {Path(path).name: read_bundle(Path(path)).model for path in sys.argv[1:]}
    print(f"{'model':28}{'plan':>9}{'head':>9}{'least':>9}{'reserved':>10}{'over':>8}{'4-byte, estimated':>19}", end="")
    print("  largest difference to LiteRT's reference, builtin kernels")
    for name, content in models.items():
        given = widened(content, read_network(content))
        host, chip = (arena_need(read_network(given), records) for records in (HOST, MICROCONTROLLER))
        least = least_arena(given)
        print(
            f"{name:28}{host.activations:9,}{MicroRun(given).head_bytes:9,}{least:9,}{host.bytes:10,}"
            f"{host.bytes / least - 1:8.1%}{chip.bytes:19,}  {differences(content, given)}",
            flush=True,
        )
    kernels()


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


def differences(content: bytes, given: bytes) -> str:
    """The largest difference of any output, in what is stored, to each of LiteRT's kernel sets."""
    run, random, apart = MicroRun(given), np.random.default_rng(0), [0.0, 0.0]
    others = [Interpreter(model_content=content, experimental_op_resolver_type=kind) for kind in KERNELS]
    for other in others:
        other.allocate_tensors()
    for _ in range(INPUTS):
        if run.input_dtype == np.float32:
            values = random.uniform(-1, 1, run.input_shape).astype(np.float32)
        else:
            values = random.integers(-128, 128, run.input_shape).astype(run.input_dtype)
        answers = run.answer(values)
        for place, other in enumerate(others):
            other.set_tensor(other.get_input_details()[0]["index"], values)
            other.invoke()
            pairs = zip(answers, other.get_output_details(), strict=True)
            far = max(float(np.abs(one - other.get_tensor(of["index"]).astype(float)).max()) for one, of in pairs)
            apart[place] = max(apart[place], far)
    return ", ".join(f"{one:.4g}" for one in apart)


if __name__ == "__main__":
    main()
