"""The integer graph of a float graph, once it is decided which operators become integer, and each tensor's scale.

Between integer and float operators stand QUANTIZE and DEQUANTIZE, one per tensor and scale however many read it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from converters.graph import Graph, Operator, Quantization, Tensor
from converters.quantize.arithmetic import Arithmetic
from converters.quantize.bias_correction import mean_output
from converters.quantize.operator_rules import INT4_KINDS, OperatorRule, Scales, Weights, data_slots
from converters.quantize.precision import matches
from converters.quantize.weights import INT8, channels_differ, quantize_bias, quantize_weights
from converters.tflite.types import INT4
from edge_contracts.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from converters.quantize.affine import Affine
    from converters.quantize.recipe import Recipe

_GENERAL_SCALES = frozenset({"ADD", "SUB"})
"""Operators whose schema has the option `pot_scale_int16`, true by default."""

_COSTLY_CHANNELS = frozenset({"FULLY_CONNECTED"})
"""Kinds with few weights per channel, which get a scale for each only where that gains enough."""


@dataclass(frozen=True, slots=True)
class Decisions:
    """What the rewriting carries out.

    integer: outputs of the operators that become integer.
    scales: the scale of every activation that they read or write, and of inputs that are to be integer.
    patches: the mean of what operators multiply with their weights, by their outputs, for bias correction; an operator
        that has none keeps its bias.
    recipe: the rest.
    """

    integer: frozenset[str]
    scales: Mapping[str, Affine]
    patches: Mapping[str, npt.NDArray[np.float64]]
    recipe: Recipe


def rewrite(graph: Graph, decisions: Decisions) -> Graph:
    """A new graph with the decided operators in integers, the others as they are, under the same tensor names."""
    writing = _Rewriting(graph, decisions)
    for name in graph.inputs:
        writing.add_input(name)
    for operator in graph.operators:
        if operator.outputs[0] in decisions.integer:
            writing.add_integer(operator)
        else:
            writing.add_unchanged(operator)
    writing.result.outputs = [writing.output(name) for name in graph.outputs]
    return writing.result


@dataclass(slots=True)
class _Rewriting:
    """The new graph while it grows.

    arithmetic: which integers.
    stored: the scale of each float tensor of the old graph that the new one holds as integers under the same name.
    converted: (old name, scale or None for float) -> the tensor that a QUANTIZE or DEQUANTIZE made of it.
    read_as_was: what stays as it is because somebody reads it so; integer copies of such a constant have other names.
    """

    old: Graph
    decisions: Decisions
    arithmetic: Arithmetic = field(init=False)
    result: Graph = field(init=False)
    stored: dict[str, Affine] = field(default_factory=dict)
    converted: dict[tuple[str, Affine | None], str] = field(default_factory=dict)
    read_as_was: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        self.arithmetic = Arithmetic.of(self.decisions.recipe)
        self.result = Graph({}, [], list(self.old.inputs), [], self.old.name)
        unchanged = (op for op in self.old.operators if op.outputs[0] not in self.decisions.integer)
        self.read_as_was = frozenset(name for op in unchanged for name in op.inputs if name) | {*self.old.outputs}

    def add_input(self, name: str) -> None:
        if name in self.decisions.scales:
            self._add_activation(name)
        else:
            self.result.tensors[name] = self.old.tensors[name]

    def add_unchanged(self, operator: Operator) -> None:
        inputs = [None if name is None else self._as_was(name) for name in operator.inputs]
        for name in (*operator.outputs, *operator.intermediates):
            self.result.tensors[name] = self.old.tensors[name]
        self.result.operators.append(replace(operator, inputs=inputs))

    def add_integer(self, operator: Operator) -> None:
        rule = self.arithmetic.rules[operator.kind]
        slots = data_slots(rule, len(operator.inputs))
        inputs = [
            self._as_integer(name, self._wanted(operator, rule, name)) if name is not None and slot in slots else name
            for slot, name in enumerate(operator.inputs)
        ]
        for slot, name in enumerate(operator.inputs):
            if slot not in slots and name is not None and (rule.weights is None or slot < rule.weights.slot):
                self.result.tensors[name] = self.old.tensors[name]
        if rule.weights is not None:
            inputs = self._with_weights(operator, rule.weights, inputs, slots[0])
        for name in operator.outputs:
            self._add_activation(name)
        options = operator.options
        if operator.kind in _GENERAL_SCALES and self.result.tensors[operator.outputs[0]].dtype == np.dtype("i2"):
            # Left out, the kernels want scales that are powers of two.
            options = {**options, "pot_scale_int16": False}
        self.result.operators.append(replace(operator, inputs=inputs, options=options))

    def output(self, name: str) -> str:
        is_constant = self.old.tensors[name].data is not None
        return self._as_was(name) if self.decisions.recipe.float_outputs or is_constant else name

    def _add_activation(self, name: str) -> None:
        self.stored[name] = self.decisions.scales[name]
        self.result.tensors[name] = _as_stored(self.old.tensors[name], self.stored[name])

    def _wanted(self, operator: Operator, rule: OperatorRule, name: str) -> Affine:
        """The scale in which `operator` has to read `name`."""
        if rule.scales is Scales.SAME:
            return self.decisions.scales[operator.outputs[0]]
        data = self.old.tensors[name].data
        return (
            self.decisions.scales[name]
            if data is None
            else self.arithmetic.affine(float(data.min()), float(data.max()))
        )

    def _as_was(self, name: str) -> str:
        """The tensor that holds what `name` held in the old graph, in its old dtype."""
        if name not in self.stored:
            self.result.tensors.setdefault(name, self.old.tensors[name])
            return name
        return self._convert(name, None, "DEQUANTIZE", replace(self.old.tensors[name], quantization=None))

    def _as_integer(self, name: str, wanted: Affine) -> str:
        tensor = self.old.tensors[name]
        if tensor.data is not None:
            return self._add_constant(name, wanted.quantize(tensor.data), wanted.quantization())
        if self.stored.get(name) == wanted:
            return name
        return self._convert(name, wanted, "QUANTIZE", _as_stored(tensor, wanted))

    def _convert(self, name: str, wanted: Affine | None, kind: str, tensor: Tensor) -> str:
        if (name, wanted) not in self.converted:
            made = self._free_name(f"{name}/{'float' if wanted is None else wanted.dtype}")
            self.result.tensors.setdefault(name, self.old.tensors[name])
            self.result.tensors[made] = replace(tensor, name=made)
            self.result.operators.append(Operator(kind, [name], [made]))
            self.converted[name, wanted] = made
        return self.converted[name, wanted]

    def _add_constant(self, name: str, data: npt.NDArray[Any], quantization: Quantization) -> str:
        made = self._free_name(name)
        self.result.tensors[made] = Tensor(made, data.shape, data.dtype, data, quantization)
        return made

    def _free_name(self, stem: str) -> str:
        name, copy = stem, 1
        while name in self.result.tensors or self._is_taken(name):
            name, copy = f"{stem}_{copy}", copy + 1
        return name

    def _is_taken(self, name: str) -> bool:
        """Whether a tensor of the old graph will need its own name."""
        old = self.old.tensors.get(name)
        return old is not None and (old.data is None or name in self.read_as_was)

    def _with_weights(
        self, operator: Operator, places: Weights, inputs: list[str | None], data_slot: int
    ) -> list[str | None]:
        source = str(operator.inputs[data_slot])
        weights_name = str(operator.inputs[places.slot])
        weights = _constant(self.old, weights_name)
        has_bias = len(operator.inputs) > places.bias_slot and operator.inputs[places.bias_slot] is not None
        bias_name = str(operator.inputs[places.bias_slot]) if has_bias else f"{operator.outputs[0]}/bias"
        channels = weights.shape[places.channel_axis]
        bias = _constant(self.old, bias_name) if has_bias else np.zeros(channels, np.float32)
        recipe, affine = self.decisions.recipe, self.decisions.scales[source]
        dtype = INT4 if operator.kind in INT4_KINDS and matches(operator, recipe.int4) else INT8
        per_channel = dtype == INT4 or _has_scale_per_channel(operator.kind, weights, places.channel_axis, recipe)
        made = quantize_weights(weights, bias, affine.scale, places.channel_axis, per_channel=per_channel, dtype=dtype)
        patch = self.decisions.patches.get(operator.outputs[0])
        if recipe.bias_correction and patch is not None:
            bias = bias - mean_output(operator, patch, made.real - weights)
        stored_bias, bias_quantization = quantize_bias(bias, affine, made.quantization)
        named = [*inputs, *[None] * (places.bias_slot + 1 - len(inputs))]
        named[places.slot] = self._add_constant(weights_name, made.stored, made.quantization)
        named[places.bias_slot] = self._add_constant(bias_name, stored_bias, bias_quantization)
        return named


def _has_scale_per_channel(kind: str, weights: npt.NDArray[Any], axis: int, recipe: Recipe) -> bool:
    return kind in recipe.per_channel and (kind not in _COSTLY_CHANNELS or channels_differ(weights, axis))


def _as_stored(tensor: Tensor, affine: Affine) -> Tensor:
    return replace(tensor, dtype=affine.dtype, quantization=affine.quantization())


def _constant(graph: Graph, name: str) -> npt.NDArray[Any]:
    data = graph.tensors[name].data
    if data is None:
        raise BadInputError(f"{name!r} was to be a constant")
    return data
