"""What lies in float behind the last integers of a network, and how far one integer step moves what it gives.

Two processors round the same integer network to neighbouring integers. Where an output is made of integers that shows
as steps of its own scale; behind a part in float, as steps of the last integers before that part, through whatever
computes in between: a DEQUANTIZE, a float head, the decoding of boxes, an island with a few integer operators after it.
How far that goes is tried: every such integer is moved by one, and the tail run on it (`converters.bundle.one_step`).
What chooses there, which is all that is neither float nor quantised, is held.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from converters.bundle.one_step import furthest
from converters.execute import Kernels, Session
from converters.graph import Graph
from converters.quantize.operator_rules import RULES
from converters.tflite import write_tflite
from edge_contracts.errors import BadInputError
from edge_runtime.infer.interpreter import FAULTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from converters.execute import Feed
    from converters.graph import Operator, Tensor

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FloatTail:
    """The float end of an integer network.

    graph: reads the real values of the last integers and gives the outputs that depend on them.
    steps: the scale of each of the graph's inputs, by name; 0 for those that stay as they are: the network's own input,
        which is the same on every processor, integers that come out of operators with weights, and choices.
    direct: outputs that are such real values themselves, with nothing computed in between.
    """

    graph: Graph
    steps: dict[str, float]
    direct: tuple[str, ...]


def float_tail(graph: Graph) -> FloatTail:
    """Cut the tail off a graph; one without outputs where none has a part in float before it.

    Integer operators behind that part belong to the tail as long as they have no weights. Behind weights a step more
    or less is one of many.
    """
    makers = {name: operator for operator in graph.operators for name in operator.outputs}
    outputs = [name for name in graph.outputs if not _is_choice(graph.tensors[name])]
    waiting, read, kept = list(outputs), set[str](), set[int]()
    steps: dict[str, float] = {}
    while waiting:
        name = waiting.pop()
        if name in read:
            continue
        read.add(name)
        step = _step(graph, name, makers.get(name))
        if step is not None:
            steps[name] = step
        elif name in makers:
            kept.add(id(makers[name]))
            waiting += [one for one in makers[name].inputs if one is not None]
    # A TOPK_V2 that stays for its scores makes its places, which are held, once more.
    again = {name: f"{name} once more" for name in steps}
    tensors = graph.tensors | {again[name]: replace(graph.tensors[name], name=again[name]) for name in steps}
    operators = [
        replace(operator, outputs=[again.get(name, name) for name in operator.outputs])
        for operator in graph.operators
        if id(operator) in kept
    ]
    read.update(name for operator in operators for name in (*operator.outputs, *operator.intermediates))
    tail = Graph({name: tensors[name] for name in tensors if name in read}, operators, sorted(steps), [])
    tail.outputs = [name for name in outputs if name not in steps and _moves(tail, steps, name)]
    return FloatTail(tail, steps, tuple(name for name in outputs if steps.get(name)))


def moved_by_one_step(graph: Graph, inputs: Sequence[npt.NDArray[Any]]) -> dict[str, float]:
    """How far each output moves when the last integers before a part in float are one step off, in its real unit.

    Args:
        graph: an integer or mixed network with one input.
        inputs: as the network stores them; the largest movement over all counts.

    Returns:
        By output name; outputs without such a part before them are absent. Empty where the parts do not run on their
        own, which the log says.
    """
    try:
        return _movements(graph, inputs)
    except (BadInputError, *FAULTS) as error:
        _log.warning("goldens have no room for a step of the last integers: %s", error)
        return {}


def _movements(graph: Graph, inputs: Sequence[npt.NDArray[Any]]) -> dict[str, float]:
    tail = float_tail(graph)
    found = {name: tail.steps[name] for name in tail.direct}
    if tail.graph.outputs:
        own, cuts = graph.inputs[0], sorted(set(tail.steps) - set(graph.inputs))
        whole = Session(write_tflite(replace(graph, outputs=cuts)), Kernels.XNNPACK)
        for values in inputs:
            real = dict(zip(cuts, _answers(whole, {own: values}), strict=True))
            real |= {own: values} if own in tail.steps else {}
            session = Session(write_tflite(_as_long_as(real, tail.graph)), Kernels.XNNPACK)
            moved = furthest(partial(_answers, session), real, tail.steps)
            for name, distance in zip(tail.graph.outputs, moved, strict=True):
                found[name] = max(found.get(name, 0.0), distance * _unit(tail.graph.tensors[name]))
    return found


def _step(graph: Graph, name: str, maker: Operator | None) -> float | None:
    """The scale of the integers whose real value this is, 0 for what stays as it is; None inside of the tail."""
    if name in graph.inputs:
        return 0.0
    if maker is None:
        return None
    rule, read = RULES.get(maker.kind), [graph.tensors[one] for one in maker.inputs if one is not None]
    if _is_choice(graph.tensors[name]):
        # What is computed of choices alone is run: LiteRT does not hand out what a WHERE gives that finds nothing.
        return None if all(map(_is_choice, read)) else 0.0
    if rule and rule.weights and graph.tensors[name].quantization:
        return 0.0
    if maker.kind != "DEQUANTIZE" or read[0].data is not None or read[0].quantization is None:
        return None
    return 0.0 if read[0].name in graph.inputs else float(read[0].quantization.scale[0])


def _is_choice(tensor: Tensor) -> bool:
    """Whether it holds places, counts or comparisons."""
    return tensor.dtype.kind != "f" and tensor.quantization is None


def _moves(tail: Graph, steps: dict[str, float], name: str) -> bool:
    """Whether an output of the tail is computed from integers."""
    reached = {one for one in tail.inputs if steps[one]}
    for operator in tail.operators:
        if not reached.isdisjoint(operator.inputs):
            reached.update(operator.outputs)
    return name in reached


def _as_long_as(real: Feed, graph: Graph) -> Graph:
    """The graph with inputs of these shapes: how many places there are may be known at a run alone."""
    shaped = {name: replace(graph.tensors[name], shape=value.shape) for name, value in real.items()}
    return replace(graph, tensors=graph.tensors | shaped)


def _answers(session: Session, feed: Feed) -> list[npt.NDArray[Any]]:
    session.run(feed)
    return session.outputs()


def _unit(tensor: Tensor) -> float:
    """What one of a stored value stands for."""
    return 1.0 if tensor.quantization is None else float(tensor.quantization.scale[0])
