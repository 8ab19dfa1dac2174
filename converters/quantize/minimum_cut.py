"""The cheapest way to part a network of costs in two: Dinic's algorithm (1970), by its maximum flow.

Whoever has to give each of many things one of two labels, and pays where neighbours differ, asks for a minimum cut
(Greig, Porteous and Seheult 1989): it is exact, where a greedy choice stops before a step that pays only with the next.
"""

from __future__ import annotations

from collections import defaultdict, deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    Edge = tuple[Hashable, Hashable]
    Residue = dict[Hashable, dict[Hashable, int]]


def minimum_cut(capacities: Mapping[Edge, int], source: Hashable, sink: Hashable) -> frozenset[Hashable]:
    """The nodes that stay with `source` when the edges that cost least are cut so that none leads to `sink`.

    Of several cheapest cuts, the one with the fewest nodes beside `source`.

    Args:
        capacities: what it costs to cut each directed edge, 0 or more.
        source: a node.
        sink: another one.
    """
    residue: Residue = defaultdict(dict)
    for (tail, head), capacity in capacities.items():
        residue[tail][head] = residue[tail].get(head, 0) + capacity
        residue[head].setdefault(tail, 0)
    while sink in (depth := _depths(residue, source)):
        open_ways = {node: list(residue[node]) for node in depth}
        while way := _way(residue, depth, open_ways, source, sink):
            _send(residue, way)
    return frozenset(depth)


def _depths(residue: Residue, source: Hashable) -> dict[Hashable, int]:
    """How many edges with something left lead from the source to each node that can be reached."""
    depth, waiting = {source: 0}, deque([source])
    while waiting:
        node = waiting.popleft()
        for head, left in residue[node].items():
            if left > 0 and head not in depth:
                depth[head] = depth[node] + 1
                waiting.append(head)
    return depth


def _way(
    residue: Residue,
    depth: Mapping[Hashable, int],
    open_ways: Mapping[Hashable, list[Hashable]],
    source: Hashable,
    sink: Hashable,
) -> list[Edge]:
    """Edges that lead to the sink, each one deeper; empty where there is no such way any more.

    `open_ways` holds the heads that are still worth a try; dead ends are taken out of it.
    """
    way: list[Edge] = []
    node = source
    while node != sink:
        heads = open_ways[node]
        while heads and not (residue[node][heads[-1]] > 0 and depth.get(heads[-1]) == depth[node] + 1):
            heads.pop()
        if heads:
            way.append((node, heads[-1]))
            node = heads[-1]
        elif way:
            node = way.pop()[0]
            open_ways[node].pop()
        else:
            return []
    return way


def _send(residue: Residue, way: list[Edge]) -> None:
    amount = min(residue[tail][head] for tail, head in way)
    for tail, head in way:
        residue[tail][head] -= amount
        residue[head][tail] += amount
