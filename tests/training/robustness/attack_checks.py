"""Attacks stay within their bytes, hurt more than chance does, and find the exact worst of a linear network."""

import pytest
import torch

from training.robustness.attacks import Attack, attacked


def pixels():
    return torch.randint(0, 256, (4, 3, 8, 8), generator=torch.Generator().manual_seed(0)).float()


def linear():
    return torch.randn(3, 8, 8, generator=torch.Generator().manual_seed(1))


def loss(x):
    return (x * linear()).sum()


@pytest.mark.parametrize("attack", [Attack(4.0), Attack(4.0, 10)], ids=["FGSM", "PGD"])
def test_no_value_changes_by_more_than_allowed_or_leaves_its_range(attack):
    found = attacked(attack, loss, pixels())
    assert float((found - pixels()).abs().max()) <= 4.0
    assert 0.0 <= float(found.min()) <= float(found.max()) <= 255.0
    assert not found.requires_grad


@pytest.mark.parametrize("attack", [Attack(4.0), Attack(4.0, 10)], ids=["FGSM", "PGD"])
def test_the_worst_of_a_linear_network_is_found(attack):
    worst = torch.clamp(pixels() + 4.0 * linear().sign(), 0.0, 255.0)
    assert torch.allclose(attacked(attack, loss, pixels()), worst)


def test_several_steps_go_round_a_bend_that_one_step_misses():
    def bent(x):
        return -(x - pixels() - 1.0).abs().sum()

    one, many = (float(bent(attacked(attack, bent, pixels()))) for attack in (Attack(8.0), Attack(8.0, 40)))
    assert many > one
