"""Quantisation-aware training: the network computes in float what int8 will make of it, and learns to live with it.

The scheme is the converter's: normalisations folded into convolutions first; weights symmetric, -127 to 127, one scale
per output channel; activations asymmetric over 256 steps, 0 exact, one scale per tensor; ReLU and ReLU6 fused into what
is before them. Rounding passes gradients straight through (Jacob et al. 2018).
"""

from __future__ import annotations

import copy
import operator
from typing import Any

import torch
from torch import nn
from torch.func import functional_call
from torch.fx import GraphModule, symbolic_trace
from torch.nn.utils.fusion import fuse_conv_bn_eval

from edge_contracts.errors import BadInputError

WEIGHT_LIMIT = 127
LOWEST, HIGHEST = -128, 127
STEPS = 255
MOMENTUM = 0.05
"""Of the running range of an activation."""

_SMALLEST_SPAN = 1e-6
_FUSED = (nn.ReLU, nn.ReLU6)
_COMPUTES = (nn.Conv2d, nn.Linear)
_MODULES = (*_COMPUTES, *_FUSED, nn.Hardswish, nn.Hardsigmoid, nn.AdaptiveAvgPool2d)
_FUNCTIONS = {operator.add, operator.mul, torch.add, torch.mul, torch.cat}


class FakeWeights(nn.Module):
    """A convolution or linear layer with its weights as int8 holds them: 255 steps per output channel.

    Args:
        layer: whose weights learn on as float.
    """

    def __init__(self, layer: Any) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Any) -> Any:
        """What the layer gives with rounded weights."""
        return functional_call(self.layer, {"weight": self.stored()}, (x,))

    def stored(self) -> Any:
        """The rounded weights, in the float weights' shape, output channels first."""
        weights = self.layer.weight
        largest = weights.detach().abs().flatten(1).amax(dim=1).clamp(min=_SMALLEST_SPAN)
        zero = torch.zeros_like(largest, dtype=torch.int32)
        return torch.fake_quantize_per_channel_affine(
            weights, largest / WEIGHT_LIMIT, zero, 0, -WEIGHT_LIMIT, WEIGHT_LIMIT
        )


class FakeActivation(nn.Module):
    """An activation as int8 holds it, over a range that follows what training sees and then stays."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("lowest", torch.zeros(()))
        self.register_buffer("highest", torch.zeros(()))

    def forward(self, x: Any) -> Any:
        """Rounded to 256 steps between the lowest and the highest value seen, 0 among them."""
        if self.training:
            self._follow(x.detach())
        lowest, highest = self.lowest, torch.maximum(self.highest, self.lowest + _SMALLEST_SPAN)
        scale = (highest - lowest) / STEPS
        zero = torch.clamp(torch.round(LOWEST - lowest / scale), LOWEST, HIGHEST).to(torch.int32)
        return torch.fake_quantize_per_tensor_affine(x, scale, zero, LOWEST, HIGHEST)

    def _follow(self, x: Any) -> None:
        lowest, highest = x.amin().clamp(max=0), x.amax().clamp(min=0)
        is_first = (self.highest == self.lowest).float()
        share = torch.clamp(is_first, min=MOMENTUM)
        self.lowest.lerp_(lowest, share)
        self.highest.lerp_(highest, share)


def folded(network: Any) -> GraphModule:
    """A copy with every batch normalisation folded into the convolution before it, ready to be judged or exported.

    Raises:
        BadInputError: torch cannot trace the network, or a normalisation has no convolution before it.
    """
    try:
        traced = symbolic_trace(copy.deepcopy(network).cpu().eval())
    except Exception as error:  # the tracer raises whatever the network's code does with proxies
        raise BadInputError(
            f"wanted a network without branches on its values, found that torch cannot trace it: {error}"
        ) from error
    modules = dict(traced.named_modules())
    for node in list(traced.graph.nodes):
        if node.op == "call_module" and isinstance(modules[node.target], nn.BatchNorm2d):
            before = node.args[0]
            convolution = modules.get(before.target) if before.op == "call_module" else None
            if not isinstance(convolution, nn.Conv2d) or len(before.users) > 1:
                raise BadInputError(f"wanted a convolution before the normalisation {node.target}, found {before.name}")
            _set(traced, before.target, fuse_conv_bn_eval(convolution, modules[node.target]))
            node.replace_all_uses_with(before)
            traced.graph.erase_node(node)
    traced.graph.lint()
    traced.delete_all_unused_submodules()
    traced.recompile()
    return traced


def quantisation_aware(network: GraphModule) -> GraphModule:
    """A copy of a folded network that computes as int8 would."""
    aware = copy.deepcopy(network)
    modules = dict(aware.named_modules())
    for number, node in enumerate([node for node in aware.graph.nodes if _is_stored(node, modules)]):
        name = f"stored_{number}"
        aware.add_submodule(name, FakeActivation())
        with aware.graph.inserting_after(node):
            fake = aware.graph.call_module(name, (node,))
        node.replace_all_uses_with(fake, delete_user_cb=lambda user, fake=fake: user is not fake)
    for path, module in modules.items():
        if isinstance(module, _COMPUTES):
            _set(aware, path, FakeWeights(module))
    aware.graph.lint()
    aware.recompile()
    return aware


def plain(aware: GraphModule) -> GraphModule:
    """A copy of a quantisation-aware network as float: weights as int8 holds them, activations as they come."""
    bare = copy.deepcopy(aware).eval()
    for node in list(bare.graph.nodes):
        if node.op == "call_module" and isinstance(bare.get_submodule(node.target), FakeActivation):
            node.replace_all_uses_with(node.args[0])
            bare.graph.erase_node(node)
    for path, module in list(bare.named_modules()):
        if isinstance(module, FakeWeights):
            with torch.no_grad():
                module.layer.weight.copy_(module.stored())
            _set(bare, path, module.layer)
    bare.graph.lint()
    bare.delete_all_unused_submodules()
    bare.recompile()
    return bare


def _is_stored(node: Any, modules: dict[str, Any]) -> bool:
    """Whether int8 stores this value; what is fused into its one reader is never stored."""
    if node.op == "placeholder":
        return True
    if node.op == "call_function":
        return node.target in _FUNCTIONS
    if node.op != "call_module" or not isinstance(modules[node.target], _MODULES):
        return False
    readers = list(node.users)
    is_fused = len(readers) == 1 and readers[0].op == "call_module" and isinstance(modules[readers[0].target], _FUSED)
    return not (is_fused and isinstance(modules[node.target], _COMPUTES))


def _set(network: Any, path: str, module: Any) -> None:
    parent, _, name = path.rpartition(".")
    setattr(network.get_submodule(parent), name, module)
