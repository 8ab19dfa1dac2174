"""A model file is read as the converter reads it, and a damaged one is refused in words."""

from contextlib import suppress
from math import prod

import pytest
from ai_edge_litert.schema_py_generated import BuiltinOperator
from hypothesis import given
from hypothesis import strategies as st

from converters.tflite import read_tflite, write_tflite
from edge_contracts.errors import BadInputError
from firmware_tools.carray.network import read_network
from firmware_tools.carray.operator_codes import OPERATOR_KINDS
from tests.fakes.micro_bundles import MLPERF_TINY
from tests.fakes.models import brightness_graph

CONTENT = write_tflite(brightness_graph())


def test_every_operator_has_the_number_that_the_file_format_gives_it():
    assert [getattr(BuiltinOperator, kind) for kind in OPERATOR_KINDS] == list(range(len(OPERATOR_KINDS)))


@pytest.mark.parametrize("file", [*MLPERF_TINY.values(), "vww_96_float.tflite"])
def test_both_readers_see_the_same_network(data, file):
    content = (data / "mlperf-tiny" / file).read_bytes()
    network, graph = read_network(content), read_tflite(content)
    assert [operator.kind for operator in network.operators] == [operator.kind for operator in graph.operators]
    known = {tensor.name: tensor for tensor in graph.tensors.values()}
    for tensor in network.tensors:
        other = known[tensor.name]
        shape = tuple(map(abs, other.shape))  # an open batch is -1 there
        assert (tensor.shape, tensor.type_name) == (shape, other.dtype.name)
        assert tensor.is_constant == (other.data is not None)
        assert tensor.scales == (0 if other.quantization is None else other.quantization.scale.size)
        assert tensor.bytes == other.dtype.itemsize * prod(shape)
    assert [network.tensors[place].name for place in network.inputs] == graph.inputs
    assert [network.tensors[place].name for place in network.outputs] == graph.outputs


def test_a_file_of_another_kind_is_refused():
    with pytest.raises(BadInputError, match="wanted a TFLite model"):
        read_network(b"PK\x03\x04 and so on")


@given(st.data())
def test_a_damaged_file_is_refused_or_read_and_never_worse(data):
    content = bytearray(CONTENT)
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(8, len(content) - 1))] = data.draw(st.integers(0, 255))
    with suppress(BadInputError):
        read_network(bytes(content[: data.draw(st.integers(8, len(content)))]))
