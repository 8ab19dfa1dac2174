"""Examine a shipped model; and where that is wanted, give a few of its operators back to float."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from converters.doctor.diagnosis import cause, lost_db, sentences, worst_output
from converters.doctor.findings import Findings, Islands, Point
from converters.doctor.layers import examine_layers
from converters.doctor.pair import Pair, spread
from converters.doctor.search import Budget, best_of_each_size, growth, sensitivity
from converters.doctor.trial_room import TrialRoom
from converters.doctor.trials import time_in_turns
from converters.isolation.forking import forked_children
from converters.isolation.trial import CandidateFailedError
from converters.tflite import write_tflite
from edge_contracts.errors import LeptonError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from converters.doctor.findings import Tried
    from converters.doctor.trial_room import Mixture, Names
    from converters.execute import Feed
    from converters.graph import Graph

    Progress = Callable[[str, float], None]
    Entry = tuple[Mixture, Graph]

EXAMINED = 16
"""Samples that the layers' figures rest on."""

SEARCHED = 48
"""Samples that mixtures are tried on."""

TURNS = 31
"""Runs of each model that is timed."""


@dataclass(frozen=True, slots=True)
class Patient:
    """One model and what is needed to examine and treat it.

    pair: the float graph and the shipped graph.
    plain: the float graph and the integer graph before remedies that fit weights to earlier operators; the same pair
        where the shipped graph has none of them.
    feeds: real inputs of the float graph.
    remake: the shipped graph anew, with every remedy, for first outputs of operators that are to stay float; None where
        the plain graph with islands is all there is.
    classes: whether the first output holds one score per class.
    """

    pair: Pair
    plain: Pair
    feeds: Sequence[Feed]
    remake: Callable[[Names], Graph] | None = None
    classes: bool = False


@dataclass(frozen=True, slots=True)
class Treatment:
    """A mixed-precision model and what is known of it.

    graph: of the model; the shipped graph itself where no operator was given back. findings: with `islands`.
    """

    graph: Graph
    findings: Findings


def examine(patient: Patient, tried: Sequence[Tried] = (), progress: Progress = lambda _stage, _done: None) -> Findings:
    """Look at every layer of a shipped model, on `EXAMINED` of its feeds, evenly spread.

    Args:
        patient: the model.
        tried: what the quantizer tried.
        progress: told the stage `examine` and its fraction.
    """
    begin = time.monotonic()
    seen = spread(patient.feeds, EXAMINED)
    plain = None if patient.plain.shipped is patient.pair.shipped else patient.plain
    layers = examine_layers(patient.pair, seen, plain, lambda done: progress("examine", done))
    output = worst_output(patient.pair, layers)
    return Findings(
        samples=len(seen),
        output_db=output.noise_db,
        cause=cause(output),
        sentences=sentences(output, lost_db(patient.pair, layers), tried),
        layers=layers,
        tried=tuple(tried),
        seconds=time.monotonic() - begin,
    )


@forked_children()
def give_back(
    patient: Patient,
    findings: Findings,
    budget: Budget,
    accepts: Callable[[Graph], bool] | None = None,
    progress: Progress = lambda _stage, _done: None,
) -> Treatment:
    """Search for the few operators that pay for staying float, and give them back.

    The search goes over the plain graph, where an operator can be exchanged without any other noticing, on `SEARCHED`
    feeds. The best mixtures of 1, 2, 4, ... operators and of the budget's number are made anew with every remedy and
    measured again: only those may ship. The search ends with the first one that is good enough.

    Args:
        patient: the model.
        findings: of `examine`.
        budget: what may be given back.
        accepts: whether a model is good enough: the first such mixture is taken, or the best where none is. None to
            take the best.
        progress: told the stage `mix` and its fraction.

    Raises:
        CandidateFailedError: no model that was made here runs.
    """
    begin = time.monotonic()
    room = TrialRoom.over(patient.plain, patient.feeds, SEARCHED, classes=patient.classes)
    gains = sensitivity(room, findings.layers, budget)
    pure = room.measure((), patient.pair.shipped)
    entries = [] if pure is None else [(pure, patient.pair.shipped)]
    failures: list[str] = []
    made: set[Names] = set()

    def is_accepted(mixture: Mixture) -> bool:
        made.add(mixture.names)
        entries.append(_remade(patient, room, mixture, failures))
        return accepts is not None and accepts(entries[-1][1])

    accepted = False
    for count in growth(room, gains, budget):
        progress("mix", count / (budget.operators + 1))
        reached = [one for one in best_of_each_size(room, budget) if len(one.names) == count]
        if accepts is not None and _is_rung(count) and reached and is_accepted(reached[0]):
            accepted = True
            break
    rest = [] if accepted else _ladder(best_of_each_size(room, budget), budget)
    accepted = accepted or any(is_accepted(mixture) for mixture in rest if mixture.names not in made)
    progress("mix", 1.0)
    place = len(entries) - 1 if accepted else _best(entries)
    reason = _reason(entries[place][0], pure, budget, asked=accepts is not None, accepted=accepted)
    points = _undominated(_timed(entries, place, patient.pair.original, room.feeds[0], failures))
    islands = Islands(tuple(points), len(room.tried), reason, time.monotonic() - begin, tuple(failures))
    layers = tuple(replace(layer, sensitivity_db=gains.get(layer.name)) for layer in findings.layers)
    said = sentences(worst_output(patient.pair, layers), lost_db(patient.pair, layers), findings.tried, islands)
    return Treatment(entries[place][1], replace(findings, layers=layers, islands=islands, sentences=said))


def _is_rung(count: int) -> bool:
    """Whether it is 1, 2, 4, ..."""
    return not count & (count - 1)


def _ladder(found: Sequence[Mixture], budget: Budget) -> list[Mixture]:
    """The best mixtures of 1, 2, 4, ... operators and of the most that the budget allows, the quickest first."""
    by_count = {len(mixture.names): mixture for mixture in found if mixture.names}
    counts, most = set(), min(budget.operators, max(by_count, default=0))
    while most:
        counts.add(max((count for count in by_count if count <= most), default=0))
        most //= 2
    return sorted((by_count[count] for count in counts if count), key=lambda one: one.estimated_ratio)


def _remade(patient: Patient, room: TrialRoom, mixture: Mixture, failures: list[str]) -> Entry:
    """A mixture with every remedy, or as it was found where that is better or the other cannot be made."""
    if patient.remake is not None:
        try:
            graph = patient.remake(mixture.names)
            again = room.measure(mixture.names, graph)
            if again is not None and again.output_db > mixture.output_db:
                return again, graph
        except LeptonError as error:
            failures.append(f"{', '.join(mixture.names)} in float, with every remedy: {error}")
    return mixture, room.graph(mixture.names)


def _best(entries: Sequence[Entry]) -> int:
    if not entries:
        raise CandidateFailedError("wanted a model that runs, with or without float operators, found none")
    return max(range(len(entries)), key=lambda place: entries[place][0].output_db)


def _reason(mixture: Mixture, pure: Mixture | None, budget: Budget, *, asked: bool, accepted: bool) -> str:
    told = _described(mixture, pure)
    if accepted:
        return f"{told}: the fewest that the gate lets pass"
    if asked:
        return f"{told}: the best within the budget, and the gate lets none pass"
    if not mixture.names:
        return f"no mixture of at most {budget.operators} float operators is better than int8 alone"
    return f"{told}: the best with at most {budget.operators} float operators"


def _described(mixture: Mixture, pure: Mixture | None) -> str:
    if not mixture.names:
        return f"int8 alone, {mixture.output_db:.1f} dB"
    before = "" if pure is None else f" (int8 alone {pure.output_db:.1f} dB)"
    agreement = "" if mixture.agreement is None else f", {100 * mixture.agreement:.0f} % of classes as in float"
    return f"float: {', '.join(mixture.names)}; {mixture.output_db:.1f} dB{before}{agreement}"


def _timed(entries: Sequence[Entry], chosen: int, original: Graph, feed: Feed, failures: list[str]) -> list[Point]:
    """What was found of each model, with times if they can be taken: they decide nothing."""
    feeds = [Pair(original, graph).feed(feed) for _, graph in entries]
    times: Sequence[float | None]
    try:
        times = time_in_turns([write_tflite(graph) for _, graph in entries], feeds, TURNS)
    except CandidateFailedError as error:
        failures.append(f"not timed: {error}")
        times = [None] * len(entries)
    return [
        Point(
            operators=mixture.names,
            output_db=mixture.output_db,
            agreement=mixture.agreement,
            bytes=mixture.bytes,
            ms=ms,
            time_ratio=None if ms is None or times[0] is None else ms / times[0],
            estimated_ratio=mixture.estimated_ratio,
            chosen=place == chosen,
        )
        for place, ((mixture, _), ms) in enumerate(zip(entries, times, strict=True))
    ]


def _undominated(points: Sequence[Point]) -> list[Point]:
    """The pure model, the chosen one, and those that no other beats in signal, estimated time and bytes at once."""
    return [one for one in points if one.chosen or not one.operators or not any(_beats(two, one) for two in points)]


def _beats(one: Point, other: Point) -> bool:
    mine = (-one.output_db, one.estimated_ratio, one.bytes)
    theirs = (-other.output_db, other.estimated_ratio, other.bytes)
    return mine != theirs and all(a <= b for a, b in zip(mine, theirs, strict=True))
