"""Weights come from where the user says, are shown by their hash, and never bring code."""

import hashlib
import pickle
from collections import OrderedDict

import pytest
import torch

from edge_contracts.errors import BadInputError
from training.networks.network import NetworkSpec, build_network
from training.networks.weights import Weights, fetch_weights, load_weights

SPEC = NetworkSpec("ds-cnn", 4, 32, 32, width=0.25)


def saved(path, state):
    torch.save(state, path)
    return fetch_weights(str(path))


def other(outputs=4):
    return build_network(NetworkSpec("ds-cnn", outputs, 32, 32, width=0.25), seed=9)


def test_weights_by_name_are_taken_whole_and_their_hash_is_told(tmp_path):
    network, given = build_network(SPEC), other().state_dict()
    weights = saved(tmp_path / "w.pt", given)
    assert weights.sha256 == hashlib.sha256((tmp_path / "w.pt").read_bytes()).hexdigest()
    assert load_weights(network, weights).fresh == ()
    assert all(torch.equal(network.state_dict()[name], value) for name, value in given.items())


def test_weights_under_other_names_go_by_their_place(tmp_path):
    network = build_network(SPEC)
    renamed = OrderedDict((f"features.{place}", value) for place, value in enumerate(other().state_dict().values()))
    counters = {name: value for name, value in renamed.items() if value.ndim == 0}
    assert load_weights(network, saved(tmp_path / "w.pt", _without(renamed, counters))).fresh == ()
    assert torch.equal(next(network.parameters()), next(other().parameters()))


def test_a_last_layer_for_other_classes_stays_fresh(tmp_path):
    network = build_network(SPEC)
    before = list(network.parameters())[-1].clone()
    taken = load_weights(network, saved(tmp_path / "w.pt", other(outputs=1000).state_dict()))
    assert [name.rpartition(".")[2] for name in taken.fresh] == ["weight", "bias"]
    assert torch.equal(list(network.parameters())[-1], before)
    assert torch.equal(next(network.parameters()), next(other().parameters()))


def test_weights_of_another_architecture_are_refused(tmp_path):
    stranger = build_network(NetworkSpec("ds-cnn", 4, 32, 32, width=0.5)).state_dict()
    with pytest.raises(BadInputError, match="wanted weights of this architecture, width and colour"):
        load_weights(build_network(SPEC), saved(tmp_path / "w.pt", stranger))


def test_weights_whose_first_layer_does_not_fit_are_refused_though_the_last_one_does(tmp_path):
    grey = build_network(NetworkSpec("ds-cnn", 4, 32, 32, channels=1, width=0.25)).state_dict()
    with pytest.raises(BadInputError, match=r"found (\d+) in .*, of which (\d+) fit"):
        load_weights(build_network(SPEC), saved(tmp_path / "w.pt", grey))


def test_another_hash_than_the_one_asked_for_is_refused(tmp_path):
    (tmp_path / "w.pt").write_bytes(b"something")
    with pytest.raises(BadInputError, match=f"wanted weights with the SHA-256 {'0' * 64}, found "):
        fetch_weights(str(tmp_path / "w.pt"), "0" * 64)


def test_an_address_is_read_as_a_file_is(tmp_path):
    (tmp_path / "w.pt").write_bytes(b"something")
    assert fetch_weights((tmp_path / "w.pt").as_uri()).content == b"something"


class Harm:
    def __reduce__(self):
        return (print, ("harm was done",))


def test_code_in_weights_never_runs(capsys):
    content = pickle.dumps({"weight": Harm()})
    with pytest.raises(BadInputError, match="wanted a state dict of plain tensors"):
        load_weights(build_network(SPEC), Weights("w.pt", content, ""))
    assert "harm" not in capsys.readouterr().out


def _without(state, some):
    return {name: value for name, value in state.items() if name not in some}
