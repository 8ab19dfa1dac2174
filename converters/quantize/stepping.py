"""Running a network piece by piece: every operator runs once, however often one stops.

A piece can be changed until it has run. Only what a later operator still reads is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from converters.execute import Kernels, Session
from converters.graph import Graph
from converters.tflite import write_tflite

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from converters.execute import Feed


@dataclass(slots=True)
class Stepper:
    """One network on its way over several feeds, with reference kernels.

    graph: the network; tensors that no operator has read yet may be exchanged.
    ready: per feed, the activations that stand ready and are still read, by name, in their stored dtype.
    place: how many operators have run.
    """

    graph: Graph
    ready: list[dict[str, npt.NDArray[Any]]]
    place: int = 0

    @classmethod
    def over(cls, graph: Graph, feeds: Sequence[Feed]) -> Stepper:
        """A network that has not run yet, with its inputs."""
        return cls(graph, [dict(feed) for feed in feeds])

    def value(self, feed: int, name: str) -> npt.NDArray[Any]:
        """What stands ready for one feed: the caller must have stopped before the operator that reads it."""
        return self.ready[feed][name]

    def stop_before(self, place: int) -> None:
        """Run every operator before number `place`."""
        piece = self.graph.operators[self.place : place]
        self.place = max(self.place, place)
        read_later = {name for operator in self.graph.operators[self.place :] for name in operator.inputs}
        written = {name for operator in piece for name in operator.outputs}
        taken = {name for operator in piece for name in operator.inputs if name is not None} - written
        given = sorted(written & {*read_later, *self.graph.outputs})
        if given:
            part = self._part(piece, sorted(taken & set(self.ready[0])), given)
            session = Session(write_tflite(part), Kernels.REFERENCE)
            for values in self.ready:
                session.run(values)
                values.update({name: session.value(name) for name in given})
        for values in self.ready:
            for name in values.keys() - read_later:
                del values[name]

    def _part(self, piece: list[Any], taken: list[str], given: list[str]) -> Graph:
        return Graph(self.graph.tensors, piece, taken, given, self.graph.name)
