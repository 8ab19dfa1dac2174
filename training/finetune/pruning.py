"""Structured pruning: whole channels go, so that every runtime is faster, not only those that know zeros.

Which channels hang together (through additions, concatenations, depthwise convolutions) is found by torch-pruning
(Fang et al. 2023); which of them matter least is judged by the norm of all weights that belong to one.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from torch import nn

from edge_contracts.errors import BadInputError, MissingExtraError
from training.networks.layers import channels

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

MOST = 0.95
"""Of a layer's channels that may go."""

TRIALS = 6
"""Halvings of the range of shares: one and a half percent in the end, and channels go by eights."""

_LAYERS = (nn.Conv2d, nn.Linear)
"""Channels begin at these."""


@dataclass(frozen=True, slots=True)
class Pruned:
    """A smaller network. share: of each layer's channels that went. reached: what it costs, in the target's unit."""

    network: Any
    share: float
    reached: float


def pruned(network: Any, example: Any, share: float) -> Any:
    """A copy without the given share of each layer's channels; outputs stay.

    Args:
        network: a module with convolutions; its own weights say which channels matter.
        example: a typical input with batch 1.
        share: 0 to below 1; channels are left in multiples of eight, eight at least.

    Raises:
        BadInputError: a share out of range.
        MissingExtraError: torch-pruning is not installed.
    """
    if not 0 <= share < 1:
        raise BadInputError(f"wanted a share of channels from 0 to below 1, found {share:g}; mend it")
    library = _library()
    smaller = copy.deepcopy(network).cpu().eval().requires_grad_(requires_grad=True)
    matters = library.importance.GroupMagnitudeImportance(p=2)
    graph = library.DependencyGraph().build_dependency(smaller, example)
    for group in graph.get_all_groups(ignored_layers=[_last(smaller)], root_module_types=list(_LAYERS)):
        worth = matters(group)
        if worth is not None and (going := len(worth) - channels((1 - share) * len(worth))) > 0:
            group.prune(idxs=worth.argsort(stable=True)[:going].tolist())
    return smaller


def pruned_to(network: Any, example: Any, target: float, cost: Callable[[Any], float]) -> Pruned:
    """The copy that loses the fewest channels and costs at most `target`.

    Args:
        network: as for `pruned`.
        example: the same.
        target: bytes or milliseconds of the artefact.
        cost: what a network costs, in the same unit; it falls as channels go.

    Raises:
        BadInputError: even the smallest network costs more.
    """
    smallest = pruned(network, example, MOST)
    best = Pruned(smallest, MOST, cost(smallest))
    if best.reached > target:
        raise BadInputError(
            f"wanted a network that costs at most {target:,.6g}, found that without {MOST:.0%} of its channels it "
            f"still costs {best.reached:,.6g}; raise the target, or begin with a smaller network"
        )
    low, high = 0.0, MOST
    for _ in range(TRIALS):
        share = (low + high) / 2
        tried = pruned(network, example, share)
        reached = cost(tried)
        if reached <= target:
            best, high = Pruned(tried, share, reached), share
        else:
            low = share
    return best


def _last(network: Any) -> Any:
    """The layer whose channels are the answers."""
    return [layer for layer in network.modules() if isinstance(layer, _LAYERS)][-1]


def _library() -> ModuleType:
    try:
        return import_module("torch_pruning")
    except ImportError as error:
        raise MissingExtraError(
            f"wanted torch-pruning ({error}); install lepton-edge[torch] (in a checkout: pip install '.[torch]')"
        ) from error
