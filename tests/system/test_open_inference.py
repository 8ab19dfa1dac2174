"""Triton's own client against a real daemon: metadata, JSON and binary inference, errors in words."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from edge_runtime.infer.predictor import Predictor
from tests.fakes.pictures import picture
from tests.fakes.stations import DEFECT_LEVEL, GOOD_LEVEL
from tests.fakes.web import TOKEN
from tests.system.web_station import WebStation, web_station

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

triton = pytest.importorskip("tritonclient.http", reason="needs tritonclient[http], which is not installed")
InferenceServerException = pytest.importorskip("tritonclient.utils").InferenceServerException

pytestmark = [pytest.mark.system, pytest.mark.live, pytest.mark.timeout(60)]
RAW_SHAPE = [1, 8, 8, 3]


@pytest.fixture(scope="module")
def station(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebStation]:
    with web_station(tmp_path_factory.mktemp("station")) as served:
        yield served


@pytest.fixture
def client(station: WebStation):
    made = triton.InferenceServerClient(f"127.0.0.1:{station.port}")
    yield made
    made.close()


@pytest.fixture(scope="module")
def predictor(station: WebStation) -> Iterator[Predictor]:
    opened = Predictor.open(station.folder / "part.bundle")
    yield opened
    opened.close()


def tensor(name: str, values: np.ndarray, *, binary: bool = True, datatype: str | None = None):
    names = {"int8": "INT8", "uint8": "UINT8", "float32": "FP32", "int32": "INT32", "object": "BYTES"}
    made = triton.InferInput(name, list(values.shape), datatype or names[str(values.dtype)])
    made.set_data_from_numpy(values, binary_data=binary)
    return made


def output(name: str, *, binary: bool):
    return triton.InferRequestedOutput(name, binary_data=binary)


def raw_values() -> np.ndarray:
    return np.random.default_rng(3).integers(-128, 128, RAW_SHAPE).astype(np.int8)


def test_the_server_and_its_models_are_live_and_ready(client) -> None:
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("gate")
    assert client.is_model_ready("gate.picture", "1")
    assert client.get_server_metadata()["extensions"] == ["binary_tensor_data"]


def test_the_metadata_is_the_bundles(client) -> None:
    told = client.get_model_metadata("gate", "1")
    assert told["versions"] == ["1"]
    assert told["inputs"] == [{"name": "image", "datatype": "INT8", "shape": RAW_SHAPE}]
    assert [(one["name"], one["datatype"]) for one in told["outputs"]] == [("score", "FP32"), ("heat_map", "FP32")]


@pytest.mark.parametrize("binary_in", [True, False])
@pytest.mark.parametrize("binary_out", [True, False])
def test_the_network_answers_as_the_predictor_does(
    client, predictor: Predictor, *, binary_in: bool, binary_out: bool
) -> None:
    values = raw_values()
    wanted = predictor.predict_tensor(values)
    outputs = [output("heat_map", binary=binary_out), output("score", binary=binary_out)]
    found = client.infer("gate", [tensor("image", values, binary=binary_in)], outputs=outputs, request_id="7")
    np.testing.assert_allclose(found.as_numpy("score"), wanted.outputs["score"], rtol=1e-6)
    np.testing.assert_allclose(found.as_numpy("heat_map"), wanted.outputs["heat_map"], rtol=1e-6)
    assert found.get_response()["id"] == "7"


def test_without_asking_every_output_comes(client, predictor: Predictor) -> None:
    found = client.infer("gate", [tensor("image", raw_values())])
    np.testing.assert_array_equal(
        found.as_numpy("heat_map"), predictor.predict_tensor(raw_values()).outputs["heat_map"]
    )


def test_real_values_are_quantised(client, predictor: Predictor) -> None:
    real = np.random.default_rng(4).random(RAW_SHAPE, np.float32)
    found = client.infer("gate", [tensor("image", real)])
    np.testing.assert_array_equal(found.as_numpy("score"), predictor.predict_tensor(real).outputs["score"])


@pytest.mark.parametrize(("level", "outcome"), [(GOOD_LEVEL, b"good"), (DEFECT_LEVEL, b"defect"), (0, b"unknown")])
def test_a_picture_gets_the_points_judgement(client, level: int, outcome: bytes) -> None:
    pixels = picture(level) if level else np.zeros((48, 64, 3), np.uint8)
    found = client.infer("gate.picture", [tensor("image", pixels)])
    assert found.as_numpy("outcome").tolist() == [outcome]
    assert np.isnan(found.as_numpy("score")[0]) == (outcome == b"unknown")
    assert found.as_numpy("heat_map").size == (0 if outcome == b"unknown" else 16)


def test_a_picture_file_is_judged_as_its_pixels(client) -> None:
    pixels = picture(GOOD_LEVEL)
    content = cv2.imencode(".png", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))[1].tobytes()
    by_file = client.infer("gate.picture", [tensor("image", np.asarray([content], object))])
    by_pixels = client.infer("gate.picture", [tensor("image", pixels)], outputs=[output("score", binary=False)])
    assert by_file.as_numpy("score") == by_pixels.as_numpy("score")


@pytest.mark.parametrize(
    ("model", "given", "told"),
    [
        ("exit", lambda: tensor("image", raw_values()), "wanted a model of gate, gate.picture, found 'exit'"),
        ("gate", lambda: tensor("picture", raw_values()), "wanted the input 'image' and no other, found picture"),
        ("gate", lambda: tensor("image", raw_values()[0]), "wanted the shape [1, 8, 8, 3], found [8, 8, 3]"),
        ("gate", lambda: tensor("image", raw_values().astype(np.int32)), "wanted FP32 or INT8, found INT32"),
        ("gate", lambda: tensor("image", np.full(RAW_SHAPE, np.nan, np.float32)), "NaN or infinity"),
        ("gate.picture", lambda: tensor("image", np.zeros((4, 4), np.uint8)), "UINT8 [height, width, 3] RGB"),
        ("gate.picture", lambda: tensor("image", np.asarray([b"none"], object)), "found the picture which is none"),
        ("gate.picture", lambda: tensor("image", np.zeros((4096, 2048, 3), np.uint8)), "at most 16,777,216"),
    ],
)
@pytest.mark.parametrize("_again", [1, 2])
def test_what_is_wrong_is_said_and_the_next_request_is_served(client, model, given, told, _again) -> None:
    with pytest.raises(InferenceServerException) as caught:
        client.infer(model, [given()])
    assert told in str(caught.value)
    assert client.infer("gate", [tensor("image", raw_values())]).as_numpy("score").shape == (1,)


def test_a_wrong_version_and_a_wrong_output_are_said(client) -> None:
    with pytest.raises(InferenceServerException, match=r"\[400\] wanted version 1 of gate, found '2'"):
        client.infer("gate", [tensor("image", raw_values())], model_version="2")
    with pytest.raises(InferenceServerException, match="wanted an output of score, heat_map, found 'x'"):
        client.infer("gate", [tensor("image", raw_values())], outputs=[output("x", binary=True)])


def test_a_body_of_another_size_than_it_tells_is_said(station: WebStation) -> None:
    told = {"name": "image", "datatype": "INT8", "shape": RAW_SHAPE, "parameters": {"binary_data_size": 192}}
    head = json.dumps({"inputs": [told]}).encode()
    request = urllib.request.Request(  # noqa: S310 - our own address
        f"{station.address}/v2/models/gate/infer",
        head + bytes(100),
        {"Inference-Header-Content-Length": str(len(head))},
    )
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request, timeout=10)  # noqa: S310 - our own address
    assert caught.value.code == 400
    assert "wanted 192 bytes for INT8 [1, 8, 8, 3], found 100" in json.load(caught.value)["error"]


def test_the_token_opens_the_protocol(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(TOKEN)
    with web_station(tmp_path, 'token_file = "token"\n') as served:
        client = triton.InferenceServerClient(f"127.0.0.1:{served.port}")
        with pytest.raises(InferenceServerException, match="wanted the token"):
            client.get_model_metadata("gate")
        headers = {"Authorization": f"Bearer {TOKEN}"}
        assert client.get_model_metadata("gate", headers=headers)["name"] == "gate"
        client.close()
