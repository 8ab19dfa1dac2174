"""Two graphs on the same picture as one: what both compute is computed once."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING

from training.features.cut import operators_before
from training.features.wiring import Wiring

if TYPE_CHECKING:
    from converters.graph import Graph


def grafted(graph: Graph, other: Graph, wanted: set[str]) -> Graph:
    """A copy of `graph` that also makes the wanted tensors of `other`; its outputs stay what they were.

    Tensors of one name and shape are taken for the same tensor, except for the outputs of `graph`.

    Args:
        graph: a detector.
        other: made from the same network for the same input.
        wanted: tensors of `other`, none of which is called as an output of `graph`.
    """
    joined, branch = deepcopy(graph), deepcopy(other)
    pen = Wiring(branch, "graft")
    for name in sorted(set(joined.tensors) & set(branch.tensors)):
        if name in graph.outputs or joined.tensors[name].shape != branch.tensors[name].shape:
            pen.rename(name, f"graft/{name}")
    made = {name for operator in joined.operators for name in operator.outputs}
    added = [one for one in operators_before(branch, wanted) if not made & set(one.outputs)]
    used = {name for one in added for name in (*one.inputs, *one.outputs) if name is not None}
    joined.operators.extend(added)
    joined.tensors = {**{name: branch.tensors[name] for name in sorted(used)}, **joined.tensors}
    return joined
