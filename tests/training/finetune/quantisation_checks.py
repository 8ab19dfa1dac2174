"""Fake quantisation computes what the converter's int8 file computes, and leaves weights that it stores exactly."""

import numpy as np
import torch

from converters.tflite import read_tflite
from device_profiles import load_profile
from training.finetune.bundle import Meaning, float_bundle, int8_artefact, sample_of
from training.finetune.lesson import Scaling
from training.finetune.quantisation import FakeActivation, FakeWeights, folded, plain, quantisation_aware
from training.networks.network import NetworkSpec, build_network

SPEC = NetworkSpec("resnet-18", 3, 32, 32, width=0.125)


def network():
    built = build_network(SPEC)
    torch.manual_seed(0)
    for layer in built.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(layer.running_mean, -0.3, 0.3)
            torch.nn.init.uniform_(layer.running_var, 0.5, 1.5)
    return built.eval()


def typical(count=4):
    return torch.rand(count, 3, 32, 32, generator=torch.Generator().manual_seed(1)) * 2 - 1


def test_folding_normalisations_changes_no_answer():
    whole, x = network(), typical()
    assert torch.allclose(folded(whole)(x), whole(x), atol=1e-5)
    assert not any(isinstance(layer, torch.nn.BatchNorm2d) for layer in folded(whole).modules())


def test_zero_stays_zero_and_the_range_is_kept_when_training_is_over():
    fake = FakeActivation()
    fake(torch.tensor([-1.0, 3.0]))
    fake.eval()
    seen = fake(torch.tensor([0.0, 3.0, 9.0, -9.0]))
    assert seen[0] == 0.0
    assert abs(float(seen[1]) - 3.0) <= 4 / 255
    assert float(seen[2]) <= 3.0 + 4 / 255
    assert float(seen[3]) >= -1.0 - 4 / 255


def test_what_is_fused_is_not_rounded_twice():
    aware = quantisation_aware(
        folded(torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.ReLU(), torch.nn.Conv2d(4, 2, 1)))
    )
    order = [type(aware.get_submodule(node.target)).__name__ for node in aware.graph.nodes if node.op == "call_module"]
    assert order == ["FakeActivation", "FakeWeights", "ReLU", "FakeActivation", "FakeWeights", "FakeActivation"]


def test_gradients_pass_the_rounding():
    layer = FakeWeights(torch.nn.Conv2d(3, 4, 3))
    layer(typical()).sum().backward()
    assert float(layer.layer.weight.grad.abs().min()) > 0


def test_the_converter_stores_exactly_the_weights_that_were_trained():
    aware = quantisation_aware(folded(network())).train()
    aware(typical())
    exact = plain(aware.eval())
    bundle = float_bundle(exact, SPEC, Meaning("net", ("a", "b", "c"), (), Scaling()))
    pictures = list(((typical(8).permute(0, 2, 3, 1).numpy() + 1) * 127.5).astype(np.uint8))
    samples = [sample_of(one, bundle.manifest.input, Scaling()) for one in pictures]
    artefact = int8_artefact(bundle, samples, load_profile("rpi-4b"))
    stored = [tensor.data for tensor in read_tflite(artefact.model).tensors.values() if _is_kernel(tensor)]
    wanted = [
        torch.round(127 * layer.weight / layer.weight.abs().flatten(1).amax(1)[:, None, None, None])
        for layer in exact.modules()
        if isinstance(layer, torch.nn.Conv2d)
    ]
    assert sorted(map(_content, stored)) == sorted(_content(one.detach().permute(0, 2, 3, 1).numpy()) for one in wanted)


def _is_kernel(tensor):
    return tensor.data is not None and tensor.dtype == np.int8 and len(tensor.shape) == 4


def _content(values):
    return values.shape, values.astype(np.int8).tobytes()
