"""The memory that is reserved is enough for the runtime itself, and at most a tenth more than it must have."""

import pytest

from edge_contracts.arena_plan import ALIGNMENT_BYTES
from firmware_tools.carray.arena import HOST, MICROCONTROLLER, arena_need, unmeasured_kinds
from firmware_tools.carray.kernel_memory import KEPT
from firmware_tools.carray.network import read_network
from tests.fakes.kernel_chains import FLOAT, INT8, Case, chain
from tests.fakes.micro_bundles import MLPERF_TINY, MLPERF_TINY_FLOAT, with_int16
from tests.fakes.micro_runtime import MicroRun, fits

MOST_TOO_MUCH = 1.10
DIFFERENT = ("CONV_2D", "BATCH_MATMUL", "MIRROR_PAD", "MEAN", "CONCATENATION", "STRIDED_SLICE")
"""Kernels that keep memory each in its own way; the bench tries all that were measured."""


def arena_holds(content):
    need = arena_need(read_network(content), HOST)
    assert need.activations == MicroRun(content).head_bytes
    assert fits(content, need.bytes)
    assert not fits(content, int(need.bytes / MOST_TOO_MUCH))


@pytest.mark.parametrize("file", [*MLPERF_TINY.values(), "str_ww_ref_model.tflite"])
def test_the_arena_of_a_benchmark_model_is_enough_and_little_more(data, file):
    arena_holds((data / "mlperf-tiny" / file).read_bytes())


@pytest.mark.parametrize("file", MLPERF_TINY_FLOAT.values())
def test_the_arena_of_a_benchmark_model_with_int16_activations_is_enough_and_little_more(data, file):
    arena_holds(with_int16((data / "mlperf-tiny" / file).read_bytes())[0])


@pytest.mark.parametrize("kind", DIFFERENT)
def test_the_arena_of_a_chain_of_one_kernel_is_enough_and_little_more(kind):
    arena_holds(chain(kind, INT8))


def test_a_kernel_that_nobody_measured_is_named_and_counted_as_the_greediest():
    network = read_network(chain("TANH", FLOAT))
    assert unmeasured_kinds(network) == ()
    strange = read_network(chain("SVDF", FLOAT, Case()))
    assert unmeasured_kinds(strange) == ("SVDF",)
    most = max(kept.options + kept.state for kept in KEPT.values())
    spare = arena_need(strange, HOST).least - arena_need(network, HOST).least
    assert spare >= len(strange.operators) * (most - sum((KEPT["TANH"].options, KEPT["TANH"].state)))


def test_shorter_pointers_need_less_and_no_less_for_tensors():
    network = read_network(chain("RELU", INT8))
    host, chip = arena_need(network, HOST), arena_need(network, MICROCONTROLLER)
    assert chip.activations == host.activations
    assert chip.kept < host.kept
    assert chip.bytes % ALIGNMENT_BYTES == host.bytes % ALIGNMENT_BYTES == 0
