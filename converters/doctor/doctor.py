"""Examine a shipped model; and where that is wanted, give a few of its operators back to float."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from converters.doctor.diagnosis import cause, lost_db, sentences, worst_output
from converters.doctor.findings import Findings, Islands, Point
from converters.doctor.layers import examine_layers
from converters.doctor.pair import spread
from converters.doctor.search import Budget, search, sensitivity
from converters.doctor.trial_room import TrialRoom
from converters.doctor.trials import time_in_turns

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from converters.doctor.findings import Tried
    from converters.doctor.pair import Pair
    from converters.doctor.trial_room import Mixture
    from converters.execute import Feed
    from converters.graph import Graph

    Progress = Callable[[str, float], None]

EXAMINED = 16
"""Samples that the layers' figures rest on."""

SEARCHED = 48
"""Samples that mixtures are tried on."""

TURNS = 31
"""Runs of each model that is timed."""


@dataclass(frozen=True, slots=True)
class Treatment:
    """A mixed-precision model and what is known of it.

    graph: of the model; the integer graph itself where no operator was given back. findings: with `islands`.
    """

    graph: Graph
    findings: Findings


def examine(
    pair: Pair,
    feeds: Sequence[Feed],
    tried: Sequence[Tried] = (),
    progress: Progress = lambda _stage, _done: None,
) -> Findings:
    """Look at every layer of a shipped model.

    Args:
        pair: the float graph and the graph made from it.
        feeds: real inputs of the float graph, of which `EXAMINED` are run, evenly spread.
        tried: what the quantizer tried.
        progress: told the stage `examine` and its fraction.
    """
    begin = time.monotonic()
    seen = spread(feeds, EXAMINED)
    layers = examine_layers(pair, seen, lambda done: progress("examine", done))
    output = worst_output(pair, layers)
    return Findings(
        samples=len(seen),
        output_db=output.noise_db,
        cause=cause(output),
        sentences=sentences(output, lost_db(pair, layers), tried),
        layers=layers,
        tried=tuple(tried),
        seconds=time.monotonic() - begin,
    )


def give_back(
    pair: Pair,
    feeds: Sequence[Feed],
    findings: Findings,
    budget: Budget,
    *,
    classes: bool,
    accepts: Callable[[Graph], bool] | None = None,
    progress: Progress = lambda _stage, _done: None,
) -> Treatment:
    """Search for the few operators that pay for staying float, and give them back.

    Args:
        pair: the float graph and the integer graph.
        feeds: real inputs of the float graph, of which `SEARCHED` are run, evenly spread.
        findings: of `examine`.
        budget: what may be given back.
        classes: whether the first output holds one score per class.
        accepts: whether a model is good enough: the cheapest such mixture is taken, or the best one where none is. None
            to take the best one.
        progress: told the stage `mix` and its fraction.
    """
    begin = time.monotonic()
    room = TrialRoom.over(pair, feeds, SEARCHED, classes=classes)
    gains = sensitivity(room, findings.layers, budget)
    best = search(room, gains, budget, lambda done: progress("mix", done))
    chosen, reason = _chosen(room, best, budget, accepts)
    times = time_in_turns([room.content(one.names) for one in best], pair.feed(room.feeds[0]), TURNS)
    points = [_point(mixture, ms, times[0], chosen=mixture is chosen) for mixture, ms in zip(best, times, strict=True)]
    took = time.monotonic() - begin
    islands = Islands(tuple(_undominated(points)), len(room.tried), reason, took)
    layers = tuple(replace(layer, sensitivity_db=gains.get(layer.name)) for layer in findings.layers)
    said = sentences(worst_output(pair, layers), lost_db(pair, layers), findings.tried, islands)
    return Treatment(room.graph(chosen.names), replace(findings, layers=layers, islands=islands, sentences=said))


def _chosen(
    room: TrialRoom, best: Sequence[Mixture], budget: Budget, accepts: Callable[[Graph], bool] | None
) -> tuple[Mixture, str]:
    top = max(best, key=lambda one: one.output_db)
    if accepts is not None:
        by_time = sorted((one for one in best if one.names), key=lambda one: one.estimated_ratio)
        enough = next((one for one in by_time if accepts(room.graph(one.names))), None)
        if enough is not None:
            return enough, f"{_described(enough)}: the quickest that the gate lets pass"
        return top, f"{_described(top)}: the best within the budget, and the gate lets none pass"
    if not top.names:
        return top, f"no mixture of at most {budget.operators} float operators is better than int8 alone"
    return top, f"{_described(top)}: the best with at most {budget.operators} float operators"


def _described(mixture: Mixture) -> str:
    if not mixture.names:
        return f"int8 alone, {mixture.output_db:.1f} dB"
    agreement = "" if mixture.agreement is None else f", {100 * mixture.agreement:.0f} % of classes as in float"
    return f"float: {', '.join(mixture.names)}; {mixture.output_db:.1f} dB{agreement}"


def _point(mixture: Mixture, ms: float, pure_ms: float, *, chosen: bool) -> Point:
    return Point(
        operators=mixture.names,
        output_db=mixture.output_db,
        agreement=mixture.agreement,
        bytes=mixture.bytes,
        ms=ms,
        time_ratio=ms / pure_ms,
        estimated_ratio=mixture.estimated_ratio,
        chosen=chosen,
    )


def _undominated(points: Sequence[Point]) -> list[Point]:
    """The pure model, the chosen one, and those that no other beats in signal, estimated time and bytes at once."""
    return [one for one in points if one.chosen or not one.operators or not any(_beats(two, one) for two in points)]


def _beats(one: Point, other: Point) -> bool:
    mine = (-one.output_db, one.estimated_ratio, one.bytes)
    theirs = (-other.output_db, other.estimated_ratio, other.bytes)
    return mine != theirs and all(a <= b for a, b in zip(mine, theirs, strict=True))
