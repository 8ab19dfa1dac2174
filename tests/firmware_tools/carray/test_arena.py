"""The memory that is reserved is enough for the runtime itself, and at most a tenth more than it must have."""

import numpy as np
import pytest

from converters.graph import Graph, Operator, Quantization, Tensor
from converters.tflite import write_tflite
from edge_contracts.arena_plan import ALIGNMENT_BYTES
from firmware_tools.carray.arena import HOST, MICROCONTROLLER, arena_need, unmeasured_kinds
from firmware_tools.carray.kernel_memory import KEPT
from firmware_tools.carray.network import read_network
from tests.fakes.micro_bundles import MLPERF_TINY
from tests.fakes.micro_runtime import MicroRun, fits

MOST_TOO_MUCH = 1.10


def arena_holds(content):
    need = arena_need(read_network(content), HOST)
    assert need.activations == MicroRun(content).head_bytes
    assert fits(content, need.bytes)
    assert not fits(content, int(need.bytes / MOST_TOO_MUCH))


@pytest.mark.parametrize("file", [*MLPERF_TINY.values(), "str_ww_ref_model.tflite"])
def test_the_arena_of_a_benchmark_model_is_enough_and_little_more(data, file):
    arena_holds((data / "mlperf-tiny" / file).read_bytes())


def chain(kind, dtype, constants=(), options=None, shape=(1, 8, 8, 16), count=6):
    """One operator after the other, each with the same constants."""
    scale = Quantization(np.full(1, 0.05, np.float32), np.zeros(1, np.int64)) if dtype == np.int8 else None
    tensors = {f"t{place}": Tensor(f"t{place}", shape, np.dtype(dtype), None, scale) for place in range(count + 1)}
    for name, values in constants:
        tensors[name] = Tensor(name, values.shape, values.dtype, values, scale if values.dtype == np.int8 else None)
    names = [name for name, _ in constants]
    operators = [Operator(kind, [f"t{at}", *names], [f"t{at + 1}"], options or {}) for at in range(count)]
    return write_tflite(Graph(tensors, operators, ["t0"], [f"t{count}"]))


POOL = {"padding": "SAME", "stride_h": 1, "stride_w": 1, "filter_height": 2, "filter_width": 2}
PADDING = [("padding", np.zeros((4, 2), np.int32))]
CASES = {
    "AVERAGE_POOL_2D": ((), POOL),
    "RELU": ((), {}),
    "TANH": ((), {}),
    "RESHAPE": ([("shape", np.array([1, 8, 8, 16], np.int32))], {}),
    "PAD": (PADDING, {}),
    "MIRROR_PAD": (PADDING, {}),
    "MEAN": ([("axes", np.array([0], np.int32))], {"keep_dims": True}),
    "PRELU": ([("alpha", np.ones((1, 1, 16), np.int8))], {}),
}


@pytest.mark.parametrize("kind", CASES)
def test_the_arena_of_a_chain_of_one_kernel_is_enough_and_little_more(kind):
    arena_holds(chain(kind, np.int8, *CASES[kind]))


def test_a_kernel_that_nobody_measured_is_named_and_counted_as_the_greediest():
    network = read_network(chain("TANH", np.float32))
    assert unmeasured_kinds(network) == ()
    strange = read_network(chain("SVDF", np.float32))
    assert unmeasured_kinds(strange) == ("SVDF",)
    most = max(kept.options + kept.state for kept in KEPT.values())
    spare = arena_need(strange, HOST).least - arena_need(network, HOST).least
    assert spare >= len(strange.operators) * (most - sum((KEPT["TANH"].options, KEPT["TANH"].state)))


def test_shorter_pointers_need_less_and_no_less_for_tensors():
    network = read_network(chain("RELU", np.int8))
    host, chip = arena_need(network, HOST), arena_need(network, MICROCONTROLLER)
    assert chip.activations == host.activations
    assert chip.kept < host.kept
    assert chip.bytes % ALIGNMENT_BYTES == host.bytes % ALIGNMENT_BYTES == 0
