"""Which scale each activation gets.

Tensors that an operator copies or compares must share one scale: they form a group, whose range holds every member's. A
group with a fixed member (a SOFTMAX output, camera bytes) takes that scale. Where two fixed scales meet, or a fixed one
meets a CONCATENATION, the groups stay apart and the rewriting puts a QUANTIZE between them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from converters.quantize.affine import WEIGHT_LIMIT
from converters.quantize.operator_rules import Scales, data_slots

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from converters.graph import Graph, Operator
    from converters.quantize.affine import Affine
    from converters.quantize.arithmetic import Arithmetic
    from converters.quantize.operator_rules import OperatorRule
    from converters.quantize.ranges import Range

LARGEST_RATIO = 2.0**8
"""CONV_2D and FULLY_CONNECTED do not load when input scale x weight scale / output scale reaches this (measured)."""

_RATIO_MARGIN = 1.01


def assign_scales(
    graph: Graph,
    integer_operators: Sequence[Operator],
    ranges: Mapping[str, Range],
    fixed: Mapping[str, Affine],
    arithmetic: Arithmetic,
) -> dict[str, Affine]:
    """The scale of every activation that an integer operator reads or writes.

    Args:
        graph: the prepared float graph.
        integer_operators: those of its operators that become integer, in run order.
        ranges: the calibrated range of every float activation.
        fixed: scales that are given from outside (camera bytes).
        arithmetic: whose operator rules hold and how a range becomes a scale.
    """
    groups = _Groups(fixed)
    for operator in integer_operators:
        _join(graph, operator, groups, arithmetic.rules[operator.kind])
    scales = {
        name: groups.fixed(name) or arithmetic.affine(*_range_of(groups.members(name), ranges))
        for name in groups.names()
    }
    for operator in integer_operators:
        _widen_for_ratio(graph, operator, scales, groups, arithmetic.rules[operator.kind])
    return scales


class _Groups:
    """Disjoint sets of tensor names, each with at most one fixed scale."""

    def __init__(self, fixed: Mapping[str, Affine]) -> None:
        self._root: dict[str, str] = {}
        self._members: dict[str, list[str]] = {}
        self._fixed = dict(fixed)

    def add(self, name: str) -> str:
        """Make sure that `name` is in a group; the group's root."""
        if name not in self._root:
            self._root[name], self._members[name] = name, [name]
        return self._root[name]

    def fixed(self, name: str) -> Affine | None:
        return self._fixed.get(self.add(name))

    def fix(self, name: str, scale: Affine) -> None:
        self._fixed[self.add(name)] = scale

    def union(self, one: str, other: str) -> None:
        kept, joined = self.add(one), self.add(other)
        if kept == joined:
            return
        scale = self._fixed.get(kept) or self._fixed.get(joined)
        members = self._members.pop(joined)
        self._members[kept] += members
        self._root |= dict.fromkeys(members, kept)
        if scale is not None:
            self._fixed[kept] = scale

    def names(self) -> list[str]:
        return list(self._root)

    def members(self, name: str) -> list[str]:
        return self._members[self.add(name)]


def _join(graph: Graph, operator: Operator, groups: _Groups, rule: OperatorRule) -> None:
    inputs = [operator.inputs[slot] for slot in data_slots(rule, len(operator.inputs))]
    activations = [name for name in inputs if name is not None and graph.tensors[name].data is None]
    for name in (*activations, *operator.outputs):
        groups.add(name)
    if rule.output is not None:
        groups.fix(operator.outputs[0], rule.output)
    if rule.scales is not Scales.SAME:
        return
    for name in operator.outputs[1:]:
        groups.union(operator.outputs[0], name)
    for name in activations:
        if groups.fixed(name) is None or len(activations) == 1:
            groups.union(operator.outputs[0], name)


def _range_of(members: Sequence[str], ranges: Mapping[str, Range]) -> Range:
    known = [ranges[name] for name in members]
    return min(low for low, _ in known), max(high for _, high in known)


def _widen_for_ratio(
    graph: Graph, operator: Operator, scales: dict[str, Affine], groups: _Groups, rule: OperatorRule
) -> None:
    if rule.weights is None:
        return
    data, result = str(operator.inputs[data_slots(rule, len(operator.inputs))[0]]), operator.outputs[0]
    weights = graph.tensors[str(operator.inputs[rule.weights.slot])].data
    largest = 0.0 if weights is None else float(np.abs(weights).max(initial=0))
    product = scales[data].scale * largest / WEIGHT_LIMIT
    needed = product / LARGEST_RATIO * _RATIO_MARGIN
    if scales[result].scale < needed and groups.fixed(result) is None:
        wider = scales[result].widened(needed / scales[result].scale)
        for name in groups.members(result):
            scales[name] = wider
