"""Trying mixtures: which operators in float give which answers, on the same samples, each mixture only once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from converters.doctor.cost import time_ratio
from converters.doctor.island import with_islands
from converters.doctor.pair import Pair, decibels, spread
from converters.doctor.trials import run_batch
from converters.execute import Kernels, run_all
from converters.tflite import write_tflite

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy.typing as npt

    from converters.doctor.trials import Outputs
    from converters.execute import Feed
    from converters.graph import Graph

    Names = tuple[str, ...]

BATCH_BYTES = 128 << 20
"""Models that one child process gets at once take so much room on disk, or a little more."""


@dataclass(frozen=True, slots=True)
class Mixture:
    """One mixed-precision model that was run.

    names: first outputs of its float operators, in run order; none for the pure integer model.
    output_db: signal to noise of its worst output. agreement: share of samples with float's best class, None where
        the outputs are no classes.
    estimated_ratio: its time over the pure integer model's, estimated. bytes: of its file.
    """

    names: Names
    output_db: float
    agreement: float | None
    estimated_ratio: float
    bytes: int


@dataclass(slots=True)
class TrialRoom:
    """Tries mixtures of one pair.

    pair: the float graph and the integer graph. feeds: real inputs of the float graph.
    classes: whether the first output holds one score per class. tried: every mixture so far, by its names.
    """

    pair: Pair
    feeds: Sequence[Feed]
    classes: bool
    tried: dict[Names, Mixture] = field(default_factory=dict)
    expected: list[npt.NDArray[Any]] = field(init=False)
    order: list[str] = field(init=False)
    integer: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        answers = run_all(write_tflite(self.pair.original), self.feeds, Kernels.XNNPACK)
        self.expected = [np.stack(values) for values in zip(*answers, strict=True)]
        self.order = [operator.outputs[0] for operator in self.pair.operators]
        self.integer = frozenset(name for name in self.order if not self.pair.is_float(name))

    @classmethod
    def over(cls, pair: Pair, feeds: Sequence[Feed], samples: int, *, classes: bool) -> TrialRoom:
        """A room with so many of the feeds, evenly spread."""
        return cls(pair, spread(feeds, samples), classes)

    def named(self, names: Iterable[str]) -> Names:
        """The names in run order: what a mixture is called."""
        wanted = set(names)
        return tuple(name for name in self.order if name in wanted)

    def estimate(self, names: Iterable[str]) -> float:
        """The estimated time ratio of a mixture, tried or not."""
        return time_ratio(self.pair.original, frozenset(names), self.integer)

    def graph(self, names: Names) -> Graph:
        """The graph of a mixture."""
        return with_islands(self.pair, names)

    def content(self, names: Names) -> bytes:
        """The file of a mixture."""
        return write_tflite(self.graph(names))

    def try_all(self, wanted: Iterable[Names]) -> list[Mixture]:
        """The mixtures with these names, run if they were not before; those that do not run are left out."""
        names = list(dict.fromkeys(wanted))
        fresh = [one for one in names if one not in self.tried]
        while fresh:
            fresh = self._try_some(fresh)
        return [self.tried[one] for one in names if one in self.tried]

    def _try_some(self, fresh: list[Names]) -> list[Names]:
        """Try as many as one child gets; the rest."""
        graphs: list[Graph] = []
        contents: list[bytes] = []
        while len(contents) < len(fresh) and sum(map(len, contents)) < BATCH_BYTES:
            graphs.append(self.graph(fresh[len(graphs)]))
            contents.append(write_tflite(graphs[-1]))
        self.tried |= {one.names: one for one in self._measured(fresh, graphs, contents) if one is not None}
        return fresh[len(contents) :]

    def measure(self, names: Names, graph: Graph) -> Mixture | None:
        """What a graph with these operators in float gives, however it was made; None where it does not run."""
        return self._measured([names], [graph], [write_tflite(graph)])[0]

    def _measured(
        self, wanted: Sequence[Names], graphs: Sequence[Graph], contents: Sequence[bytes]
    ) -> list[Mixture | None]:
        # What a graph's inputs are stored in does not depend on what is float inside.
        stored = [Pair(self.pair.original, graphs[0]).feed(feed) for feed in self.feeds]
        return [
            None if outputs is None else self._mixture(names, graph, len(content), outputs)
            for names, graph, content, outputs in zip(
                wanted, graphs, contents, run_batch(contents, stored), strict=False
            )
        ]

    def _mixture(self, names: Names, graph: Graph, size: int, outputs: Outputs) -> Mixture:
        found = Pair(self.pair.original, graph)
        reals = [found.real(name, value) for name, value in zip(graph.outputs, outputs, strict=True)]
        per_output = [_decibels(wanted, real) for wanted, real in zip(self.expected, reals, strict=True)]
        agreement = _agreement(self.expected[0], reals[0]) if self.classes else None
        return Mixture(names, min(per_output), agreement, self.estimate(names), size)


def _decibels(wanted: npt.NDArray[Any], found: npt.NDArray[Any]) -> float:
    errors = wanted.astype(np.float64) - found
    return decibels(float(np.square(wanted, dtype=np.float64).sum()), float(np.square(errors).sum()))


def _agreement(wanted: npt.NDArray[Any], found: npt.NDArray[Any]) -> float:
    rows = wanted.shape[0]
    return float(np.mean(wanted.reshape(rows, -1).argmax(axis=1) == found.reshape(rows, -1).argmax(axis=1)))
