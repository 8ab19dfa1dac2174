"""What the doctor says of a quantised model, and which of its operators stay float: the wish `--mixed-precision`."""

from __future__ import annotations

import glob
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from converters.doctor import Budget, Findings, Pair, Patient, Treatment, Tried, examine, give_back
from converters.isolation.trial import CandidateFailedError
from converters.quantize.feeds import as_feeds, part
from edge_contracts.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from converters.execute import Feed
    from converters.graph import Graph
    from converters.quantize import QuantizedModel, Recipe
    from converters.quantize.feeds import Sample
    from device_profiles.board import Profile

    Progress = Callable[[str, float], None]

MixedPrecision = Literal["auto", "off"] | int
"""How many operators may stay float: at most so many, or none, or as few as the gate asks for."""

AUTO_OPERATORS = 8
"""What `auto` gives back at most: a model that needs more float than that is better left float, or trained anew."""

AUTO_TIME_RATIO = 1.5
"""What `auto` may cost: a bundle that the gate lets pass in half as much time again, rather than none."""

MOST_EXAMINED_BYTES = 128 << 20
"""Float weights of a network that is examined: its graphs lie in memory four times. VGG-19 has 574 MB."""

TIME_RATIO = 1.2
"""What a number of operators may cost."""


@dataclass(frozen=True, slots=True)
class Mixing:
    """A wish for mixed precision.

    wish: see `MixedPrecision`. accepts: whether the gate would let an integer or mixed graph pass; only `auto` asks.
    """

    wish: MixedPrecision
    accepts: Callable[[Graph], bool] = lambda _graph: True


def require_float_kernels(wish: MixedPrecision, profile: Profile) -> None:
    """Refuse a number of float operators for a board that computes none.

    Raises:
        BadInputError: the profile's activations do not list float32.
    """
    if isinstance(wish, int) and wish > 0 and not computes_float(profile):
        raise BadInputError(
            f"wanted a board that computes float operators for mixed precision, found that {profile.name} has only "
            f"{', '.join(profile.quantisation.activations)}; leave mixed precision out"
        )


def computes_float(profile: Profile) -> bool:
    """Whether the board's runtimes have float kernels beside the integer ones."""
    return "float32" in profile.quantisation.activations


def treat(
    made: QuantizedModel, samples: Sequence[Sample], mixing: Mixing, *, classes: bool, progress: Progress
) -> Treatment:
    """Examine a quantised model, and give operators back to float where that is wished.

    Args:
        made: what the quantizer made.
        samples: those that it was given; the doctor looks at those that no remedy was fitted to.
        mixing: the wish.
        classes: whether the first output holds one score per class.
        progress: told the stages `examine` and `mix` and their fractions.

    Raises:
        BadInputError: a number of float operators was asked for and the network is too large to be examined.
    """
    size = sum(tensor.data.nbytes for tensor in made.bench.prepared.tensors.values() if tensor.data is not None)
    if size > MOST_EXAMINED_BYTES:
        return _unexamined(made, mixing, size)
    patient = _patient(made, part(as_feeds(made.bench.prepared, samples))[1], classes=classes)
    findings = examine(patient, _tried(made), progress)
    is_wanted = mixing.wish not in {"off", 0} and not (mixing.wish == "auto" and mixing.accepts(made.graph))
    if not is_wanted or not made.int8_operators:
        return Treatment(made.graph, findings)
    try:
        if mixing.wish == "auto":
            budget, accepts = Budget(operators=AUTO_OPERATORS, time_ratio=AUTO_TIME_RATIO), mixing.accepts
            return give_back(patient, findings, budget, accepts, progress)
        return give_back(patient, findings, Budget(operators=int(mixing.wish), time_ratio=TIME_RATIO), None, progress)
    except CandidateFailedError as error:
        said = (*findings.sentences, f"no operator was given back to float: {error}")
        return Treatment(made.graph, replace(findings, sentences=said))


def _unexamined(made: QuantizedModel, mixing: Mixing, size: int) -> Treatment:
    why = f"{size >> 20} MB of weights, and at most {MOST_EXAMINED_BYTES >> 20} are examined"
    if isinstance(mixing.wish, int):
        raise BadInputError(f"wanted a network that can be examined for mixed precision, found {why}; leave it out")
    said = (f"layers not examined, none given back to float: {why}",)
    output_db = made.best.xnnpack_db
    return Treatment(made.graph, Findings(0, output_db, "none", said, layers=(), tried=tuple(_tried(made))))


def _patient(made: QuantizedModel, feeds: Sequence[Feed], *, classes: bool) -> Patient:
    settled, bench = made.settled, made.bench
    original = bench.float_graph(settled)
    shipped = Pair(original, made.graph)
    unfitted = replace(settled, rounding="nearest", measured_bias=False)
    if unfitted == settled:
        return Patient(shipped, shipped, feeds, classes=classes)
    plain = Pair(original, bench.integer_graph(unfitted))
    return Patient(shipped, plain, feeds, lambda names: bench.integer_graph(_keeping(settled, names)), classes)


def _keeping(settled: Recipe, names: tuple[str, ...]) -> Recipe:
    """The same recipe with exactly these operators in float besides what stays float already."""
    return replace(settled, keep_float=(*(settled.keep_float or ()), *map(glob.escape, names)))


def _tried(made: QuantizedModel) -> list[Tried]:
    """The trials that ran; the quantizer's own record also has those that were of no use."""
    return [
        Tried(trial.name, trial.xnnpack_db, trial.reference_db, trial.kept, trial.agreement)
        for trial in made.tried
        if trial.xnnpack_db is not None
    ]
