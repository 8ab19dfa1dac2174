"""Run by test_torch.py with the Python of the PyTorch environment: what torch computes, the loaded model computes."""

import io
import pickle
import zipfile
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from converters.execute import Kernels, Session
from converters.load import Description, load_model
from edge_contracts.errors import BadInputError

pytestmark = pytest.mark.usefixtures("warm_onnx_children")

NETS = Path(__file__).with_name("torch_nets.py")
FAMILIES = ("mobile_net", "u_net", "ds_cnn", "transformer")


def net(name):
    return Path(f"{NETS}:{name}")


def made(name):
    scope = {}
    exec(compile(NETS.read_text(), NETS, "exec"), scope)  # noqa: S102 - the nets of these tests
    return scope[name]()


def load(path, *, lower=False, **said):
    return load_model(path, Description(**said), pictures=False, lower=lower)


def assert_parity(bundle, module, example):
    wanted = module(example).detach().numpy()
    found = run_onnx(bundle, example) if bundle.manifest.runtime == "onnx" else run_tflite(bundle, example)
    found = found.transpose(0, 3, 1, 2) if found.ndim == 4 and found.shape != wanted.shape else found
    assert np.abs(found.reshape(wanted.shape) - wanted).max() <= 1e-4 * np.abs(wanted).max()


def run_tflite(bundle, example):
    axes = bundle.manifest.provenance[-1].settings["input_axes"]
    session = Session(bundle.model, Kernels.REFERENCE)
    session.run({bundle.manifest.input.tensor: np.ascontiguousarray(example.numpy().transpose(axes))})
    return session.outputs()[0]


def run_onnx(bundle, example):
    session = onnxruntime.InferenceSession(bundle.model, providers=["CPUExecutionProvider"])
    return session.run(None, {bundle.manifest.input.tensor: example.numpy()})[0]


@pytest.mark.parametrize("name", FAMILIES)
def test_a_module_by_its_import_path_becomes_tflite_and_computes_the_same(name):
    bundle = load(net(name), lower=True)
    assert [step.step for step in bundle.manifest.provenance] == ["export", "lower"]
    assert bundle.manifest.provenance[0].tool.startswith("torch 2.")
    assert_parity(bundle, *made(name))


def test_a_program_of_torch_export_becomes_the_same(tmp_path):
    module, example = made("ds_cnn")
    torch.export.save(torch.export.export(module, (example,)), tmp_path / "net.pt2")
    bundle = load(tmp_path / "net.pt2")
    assert [step.step for step in bundle.manifest.provenance] == ["import", "export"]
    assert_parity(bundle, module, example)


def test_the_same_module_gives_the_same_bytes_without_paths_of_this_machine():
    first, second = (load(net("ds_cnn")) for _ in range(2))
    assert first.manifest.runtime == "onnx"
    assert first.model == second.model
    assert str(NETS).encode() not in first.model


def test_weights_come_from_a_state_dict(tmp_path):
    module, example = made("ds_cnn")
    with torch.no_grad():
        for value in module.parameters():
            value.mul_(1.5)
    torch.save(module.state_dict(), tmp_path / "weights.pt")
    bundle = load(net("ds_cnn"), weights=tmp_path / "weights.pt")
    assert "weights.pt" in bundle.manifest.provenance[0].inputs
    assert_parity(bundle, module, example)


def test_a_bare_module_gets_its_size_from_the_user():
    assert load(net("bare"), input_size=(20, 30)).manifest.input.shape == (1, 3, 20, 30)
    with pytest.raises(BadInputError, match="give --input-size HEIGHT WIDTH"):
        load(net("bare"))


class Harm:
    """Runs code when it is unpickled."""

    def __reduce__(self):
        return (Path.touch, (Path("harm-was-done"),))


def test_code_in_a_pickle_never_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.save(Harm(), tmp_path / "module.pt")
    with pytest.raises(BadInputError, match=r"runs code when it is read; give a state dict with --weights"):
        load(tmp_path / "module.pt")
    with pytest.raises(BadInputError, match="wanted a state dict of plain tensors"):
        load(net("ds_cnn"), weights=tmp_path / "module.pt")
    (tmp_path / "plain.pth").write_bytes(pickle.dumps(Harm()))
    with pytest.raises(BadInputError, match="runs code when it is read"):
        load(tmp_path / "plain.pth")
    assert not Path("harm-was-done").exists()


def test_code_in_a_program_never_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    module, example = made("ds_cnn")
    torch.export.save(torch.export.export(module, (example,)), tmp_path / "net.pt2")
    evil = io.BytesIO()
    torch.save(Harm(), evil)
    with zipfile.ZipFile("net.pt2") as old, zipfile.ZipFile("evil.pt2", "w") as new:
        for name in old.namelist():
            new.writestr(name, evil.getvalue() if name.endswith("sample_inputs/model.pt") else old.read(name))
    with pytest.raises(BadInputError, match=r"wanted a program of torch\.export"):
        load(tmp_path / "evil.pt2")
    assert not Path("harm-was-done").exists()


@pytest.mark.parametrize(
    ("factory", "sentence"),
    [
        ("nothing_there", "wanted nothing_there in .*, found .*mobile_net"),
        ("number", r"wanted a torch\.nn\.Module, .* found int"),
    ],
)
def test_a_factory_that_makes_no_module_is_named(factory, sentence):
    with pytest.raises(BadInputError, match=sentence):
        load(net(factory))


def test_weights_of_another_net_are_refused(tmp_path):
    torch.save(made("u_net")[0].state_dict(), tmp_path / "weights.pt")
    with pytest.raises(BadInputError, match="wanted weights that fit the module"):
        load(net("ds_cnn"), weights=tmp_path / "weights.pt")


def test_a_module_is_found_from_the_working_folder(tmp_path, monkeypatch):
    (tmp_path / "my_nets.py").write_text(NETS.read_text())
    monkeypatch.chdir(tmp_path)
    assert load(Path("my_nets:ds_cnn")).manifest.name == "my-nets-ds-cnn"
    with pytest.raises(BadInputError, match="wanted to import no_such_package, found"):
        load(Path("no_such_package:make"))
