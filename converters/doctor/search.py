"""Mixed precision: which few operators in float give back the most.

An operator's noise is gone only when what it reads and writes is float on both sides, so neighbours are worth more than
the sum of each. The search keeps the best few mixtures, adds to each one operator, a neighbour of its islands or a pair
of neighbours, and tries every candidate on real samples. It counts models, not seconds: the same inputs give the same
choice on any machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from converters.doctor.diagnosis import lost_db
from converters.isolation.trial import CandidateFailedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from converters.doctor.findings import Layer
    from converters.doctor.pair import Pair
    from converters.doctor.trial_room import Mixture, Names, TrialRoom

MOVERS = frozenset(
    ("RESHAPE", "SQUEEZE", "EXPAND_DIMS", "TRANSPOSE", "SLICE", "STRIDED_SLICE", "SPLIT", "GATHER", "TILE", "PACK")
)
"""Operators that copy values: in float they cost and give nothing, so none is tried alone."""

BEAM = 3
FRONT = 12
"""Operators that a mixture may get: the best of those tried alone."""


@dataclass(frozen=True, slots=True)
class Budget:
    """What a mixture may cost, and the search.

    operators: in float at most. time_ratio: estimated time over the pure integer model's at most.
    models: tried at most. alone: operators that are tried alone at most, the noisiest first.
    """

    operators: int = 4
    time_ratio: float = 1.2
    models: int = 160
    alone: int = 40


def sensitivity(room: TrialRoom, layers: Sequence[Layer], budget: Budget) -> dict[str, float]:
    """Decibels that the output gains when one operator alone is in float, for the noisiest operators.

    Args:
        room: where mixtures are tried.
        layers: of the pure integer model; their noise says which are worth a trial.
        budget: for `alone`.

    Raises:
        CandidateFailedError: the integer model itself does not run.
    """
    suspects = _suspects(room, layers)[: budget.alone]
    pure = next(iter(room.try_all([()])), None)
    if pure is None:
        raise CandidateFailedError(
            "wanted an integer model that runs, to give operators of it back to float, found none"
        )
    alone = room.try_all([(name,) for name in suspects])
    return {mixture.names[0]: mixture.output_db - pure.output_db for mixture in alone}


def search(
    room: TrialRoom, gains: dict[str, float], budget: Budget, progress: Callable[[float], None] = lambda _: None
) -> list[Mixture]:
    """The best mixture of each number of float operators, the pure integer model first: all of `growth`."""
    for count in growth(room, gains, budget):
        progress(count / budget.operators)
    return best_of_each_size(room, budget)


def growth(room: TrialRoom, gains: dict[str, float], budget: Budget) -> Iterator[int]:
    """Try mixtures, from one float operator up to the budget's number; after each, say how many were reached.

    Args:
        room: where mixtures are tried, and remembered.
        gains: what each operator alone gives back, as `sensitivity` says.
        budget: what a mixture may cost.
    """
    neighbours = _neighbours(room.pair)
    front = sorted(gains, key=lambda name: -gains[name])[:FRONT]
    beam: list[Names] = [()]
    for count in range(1, budget.operators + 1):
        grown = [names for before in beam for names in _grown(room, before, front, neighbours)]
        fitting = [names for names in dict.fromkeys(grown) if _fits(room, names, budget)]
        mixtures = room.try_all(fitting[: max(budget.models - len(room.tried), 0)])
        if not mixtures:
            return
        beam = [mixture.names for mixture in sorted(mixtures, key=_worth)[:BEAM]]
        yield count


def _suspects(room: TrialRoom, layers: Sequence[Layer]) -> list[str]:
    """Integer operators, those first at which the most signal is lost."""
    lost = lost_db(room.pair, layers)
    alone = [op.outputs[0] for op in room.pair.operators if op.outputs[0] in room.integer and op.kind not in MOVERS]
    return sorted(alone, key=lambda name: -lost[name])


def _grown(room: TrialRoom, names: Names, front: Sequence[str], neighbours: dict[str, list[str]]) -> Iterator[Names]:
    """One operator more, or a pair of neighbours more; the likeliest first."""
    beside = [other for name in names for other in neighbours[name] if other not in names and other in room.integer]
    for name in (*beside, *front):
        if name not in names:
            yield room.named((*names, name))
    for name in front:
        for other in neighbours[name]:
            if other in room.integer and not {name, other} <= set(names):
                yield room.named((*names, name, other))


def _neighbours(pair: Pair) -> dict[str, list[str]]:
    """The operators that give what an operator reads, or read what it gives."""
    makers = {output: operator.outputs[0] for operator in pair.operators for output in operator.outputs}
    beside: dict[str, list[str]] = {operator.outputs[0]: [] for operator in pair.operators}
    for operator in pair.operators:
        reader = operator.outputs[0]
        for maker in dict.fromkeys(makers[name] for name in operator.inputs if name in makers):
            beside[reader].append(maker)
            beside[maker].append(reader)
    return beside


def _fits(room: TrialRoom, names: Names, budget: Budget) -> bool:
    return len(names) <= budget.operators and room.estimate(names) <= budget.time_ratio


def _worth(mixture: Mixture) -> tuple[float, float, int]:
    """For sorting, best first: the signal, and at equal signal the time and the bytes."""
    return -mixture.output_db, mixture.estimated_ratio, mixture.bytes


def best_of_each_size(room: TrialRoom, budget: Budget) -> list[Mixture]:
    """What was tried so far: the best mixture of each number of float operators, the pure integer model first."""
    fitting = [mixture for mixture in room.tried.values() if _fits(room, mixture.names, budget) or not mixture.names]
    sizes = sorted({len(mixture.names) for mixture in fitting})
    return [min((one for one in fitting if len(one.names) == size), key=_worth) for size in sizes]
