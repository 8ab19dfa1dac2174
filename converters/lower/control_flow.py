"""What the bodies of a Loop, Scan or If read from outside and compute with: neither is among the node's inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def bodies(attributes: Mapping[str, Any]) -> Iterator[Any]:
    """The graphs (onnx.GraphProto) among a node's attributes."""
    for value in attributes.values():
        found = value if isinstance(value, (list, tuple)) else [value]
        yield from (graph for graph in found if hasattr(graph, "initializer"))


def captured(attributes: Mapping[str, Any]) -> set[str]:
    """Names of the values that a node's bodies, and the bodies in these, read without making them."""
    return set[str]().union(*(_read_from_outside(body) for body in bodies(attributes)))


def kinds_inside(attributes: Mapping[str, Any]) -> set[str]:
    """Kinds of all operators in a node's bodies, and in the bodies in these."""
    stored = [node for body in bodies(attributes) for node in body.node]
    return {node.op_type for node in stored}.union(*(kinds_inside(_attributes(node)) for node in stored))


def _read_from_outside(body: Any) -> set[str]:
    made = {entry.name for entry in (*body.input, *body.initializer)}
    made |= {entry.values.name for entry in body.sparse_initializer}
    read = {value.name for value in body.output}
    for node in body.node:
        made |= set(node.output)
        read |= {*node.input, *captured(_attributes(node))}
    return read - made - {""}


def _attributes(stored: Any) -> dict[str, Any]:
    return {attribute.name: [attribute.g, *attribute.graphs] for attribute in stored.attribute}
