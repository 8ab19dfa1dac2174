"""Pruning takes whole channels, keeps the answers' shape, and meets its target."""

import pytest
import torch

from edge_contracts.errors import BadInputError
from training.finetune.pruning import pruned, pruned_to
from training.networks.network import NetworkSpec, build_network

EXAMPLE = torch.zeros(1, 3, 32, 32)


def built(name="mobilenet-v2", width=0.5):
    return build_network(NetworkSpec(name, 5, 32, 32, width=width))


def size(network):
    return float(sum(value.numel() for value in network.parameters()))


@pytest.mark.parametrize("name", ["mobilenet-v2", "mobilenet-v3-small", "resnet-18", "u-net-lite"])
def test_whole_channels_go_by_eights_and_the_answers_keep_their_shape(name):
    network = built(name)
    smaller = pruned(network, EXAMPLE, 0.5)
    assert smaller(EXAMPLE).shape == network.eval()(EXAMPLE).shape
    assert size(smaller) < 0.5 * size(network)
    inner = [layer for layer in smaller.modules() if isinstance(layer, torch.nn.BatchNorm2d)]
    assert all(layer.num_features % 8 == 0 for layer in inner)


def test_the_network_itself_is_left_alone():
    network = built("ds-cnn", 1.0)
    before = size(network)
    pruned(network, EXAMPLE, 0.5)
    assert size(network) == before


def test_the_target_is_met_by_as_few_channels_as_possible():
    network = built("ds-cnn", width=1.0)
    target = 0.4 * size(network)
    found = pruned_to(network, EXAMPLE, target, size)
    assert size(found.network) == found.reached <= target
    assert size(pruned(network, EXAMPLE, found.share - 0.05)) > target


def test_a_target_that_nothing_meets_is_refused():
    with pytest.raises(BadInputError, match="raise the target, or begin with a smaller network"):
        pruned_to(built("ds-cnn"), EXAMPLE, 10.0, size)


def test_the_same_network_is_pruned_alike():
    first, again = (pruned(built("ds-cnn", 1.0), EXAMPLE, 0.5).state_dict() for _ in range(2))
    assert all(torch.equal(first[name], again[name]) for name in first)
