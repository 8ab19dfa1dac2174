"""The architectures are those of their papers, and each becomes int8 and answers as before."""

import numpy as np
import pytest
import torch

from converters.artefact import with_artefact
from converters.execute import Session
from device_profiles import load_profile
from edge_contracts.errors import BadInputError
from edge_runtime.infer.predictor import Predictor
from edge_runtime.preprocess import prepare
from training.finetune.bundle import Meaning, float_bundle, int8_artefact, sample_of
from training.finetune.lesson import Scaling
from training.networks.network import NETWORKS, NetworkSpec, build_network

SIDE = 32
PUBLISHED = {
    "mobilenet-v2": 3_504_872,
    "mobilenet-v3-small": 2_542_856,
    "resnet-18": 11_689_512,
    "efficientnet-lite0": 4_652_008,
}
LABELS = {"classes": ("a", "b", "good"), "masks": ("ground", "scratch", "dent"), "boxes": ("dent", "hole", "scratch")}


def spec(name, **more):
    return NetworkSpec(name, 3, SIDE, SIDE, width=0.25, **more)


def stirred(name):
    """Batch statistics that are no defaults, so that nothing folds away unnoticed."""
    network = build_network(spec(name))
    torch.manual_seed(0)
    for layer in network.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(layer.running_mean, -0.3, 0.3)
            torch.nn.init.uniform_(layer.running_var, 0.5, 1.5)
    return network.eval()


@pytest.mark.parametrize(("name", "parameters"), PUBLISHED.items())
def test_a_network_has_as_many_parameters_as_published(name, parameters):
    network = build_network(NetworkSpec(name, 1000, 224, 224))
    assert sum(value.numel() for value in network.parameters()) == parameters


@pytest.mark.parametrize("name", NETWORKS)
def test_answers_have_the_shape_of_their_task(name):
    shapes = {"classes": (2, 3), "masks": (2, 3, SIDE, SIDE), "boxes": (2, 4 * 4 + 2 * 2, 4 * 8 + 3)}
    answers = stirred(name)(torch.zeros(2, 3, SIDE, SIDE))
    assert tuple(answers.shape) == shapes[NETWORKS[name].task]


def test_the_seed_decides_the_start_and_nothing_else_does():
    torch.manual_seed(5)
    first = build_network(spec("ds-cnn"), seed=1)
    torch.manual_seed(6)
    again, other = (build_network(spec("ds-cnn"), seed=seed) for seed in (1, 2))
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), again.parameters(), strict=True))
    assert not torch.equal(next(first.parameters()), next(other.parameters()))


def test_a_size_that_a_network_cannot_take_is_refused():
    with pytest.raises(BadInputError, match="multiples of 16 px, found 40×32"):
        build_network(NetworkSpec("anchor-free", 3, 40, 32))


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_becomes_a_float_bundle_and_int8_and_answers_the_same(name):
    network, random = stirred(name), np.random.default_rng(0)
    labels = LABELS[NETWORKS[name].task]
    bundle = float_bundle(network, spec(name), Meaning("net", labels, ("good",) if "good" in labels else (), Scaling()))
    pictures = random.integers(0, 256, (6, SIDE, SIDE, 3), np.uint8)
    with torch.no_grad():
        wanted = network((torch.from_numpy(pictures).permute(0, 3, 1, 2).float() - 127.5) / 127.5)
    wanted = (wanted.movedim(1, -1) if wanted.ndim == 4 else wanted).numpy()
    exact = _answers(bundle.model, bundle.manifest, pictures).reshape(wanted.shape)
    assert np.abs(exact - wanted).max() <= 1e-4 * np.abs(wanted).max()
    assert Predictor.load(bundle).predict(pictures[0]) is not None

    samples = [sample_of(one, bundle.manifest.input, Scaling()) for one in pictures]
    artefact = int8_artefact(bundle, samples, load_profile("rpi-4b"), "min-max")
    assert artefact.precision == "int8"
    rounded = _answers(
        artefact.model, bundle.manifest.model_copy(update=with_artefact(bundle.manifest, artefact)), pictures
    )
    assert np.corrcoef(rounded.ravel(), exact.ravel())[0, 1] > 0.98


def _answers(model, manifest, pictures):
    """Real values of the one output, N rows."""
    session, answers = Session(model), []
    stored = manifest.outputs[0].quantisation
    for picture in pictures:
        session.run({manifest.input.tensor: prepare(picture, manifest.input)})
        answers.append(session.outputs()[0])
    values = np.stack(answers)
    return values if stored is None else (values.astype(np.float32) - stored.zero_point) * stored.scale
