"""Limits of what an operator is given: which inputs are constants, what they hold, and which outputs are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from device_profiles.placement.unread import data_of

if TYPE_CHECKING:
    from device_profiles.delegate_limits import Limits
    from device_profiles.placement.node import Node
    from device_profiles.placement.tensor_limits import Check


def _constant_inputs(limits: Limits, node: Node) -> str | None:
    for place in limits.constant_inputs:
        for value in node.given_at([place]):
            if not value.constant:
                return f"wanted input {place} as a constant, found that {value.name!r} is computed"
    return None


def _zero_inputs(limits: Limits, node: Node) -> str | None:
    return _filled_with(0, limits.zero_inputs, node)


def _one_inputs(limits: Limits, node: Node) -> str | None:
    return _filled_with(1, limits.one_inputs, node)


def _filled_with(wanted: int, places: tuple[int, ...], node: Node) -> str | None:
    for place in places:
        for value in node.given_at([place]):
            other = data_of(value)[data_of(value) != wanted]
            if other.size:
                return f"wanted only {wanted} in input {place}, found {other.reshape(-1)[0]}"
    return None


def _zero_constant(limits: Limits, node: Node) -> str | None:
    constants = [value for value in node.given if value.constant] if limits.zero_constant_of_two else []
    if constants and len(node.given) != 2:  # noqa: PLR2004 - the constant and what it pads
        return f"wanted a constant to be one of two inputs, found it among {len(node.given)}"
    for value in constants:
        other = data_of(value)[data_of(value) != value.zero_point]
        if other.size:
            return f"wanted a constant input of zeros (stored as {value.zero_point}), found {other.reshape(-1)[0]}"
    return None


def _max_outputs(limits: Limits, node: Node) -> str | None:
    most, found = limits.max_outputs, len(node.outputs)
    return (
        f"wanted at most {most} output{'s' * (most != 1)}, found {found}" if most is not None and found > most else None
    )


def _options(limits: Limits, node: Node) -> str | None:
    for name, allowed in (limits.options or {}).items():
        found = node.options.get(name)
        if found is not None and found not in allowed:
            return f"wanted {name} {' or '.join(map(str, allowed))}, found {found}"
    return None


def _max_options(limits: Limits, node: Node) -> str | None:
    for name, most in (limits.max_options or {}).items():
        values = np.atleast_1d(node.options.get(name, 0))
        if values.size and values.max() > most:
            return f"wanted {name} up to {most:g}, found {values.max():g}"
    return None


def _exclusive_options(limits: Limits, node: Node) -> str | None:
    found = [name for name in limits.exclusive_options if node.options.get(name)]
    return f"wanted one of {' and '.join(found)}, found both" if len(found) > 1 else None


INPUT_CHECKS: tuple[Check, ...] = (
    _constant_inputs,
    _zero_inputs,
    _one_inputs,
    _zero_constant,
    _max_outputs,
    _options,
    _max_options,
    _exclusive_options,
)
