"""Passes: small steps that rework a graph, run as a named sequence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from converters.consistency import check_graph
from edge_contracts.errors import BadInputError, LeptonError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from converters.graph import Graph


class PassFailedError(BadInputError):
    """A pass could not do its work on this graph; the message begins with the pass's name."""


@dataclass(frozen=True, slots=True)
class Pass:
    """One step.

    name: what the step does, as a command ("fuse activations").
    requires: what must hold before.
    ensures: what holds after.
    apply: changes the graph in place and says whether it changed anything.
    """

    name: str
    requires: str
    ensures: str
    apply: Callable[[Graph], bool]


def run_passes(graph: Graph, passes: Sequence[Pass]) -> tuple[str, ...]:
    """Run `passes` over `graph` in order, in place; the names of those that changed something.

    Raises:
        PassFailedError: a pass failed, or left a graph that is not well formed.
    """
    return tuple(step.name for step in passes if _run(step, graph))


def _run(step: Pass, graph: Graph) -> bool:
    try:
        changed = step.apply(graph)
        check_graph(graph)
    except LeptonError as error:
        raise PassFailedError(f"{step.name}: {error}") from error
    return changed
