from __future__ import annotations

import json
import struct
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_runtime.web.open_inference.request import JSON_MAX, InferRequest, parse_request
from edge_runtime.web.open_inference.response import write_response
from edge_runtime.web.open_inference.tensor import (
    DTYPES,
    RequestRefused,
    WireTensor,
    from_bytes,
    from_json,
    to_bytes,
    to_json,
)

INPUT = {"name": "x", "datatype": "UINT8", "shape": [2, 2], "data": [[1, 2], [3, 4]]}
BINARY = {"name": "x", "datatype": "FP32", "shape": [2], "parameters": {"binary_data_size": 8}}


def request(*inputs: dict[str, Any], binary: bytes = b"", **more: Any) -> InferRequest:
    text = json.dumps({"inputs": list(inputs), **more}).encode()
    return parse_request(text + binary, str(len(text)) if binary else None)


def refused(content: bytes, header: str | None = None) -> str:
    with pytest.raises(RequestRefused) as caught:
        parse_request(content, header)
    return str(caught.value)


def refused_input(binary: bytes = b"", **changes: Any) -> str:
    base = BINARY if binary else INPUT
    text = json.dumps(
        {"inputs": [{key: value for key, value in (base | changes).items() if value is not None}]}
    ).encode()
    return refused(text + binary, str(len(text)) if binary else None)


def test_json_and_binary_inputs_are_the_same_tensor() -> None:
    values = np.asarray([0.5, -1.5], np.float32)
    (by_json,) = request({"name": "x", "datatype": "FP32", "shape": [2], "data": [0.5, -1.5]}).inputs
    (by_bytes,) = request(BINARY, binary=values.tobytes()).inputs
    for tensor in (by_json, by_bytes):
        assert (tensor.name, tensor.datatype, tensor.shape) == ("x", "FP32", (2,))
        np.testing.assert_array_equal(tensor.values, values)


def test_several_binary_inputs_follow_each_other() -> None:
    first = {"name": "a", "datatype": "UINT8", "shape": [3], "parameters": {"binary_data_size": 3}}
    second = {"name": "b", "datatype": "BYTES", "shape": [1], "parameters": {"binary_data_size": 6}}
    found = request(first, INPUT, second, binary=b"\1\2\3" + struct.pack("<I", 2) + b"hi").inputs
    assert found[0].values.tolist() == [1, 2, 3]
    assert found[2].values == (b"hi",)


def test_outputs_and_flags_are_read() -> None:
    found = request(
        INPUT,
        id="7",
        parameters={"binary_data_output": True, "priority": 3},
        outputs=[{"name": "a"}, {"name": "b", "parameters": {"binary_data": False}}],
    )
    assert (found.id, found.binary) == ("7", True)
    assert found.outputs is not None
    assert [(output.name, output.binary) for output in found.outputs] == [("a", True), ("b", False)]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"name": None}, "an input's name"),
        ({"name": "x" * 300}, "at most 256 characters"),
        ({"datatype": "FP16"}, "wanted a datatype of FP32"),
        ({"datatype": "BYTES", "data": ["a"] * 4}, "as binary data"),
        ({"shape": None}, "wanted a shape"),
        ({"shape": [2, -2]}, "wanted a shape"),
        ({"shape": [True, 4]}, "wanted a shape"),
        ({"shape": [1 << 30, 1 << 30]}, "elements"),
        ({"shape": [1] * 9}, "at most 8 counts"),
        ({"shape": [3]}, "wanted 3 elements for [3], found 4"),
        ({"shape": [5]}, "wanted 5 elements for [5], found 4"),
        ({"data": 7}, "wanted data as a list"),
        ({"data": [1, 2, 3, 256]}, "found 256"),
        ({"data": [1, 2, 3, 4.0]}, "found 4.0"),
        ({"data": [1, 2, 3, True]}, "found true"),
        ({"data": [1, 2, 3, None]}, "found null"),
        ({"datatype": "FP32", "data": [1, 2, 3, 1e300]}, "NaN or infinity"),
        ({"datatype": "FP32", "data": [1, 2, 3, 10**400]}, "elements of FP32"),
        ({"data": None}, "found neither"),
        ({"parameters": {"binary_data_size": 4}}, "found both"),
        ({"parameters": {"binary_data_size": -1}}, "number of bytes"),
        ({"parameters": {"shared_memory_region": "r"}}, "not served here"),
        ({"parameters": []}, "as a JSON object"),
    ],
)
def test_a_wrong_input_is_refused_in_words(changes: dict[str, Any], told: str) -> None:
    assert told in refused_input(**changes)


@pytest.mark.parametrize(
    ("binary", "changes", "told"),
    [
        (bytes(7), {}, "wanted 8 bytes"),
        (bytes(9), {}, "wanted 8 bytes of binary data, as the inputs tell, found 9"),
        (bytes(8), {"shape": [3]}, "wanted 12 bytes for FP32 [3], found 8"),
        (struct.pack("<ff", 1, float("nan")), {}, "NaN or infinity"),
        (bytes(8), {"datatype": "BYTES", "shape": [1]}, "wanted 1 elements for [1], found 2"),
        (struct.pack("<I", 99) + bytes(4), {"datatype": "BYTES", "shape": [1]}, "element of 99 bytes, found 4"),
        (bytes(2), {"datatype": "BYTES", "shape": [1], "parameters": {"binary_data_size": 2}}, "a length of 4 bytes"),
    ],
)
def test_wrong_binary_data_is_refused_in_words(binary: bytes, changes: dict[str, Any], told: str) -> None:
    assert told in refused_input(binary, **changes)


@pytest.mark.parametrize("header", ["", "-1", "0", "x", "1e3", "99999", "9" * 40, "²"])
def test_a_wrong_length_of_the_json_part_is_refused(header: str) -> None:
    assert refused(json.dumps({"inputs": [INPUT]}).encode(), header).startswith("wanted")


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"[" * 100_000, b'{"inputs": []}', b'{"inputs": {}}', b'{"inputs": [7]}', b"\xff", b"1" * 9999],
)
def test_what_is_no_request_is_refused(content: bytes) -> None:
    assert refused(content).startswith("wanted")


def test_large_json_is_refused_before_it_is_read() -> None:
    assert "send the tensors as binary data" in refused(b" " * (JSON_MAX + 1))


def test_an_input_or_an_output_twice_is_refused() -> None:
    assert "each input once" in refused(json.dumps({"inputs": [INPUT, INPUT]}).encode())
    twice = {"inputs": [INPUT], "outputs": [{"name": "a"}, {"name": "a"}]}
    assert "each output once" in refused(json.dumps(twice).encode())


@given(st.binary(max_size=300), st.one_of(st.none(), st.text(max_size=6), st.integers(0, 320).map(str)))
def test_no_bytes_do_anything_but_be_refused(content: bytes, header: str | None) -> None:
    with pytest.raises(RequestRefused):
        parse_request(content, header)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
ALMOST_INPUT = st.fixed_dictionaries(
    {},
    optional={
        "name": st.just("x") | JSON,
        "datatype": st.sampled_from([*DTYPES, "BYTES"]) | JSON,
        "shape": st.lists(st.integers(-1, 4), max_size=3) | JSON,
        "data": JSON,
        "parameters": st.fixed_dictionaries({}, optional={"binary_data_size": st.integers(-1, 40) | JSON}) | JSON,
    },
)
ALMOST_REQUEST = st.fixed_dictionaries(
    {"inputs": st.lists(ALMOST_INPUT, max_size=3) | JSON},
    optional={"outputs": JSON, "parameters": JSON, "id": JSON},
)


@settings(max_examples=300)
@given(ALMOST_REQUEST, st.binary(max_size=64))
def test_almost_requests_are_read_or_refused_and_nothing_else(document: dict[str, Any], binary: bytes) -> None:
    text = json.dumps(document).encode()
    with suppress(RequestRefused):
        found = parse_request(text + binary, str(len(text)))
        assert all(isinstance(tensor, WireTensor) for tensor in found.inputs)


@given(st.sampled_from(sorted(DTYPES)), st.lists(st.integers(0, 1), max_size=12))
def test_tensors_survive_both_encodings(datatype: str, elements: list[int]) -> None:
    values = np.asarray(elements, DTYPES[datatype])
    tensor = WireTensor("x", datatype, values.shape, values)
    for back in (
        from_bytes("x", datatype, values.shape, memoryview(to_bytes(tensor))),
        from_json("x", datatype, values.shape, to_json(tensor)),
    ):
        np.testing.assert_array_equal(back.values, values)


def answer(values: np.ndarray, **more: Any) -> tuple[dict[str, Any], bytes]:
    tensor = WireTensor("y", "FP32", values.shape, values)
    response = write_response(request(INPUT, **more), "gate", "1", [tensor])
    length = response.json_bytes or len(response.content)
    return json.loads(response.content[:length]), response.content[length:]


def test_an_answer_is_json_or_binary_as_it_was_asked_for() -> None:
    values = np.asarray([0.5, np.nan], np.float32)
    told, rest = answer(values, id="7")
    assert (told["id"], told["model_name"], told["outputs"][0]["data"], rest) == ("7", "gate", [0.5, None], b"")
    told, rest = answer(values, outputs=[{"name": "y", "parameters": {"binary_data": True}}])
    assert told["outputs"][0]["parameters"] == {"binary_data_size": 8}
    np.testing.assert_array_equal(np.frombuffer(rest, np.float32), values)


def test_an_output_that_there_is_not_and_a_large_one_as_json_are_refused() -> None:
    with pytest.raises(RequestRefused, match="wanted an output of y, found 'z'"):
        answer(np.zeros(1, np.float32), outputs=[{"name": "z"}])
    with pytest.raises(RequestRefused, match="ask for binary data"):
        answer(np.zeros(10_001, np.float32))
