from __future__ import annotations

import json
import os
import signal
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_runtime.web.open_inference.long_json import SHORT_JSON, ReaderFailed, RequestReader
from edge_runtime.web.open_inference.request import InferRequest, WantedOutput, parse_request
from edge_runtime.web.open_inference.rewriting import binary_form
from edge_runtime.web.open_inference.tensor import DTYPES, RequestRefused, WireTensor

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMES = st.text(max_size=12)
OUTPUTS = st.lists(
    st.builds(WantedOutput, NAMES, st.booleans()), min_size=1, max_size=3, unique_by=lambda one: one.name
)


@st.composite
def tensors(draw) -> WireTensor:
    if draw(st.booleans()):
        elements = tuple(draw(st.lists(st.binary(max_size=6), max_size=3)))
        return WireTensor(draw(NAMES), "BYTES", (len(elements),), elements)
    datatype = draw(st.sampled_from(sorted(DTYPES)))
    shape = tuple(draw(st.lists(st.integers(0, 3), max_size=3)))
    values = np.asarray(draw(st.integers(0, 1)) * np.ones(shape), DTYPES[datatype])
    return WireTensor(draw(NAMES), datatype, shape, values)


INPUTS = st.lists(tensors(), min_size=1, max_size=3, unique_by=lambda one: one.name).map(tuple)
REQUESTS = st.builds(InferRequest, NAMES, INPUTS, st.none() | OUTPUTS.map(tuple), st.booleans())


@given(REQUESTS)
def test_the_binary_form_is_the_same_request(request: InferRequest) -> None:
    form = binary_form(request)
    found = parse_request(form.content, str(form.json_bytes))
    assert (found.id, found.outputs, found.binary) == (request.id, request.outputs, request.binary)
    for wanted, tensor in zip(request.inputs, found.inputs, strict=True):
        assert (tensor.name, tensor.datatype, tensor.shape) == (wanted.name, wanted.datatype, wanted.shape)
        np.testing.assert_array_equal(tensor.values, wanted.values)


@pytest.fixture(scope="module")
def reader() -> Iterator[RequestReader]:
    made = RequestReader()
    yield made
    made.close()


def long_request(**changes: Any) -> bytes:
    data = list(range(250)) * 100
    tensor = {"name": "x", "datatype": "UINT8", "shape": [250, 100], "data": data}
    content = json.dumps({"inputs": [tensor | changes], "id": "7"}).encode()
    assert len(content) > SHORT_JSON
    return content


def test_a_long_request_is_read_as_it_would_be_here(reader: RequestReader) -> None:
    found, wanted = reader.read(long_request(), None), parse_request(long_request(), None)
    assert (found.id, found.inputs[0].shape) == ("7", (250, 100))
    np.testing.assert_array_equal(found.inputs[0].values, wanted.inputs[0].values)


def test_a_long_request_is_refused_in_the_same_words(reader: RequestReader) -> None:
    for content in (long_request(shape=[3]), long_request(datatype="INT8"), b"[" * 99_999, b'"' * 99_999):
        with pytest.raises(RequestRefused) as here:
            parse_request(content, None)
        with pytest.raises(RequestRefused) as there:
            reader.read(content, None)
        assert str(there.value) == str(here.value)


def test_a_short_request_needs_no_process() -> None:
    reader = RequestReader()
    with pytest.raises(RequestRefused):
        reader.read(b"{}", None)
    assert reader._process is None


def test_a_reader_that_died_is_told_and_the_next_request_gets_another(reader: RequestReader) -> None:
    reader.read(long_request(), None)
    assert reader._process is not None
    os.kill(reader._process.pid, signal.SIGKILL)
    reader._process.wait(10)
    with pytest.raises(ReaderFailed, match="found its reader gone"):
        reader.read(long_request(), None)
    assert reader.read(long_request(), None).id == "7"
