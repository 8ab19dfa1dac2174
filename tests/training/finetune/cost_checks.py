"""What a shape costs is measured on a real int8 file, whatever its weights are."""

import numpy as np

from device_profiles import load_profile
from training.finetune.bundle import Meaning
from training.finetune.cost import Bench
from training.finetune.lesson import Scaling
from training.networks.network import NetworkSpec, build_network

SPEC = NetworkSpec("mobilenet-v2", 3, 32, 32, width=0.25)


def test_a_shape_is_tried_though_its_own_activations_would_vanish():
    pictures = list(np.random.default_rng(0).integers(0, 256, (6, 32, 32, 3), np.uint8))
    bench = Bench(SPEC, Meaning("net", ("a", "b", "c"), (), Scaling()), load_profile("rpi-4b"), pictures)
    fresh = build_network(SPEC).eval()
    assert bench.bytes_of(fresh) > sum(value.numel() for value in fresh.parameters())
    assert 0 < bench.ms_of(fresh) < 1_000
