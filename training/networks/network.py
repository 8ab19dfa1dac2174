"""Which architectures there are, and how one is built from what a course says."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

from edge_contracts.errors import BadInputError, MissingExtraError

if TYPE_CHECKING:
    from types import ModuleType

Task = Literal["classes", "masks", "boxes"]


@dataclass(frozen=True, slots=True)
class NetworkSpec:
    """Everything that a network's shape depends on.

    name: one of `NETWORKS`.
    outputs: classes that it tells apart.
    height_px, width_px: of the input; for a spectrum times and bands.
    channels: of the input: 3 for colour, 1 for grey pictures and spectra.
    width: factor on every layer's channels.
    dropout: share of the features before the classifier that a training step leaves out.
    """

    name: str
    outputs: int
    height_px: int
    width_px: int
    channels: int = 3
    width: float = 1.0
    dropout: float = 0.0


@dataclass(frozen=True, slots=True)
class Family:
    """Where an architecture is built, what it answers, and of what its input's sides must be multiples."""

    target: str
    task: Task
    divisor_px: int = 1


NETWORKS: dict[str, Family] = {
    "mobilenet-v2": Family("training.networks.mobilenet:mobilenet_v2", "classes"),
    "mobilenet-v3-small": Family("training.networks.mobilenet:mobilenet_v3_small", "classes"),
    "resnet-18": Family("training.networks.resnet:resnet_18", "classes"),
    "efficientnet-lite0": Family("training.networks.mobilenet:efficientnet_lite0", "classes"),
    "ds-cnn": Family("training.networks.ds_cnn:ds_cnn", "classes"),
    "u-net-lite": Family("training.networks.u_net:u_net_lite", "masks", 8),
    "anchor-free": Family("training.networks.anchor_free:anchor_free", "boxes", 16),
}
"""By the name that the command line takes. Torch is imported when one is built, not before."""


def build_network(spec: NetworkSpec, seed: int = 0) -> Any:
    """A fresh network on the CPU, in training mode; the same seed gives the same weights.

    Raises:
        BadInputError: no such architecture, or a size that it cannot take.
        MissingExtraError: torch is not installed.
    """
    family = _family(spec)
    torch = require_torch()
    module, _, name = family.target.partition(":")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return getattr(import_module(module), name)(spec)


def require_torch() -> ModuleType:
    """PyTorch, or the sentence that says how to get it."""
    try:
        return import_module("torch")
    except ImportError as error:
        raise MissingExtraError(
            f"wanted PyTorch to train a network ({error}); install lepton-edge[torch] (in a checkout: "
            "pip install '.[torch]')"
        ) from error


def _family(spec: NetworkSpec) -> Family:
    family = NETWORKS.get(spec.name)
    if family is None:
        raise BadInputError(f"wanted one of the networks {', '.join(NETWORKS)}, found {spec.name!r}; choose one")
    step = family.divisor_px
    if spec.height_px % step or spec.width_px % step:
        raise BadInputError(
            f"wanted an input for {spec.name} whose sides are multiples of {step} px, found "
            f"{spec.height_px}×{spec.width_px}; change the input's size"
        )
    if spec.width <= 0 or spec.outputs < 1:
        raise BadInputError(
            f"wanted a width factor above 0 and one output or more, found {spec.width:g} and {spec.outputs}; mend them"
        )
    return family
