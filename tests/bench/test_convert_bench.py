"""The bench against the field keeps working: its forms, its judge and its demands, without any peer installed."""

import json
import sys
from dataclasses import replace

import numpy as np
import onnxruntime
import pytest

from converters.graph import Graph, Operator, Tensor
from converters.tflite import write_tflite
from tests.bench.convert import bench
from tests.bench.convert.contenders import CONTENDERS, OURS, ROUNDS, Contender, attempts
from tests.bench.convert.environments import Environment
from tests.bench.convert.forms import write_forms
from tests.bench.convert.judge import judge, weight_bytes
from tests.bench.convert.networks import NETWORKS, Network
from tests.bench.convert.process import run
from tests.bench.convert.verdicts import REFERENCE, verdicts

COPY = "import shutil, sys; shutil.copy(sys.argv[1], sys.argv[3]); print('{\"inside_s\": 0.5}')"
ABORT = "import os; os.abort()"
PEER = "TFLiteConverter"


def small_network():
    """8×8×3 → convolution with SAME padding and stride 2, average, three classes."""
    rng, float32 = np.random.default_rng(1), np.dtype("f4")
    tensors = [
        Tensor("input", (1, 8, 8, 3), float32),
        Tensor("kernel", (4, 3, 3, 3), float32, rng.normal(0, 0.3, (4, 3, 3, 3)).astype("f4")),
        Tensor("offset", (4,), float32, rng.normal(0, 0.1, 4).astype("f4")),
        Tensor("features", (1, 4, 4, 4), float32),
        Tensor("average", (1, 1, 1, 4), float32),
        Tensor("size", (2,), np.dtype("i4"), np.asarray([1, 4], "i4")),
        Tensor("flat", (1, 4), float32),
        Tensor("weights", (3, 4), float32, rng.normal(0, 1, (3, 4)).astype("f4")),
        Tensor("scores", (1, 3), float32),
    ]
    strides = {"stride_h": 2, "stride_w": 2, "padding": "SAME", "fused_activation_function": "RELU6"}
    window = {"stride_h": 4, "stride_w": 4, "filter_height": 4, "filter_width": 4, "padding": "VALID"}
    operators = [
        Operator("CONV_2D", ["input", "kernel", "offset"], ["features"], strides),
        Operator("AVERAGE_POOL_2D", ["features"], ["average"], window),
        Operator("RESHAPE", ["average", "size"], ["flat"], {"new_shape": (1, 4)}),
        Operator("FULLY_CONNECTED", ["flat", "weights", None], ["scores"]),
    ]
    return Graph({tensor.name: tensor for tensor in tensors}, operators, ["input"], ["scores"])


def drawn(_data):
    rng = np.random.default_rng(2)
    return rng.random((8, 8, 8, 3), np.float32), rng.random((20, 8, 8, 3), np.float32)


@pytest.fixture
def forms(tmp_path):
    source = tmp_path / "small.tflite"
    source.write_bytes(write_tflite(small_network()))
    return write_forms(Network("small", "", drawn, "class"), source, tmp_path, tmp_path, tmp_path / "work")


def peer(tmp_path, script):
    (tmp_path / "peer.py").write_text(script, "utf-8")
    contender = Contender("peer", "here", "float.tflite", "calibrate_tflite.npy", str(tmp_path / "peer.py"))
    return contender, {"here": Environment("here", sys.executable, 1.0, {})}


def test_a_copy_of_the_float_network_agrees_with_it_and_is_timed(forms, tmp_path):
    made = attempted(forms, tmp_path, COPY)
    found = judge(forms.folder, Network("small", "", drawn, "class"), [made.file, forms.path("float.onnx")])
    assert made.outcome.said == {"inside_s": 0.5}
    assert made.outcome.wall_s > 0 < made.outcome.peak_mb
    assert found[0].agreement == found[1].agreement == 1.0
    assert found[0].signal_to_noise_db > 100 < found[1].signal_to_noise_db
    assert found[0].latency_ratio == 1.0
    assert found[0].latency_ms > 0 < found[1].latency_ms
    assert found[0].weight_bytes >= 4 * (108 + 4 + 12)


def test_a_peer_that_aborts_is_a_failure_with_its_signal(forms, tmp_path):
    made = attempted(forms, tmp_path, f"open({str(tmp_path / 'asked')!r}, 'a').write('x'); {ABORT}")
    assert made.file is None
    assert "signal 6" in made.outcome.error
    assert (tmp_path / "asked").read_text("utf-8") == "x"


def test_of_several_conversions_the_median_time_counts(forms, tmp_path):
    (tmp_path / "asked").touch()
    script = (
        f"import shutil, sys, time; from pathlib import Path; asked = Path({str(tmp_path / 'asked')!r})\n"
        "turn = len(asked.read_text()); asked.write_text('x' * (turn + 1)); time.sleep((2 - turn) * 0.3)\n"
        "shutil.copy(sys.argv[1], sys.argv[3]); print('{\"inside_s\": %d}' % turn)"
    )
    made = attempted(forms, tmp_path, script)
    assert len((tmp_path / "asked").read_text("utf-8")) == ROUNDS
    assert made.outcome.said == {"inside_s": 1}


def test_a_peer_that_hangs_is_ended(tmp_path):
    outcome = run([sys.executable, "-c", "import signal; signal.pause()"], tmp_path, timeout_s=0.2)
    assert "signal 9" in outcome.error


def attempted(forms, tmp_path, script):
    contender, environments = peer(tmp_path, script)
    return attempts([contender], forms, environments)[contender.name]


def test_a_constant_that_two_tensors_share_is_stored_and_counted_once(tmp_path):
    graph = small_network()
    graph.tensors["again"] = replace(graph.tensors["offset"], name="again")
    graph.operators[0] = replace(graph.operators[0], inputs=["input", "kernel", "again"])
    doubled = replace(graph, operators=[*graph.operators, Operator("ADD", ["features", "offset"], ["more"])])
    doubled.tensors["more"] = replace(graph.tensors["features"], name="more")
    path = tmp_path / "doubled.tflite"
    path.write_bytes(write_tflite(replace(doubled, outputs=["scores", "more"])))
    assert weight_bytes(path) == 4 * (108 + 4 + 2 + 12)


def test_the_onnx_twin_answers_as_the_float_network(forms):
    session = onnxruntime.InferenceSession(str(forms.path("float.onnx")))
    first = np.load(forms.path("judge_onnx.npy"))[0]
    assert first.shape == (1, 3, 8, 8)
    (answer,) = session.run(None, {session.get_inputs()[0].name: first})
    with np.load(forms.path("answers.npz")) as stored:
        np.testing.assert_allclose(answer, stored["00"][0], atol=1e-5)


def figures(process_s=1.0, **judgement):
    found = {"agreement": 0.98, "signal_to_noise_db": 30.0, "latency_ms": 1.0, "latency_ratio": 1.0, "bytes": 1000}
    return {
        "error": "",
        "process_s": process_s,
        "cpu_s": process_s,
        "inside_s": process_s,
        "peak_mb": 100.0,
        "whole_s": 2 * process_s,
        "whole_peak_mb": 100.0,
        "judgement": {**found, "weight_bytes": 800, **judgement},
    }


def row(peer_name, ours, theirs, judged_by="class"):
    return {"network": "small", "judged_by": judged_by, "contenders": {OURS.name: ours, peer_name: theirs}}


def met(*arguments, **more):
    return {verdict.what: verdict.met for verdict in verdicts(row(*arguments, **more))}


def test_equal_files_meet_every_demand_but_a_quarter_of_the_time():
    assert met(PEER, figures(), figures()) == {
        "agreement": True, "size": True, "latency": True, "time": False, "whole": False,
    }  # fmt: skip


def test_each_demand_is_missed_beyond_its_bar():
    assert not met(PEER, figures(agreement=0.97), figures())["agreement"]
    assert not met(PEER, figures(bytes=1021), figures())["size"]
    assert met(PEER, figures(bytes=1020), figures())["size"]
    assert not met(PEER, figures(), figures(latency_ratio=1.03))["latency"]
    assert met(PEER, figures(0.5), figures(2.0)) == {
        "agreement": True, "size": True, "latency": True, "time": True, "whole": False,
    }  # fmt: skip
    assert met("ai-edge-quantizer min-max", figures(1.0), figures(1.0))["time"]
    assert met(REFERENCE, figures(), figures(latency_ratio=1.04)) == {"size": True, "latency": True}


def test_against_onnx_weights_alone_are_compared():
    assert met("ONNX Runtime", figures(bytes=5000), figures())["size"]
    assert not met("ONNX Runtime", figures(weight_bytes=900), figures())["size"]


def test_a_detector_is_judged_by_its_choice_and_its_noise():
    cells = met(PEER, figures(signal_to_noise_db=29.0), figures(), judged_by="box")
    assert cells["agreement"]
    assert not cells["signal"]
    assert "agreement" not in met(PEER, figures(agreement=None), figures(agreement=None), judged_by="signal")


def test_a_missed_demand_and_a_failed_peer_stand_in_the_table(tmp_path):
    failed = {**figures(), "error": "signal 6: it aborted", "judgement": None}
    all_failed = {contender.name: failed for contender in CONTENDERS}
    rows = [row(PEER, figures(bytes=2000), figures()), {**row(PEER, figures(), failed), "network": "other"}]
    for each in rows:
        each["contenders"] = {**all_failed, **each["contenders"]}
    names = {contender.environment for contender in CONTENDERS}
    environments = {name: Environment(name, tmp_path, 300.0, {}) for name in names}
    bench.write(bench.document(environments, rows), tmp_path / "out")
    page = (tmp_path / "out" / "convert.md").read_text("utf-8")
    assert "| small | 2,000 (800) | 1,000 (800) **miss** | fails | fails | fails |" in page
    assert "| TFLiteConverter | 300 | 1.00 **miss** |" in page
    assert "- other, TFLiteConverter: signal 6: it aborted" in page
    assert "class=missed" in (tmp_path / "out" / "convert.html").read_text("utf-8")
    assert json.loads((tmp_path / "out" / "convert.json").read_text("utf-8"))["networks"] == rows


def test_the_table_has_the_networks_that_were_promised():
    assert len(NETWORKS) >= 12
    assert sum(network.is_trained for network in NETWORKS) >= 8
    assert len({network.name for network in NETWORKS}) == len(NETWORKS)
    assert {contender.environment for contender in CONTENDERS} == {"lepton", "tensorflow", "ai-edge", "onnxruntime"}


def test_a_network_without_an_onnx_twin_says_so(forms):
    contender = next(contender for contender in CONTENDERS if contender.takes == "float.onnx")
    environments = {contender.environment: Environment("here", sys.executable, 1.0, {})}
    made = attempts([contender], replace(forms, no_onnx="no rule for LSTM"), environments)[contender.name]
    assert made.outcome.error == "cannot take it: no rule for LSTM"
