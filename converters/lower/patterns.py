"""Operators that exporters spell out of smaller ones, put together again: Gelu, HardSwish, a padded Conv."""

from __future__ import annotations

from dataclasses import replace
from math import isclose
from typing import TYPE_CHECKING

from converters.lower.node import Node

if TYPE_CHECKING:
    from collections.abc import Mapping

    from converters.lower.source import Source

_CLOSE = 1e-6
"""How near a number must be to the pattern's, relative to it: float32 holds 1/6 and √2 to 6e-8."""

_HARD_SWISH_SHIFT, _HARD_SWISH_TOP = 3.0, 6.0


def with_patterns(source: Source) -> Source:
    """The source with the last node of each spelled-out operator replaced; its other nodes fall away unread."""
    producers = {name: node for node in source.nodes for name in node.outputs}
    nodes = tuple(_with_pad(source, producers, _recognised(source, producers, node)) for node in source.nodes)
    return replace(source, nodes=nodes)


def _recognised(source: Source, producers: Mapping[str, Node], node: Node) -> Node:
    factors = _factors(source, producers, node)
    if factors is None:
        return node
    number, values = factors
    for x, gate in (values, values[::-1]):
        if source.values[x].shape != source.values[node.outputs[0]].shape:
            continue  # a constant of more axes gives the result more
        if _is_close(number, 1 / 2) and _is_gelu_gate(source, producers, x, gate):
            return Node(node.name, "Gelu", (x,), node.outputs, {}, node.opset)
        if _is_close(number, 1 / _HARD_SWISH_TOP) and _is_hard_swish_gate(source, producers, x, gate):
            return Node(node.name, "HardSwish", (x,), node.outputs, {}, node.opset)
    return node


def _with_pad(source: Source, producers: Mapping[str, Node], node: Node) -> Node:
    """A Conv with the pads of the Pad of zeros before it."""
    pad = producers.get(node.inputs[0]) if node.kind == "Conv" and node.inputs else None
    if pad is None or pad.kind != "Pad" or node.attributes.get("auto_pad", "NOTSET") not in {"NOTSET", "VALID"}:
        return node
    added = _spatial_pads(source, pad)
    if added is None:
        return node
    own = [int(amount) for amount in node.attributes.get("pads") or [0] * len(added)]
    attributes = {**node.attributes, "pads": [one + other for one, other in zip(own, added, strict=True)]}
    attributes.pop("auto_pad", None)
    return replace(node, inputs=(pad.inputs[0], *node.inputs[1:]), attributes=attributes)


def _spatial_pads(source: Source, pad: Node) -> list[int] | None:
    """What a Pad of zeros adds to the spatial axes; None if it does anything else."""
    stored = source.constants.get(pad.input(1))
    amounts = [int(amount) for amount in (pad.attributes.get("pads", ()) if stored is None else stored.reshape(-1))]
    fill = _number(source, pad.input(2)) if pad.input(2) else pad.attributes.get("value", 0.0)
    half = len(amounts) // 2
    if pad.input(3) or pad.attributes.get("mode", "constant") != "constant" or fill != 0 or half <= 2:  # noqa: PLR2004
        return None
    if min(amounts) < 0 or any((*amounts[:2], *amounts[half : half + 2])):
        return None
    return [*amounts[2:half], *amounts[half + 2 :]]


def _factors(source: Source, producers: Mapping[str, Node], node: Node) -> tuple[float, list[str]] | None:
    """A product or quotient as one number and two computed factors; None if it is anything else."""
    number, values, waiting = 1.0, list[str](), [(node, 1)]
    while waiting:
        current, depth = waiting.pop()
        if current.kind not in {"Mul", "Div"}:
            return None
        for place, name in enumerate(current.inputs):
            constant, inner = _number(source, name), producers.get(name)
            divides = bool(place) and current.kind == "Div"
            if constant is not None:
                number *= 1 / constant if divides and constant else constant
            elif divides:
                return None
            elif depth and inner is not None and inner.kind in {"Mul", "Div"} and _has_number(source, inner, node):
                waiting.append((inner, depth - 1))
            else:
                values.append(name)
    return (number, values) if len(values) == 2 else None  # noqa: PLR2004 - x and its gate


def _has_number(source: Source, inner: Node, outer: Node) -> bool:
    """Whether looking into `inner` can help: either of the two has a constant, the other the two factors."""
    return any(_number(source, name) is not None for name in (*inner.inputs, *outer.inputs))


def _number(source: Source, name: str) -> float | None:
    constant = source.constants.get(name)
    return float(constant.reshape(-1)[0]) if constant is not None and constant.size == 1 else None


def _is_close(number: float, wanted: float) -> bool:
    return isclose(number, wanted, rel_tol=_CLOSE)


def _is_gelu_gate(source: Source, producers: Mapping[str, Node], x: str, gate: str) -> bool:
    """1 + erf(x / √2)."""
    inner = _shifted(source, producers, gate, 1.0)
    curve = producers.get(inner) if inner else None
    scaled = producers.get(curve.inputs[0]) if curve is not None and curve.kind == "Erf" else None
    if scaled is None or scaled.inputs[0] != x or len(scaled.inputs) != 2:  # noqa: PLR2004 - x and √2
        return False
    number = _number(source, scaled.inputs[1])
    wanted = {"Div": 2**0.5, "Mul": 0.5**0.5}.get(scaled.kind)
    return number is not None and wanted is not None and _is_close(number, wanted)


def _is_hard_swish_gate(source: Source, producers: Mapping[str, Node], x: str, gate: str) -> bool:
    """clip(x + 3, 0, 6)."""
    clip = producers.get(gate)
    if clip is None or clip.kind != "Clip" or _shifted(source, producers, clip.inputs[0], _HARD_SWISH_SHIFT) != x:
        return False
    low, high = (
        _number(source, clip.input(slot)) if clip.input(slot) else clip.attributes.get(name)
        for slot, name in ((1, "min"), (2, "max"))
    )
    return low == 0 and high == _HARD_SWISH_TOP


def _shifted(source: Source, producers: Mapping[str, Node], name: str, shift: float) -> str | None:
    """The value to which an Add of the number `shift` was applied, None if there was no such Add."""
    node = producers.get(name)
    if node is None or node.kind != "Add":
        return None
    for value, other in (node.inputs, node.inputs[::-1]):
        if _number(source, other) == shift:
            return value
    return None
